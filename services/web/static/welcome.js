// Without a session: how to get one.
import { BASE } from "./base.js";
import { el, field, find, note, tell } from "./dom.js";
import { byMail, lostLink } from "./lost_link.js";
import { say } from "./words.js";

// text: why there is none any more, said first
export function welcome(text = "") {
  const place = find("#welcome");
  place.hidden = false;
  const before = find("#welcome-why");
  before.textContent = text;
  before.hidden = !text;
  const link = el("input", { name: "link", required: true, autocomplete: "off", autocapitalize: "none", spellcheck: "false", inputmode: "url" });
  const trouble = note();
  const form = find("#welcome-form");
  form.replaceChildren(field(say("welcome_label"), link, say("welcome_hint")), el("button", { class: "main" }, say("welcome_button")), trouble);
  form.onsubmit = (event) => {
    event.preventDefault();
    const part = secretOf(link.value);
    if (part) location.assign(`${BASE}/welcome#${part}`); // the same page as by the mail, with its one button
    else tell(trouble, say("link_bad"), true);
  };
  if (text) find("#welcome-heading").focus();
  offerMail();
}

async function offerMail() {
  const mail = find("#welcome-mail");
  const offered = await byMail();
  mail.replaceChildren(...(offered ? lostLink() : []));
  mail.hidden = !offered;
  find("#welcome-again").textContent = say(offered ? "welcome_again_mail" : "welcome_again");
}

// Of the whole link, or of its last part alone; null for what has none.
export function secretOf(text) {
  const part = text.trim().split("#").at(-1);
  return /^hw\.link\.[0-9a-f]{16}\.[A-Za-z0-9_-]{20,64}$/u.test(part) ? part : null;
}
