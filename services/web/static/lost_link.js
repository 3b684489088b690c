// Without a link and without a session: a link by mail. It is offered only where the server sends mail, and what is said
// afterwards is the same for every address.
import { attendee } from "./api.js";
import { el, field, note, tell, tried } from "./dom.js";
import { say } from "./words.js";

// Whether it can be asked for; no, where the server cannot say.
export const byMail = () => attendee.linkByMail().then(({ by_mail }) => by_mail, () => false);

export function lostLink() {
  const email = el("input", { type: "email", name: "email", required: true, autocomplete: "email", autocapitalize: "none", spellcheck: "false" });
  const said = note();
  const send = el("button", { class: "quiet" }, say("lost_button"));
  const form = el("form", {}, field(say("lost_label"), email, say("lost_hint")), send, said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (send.getAttribute("aria-disabled") === "true") return;
    send.setAttribute("aria-disabled", "true");
    await tried(said, async () => {
      await attendee.askForLink(email.value.trim());
      tell(said, say("lost_done", { email: email.value.trim() }));
    }).finally(() => send.removeAttribute("aria-disabled"));
  });
  return [el("h3", { id: "lost-heading" }, say("lost_heading")), form];
}
