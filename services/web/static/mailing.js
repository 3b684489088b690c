// Everybody who has never signed in is mailed their link: asked first, then followed until no mail waits.
import { organizer } from "./api.js";
import { confirmed } from "./dialog.js";
import { el, note, tell, tried } from "./dom.js";
import { say } from "./words.js";

const AGAIN_MS = 2000;
const COUNTS = ["waiting", "accepted", "refused", "late", "unclear"];

// Hidden where the server sends no mail. `look` of it counts anew, after somebody was registered.
export function mailing(id) {
  const place = el("div", { class: "mailing", hidden: true });
  const trouble = note();
  const state = el("div", { role: "status" });
  const start = el("button", { type: "button", class: "quiet" });
  place.append(el("h3", {}, say("mailing_heading")), el("p", { class: "hint" }, say("mailing_hint")), state, start, trouble);

  let unmailed = 0;
  let timer = 0;
  function draw(now) {
    place.hidden = !now.by_mail;
    unmailed = now.unmailed;
    start.hidden = unmailed === 0;
    start.textContent = say("mailing_button", { count: unmailed });
    const lines = drawn(now);
    if (lines.map((line) => line.textContent).join() !== [...state.children].map((line) => line.textContent).join()) state.replaceChildren(...lines); // else it would be read out again
    clearTimeout(timer);
    if (now.waiting > 0) timer = setTimeout(follow, AGAIN_MS);
  }
  async function follow() {
    if (!place.isConnected) return;
    await tried(trouble, async () => draw(await organizer.mailing(id)));
  }
  start.addEventListener("click", async () => {
    const count = unmailed;
    if (start.getAttribute("aria-disabled") === "true") return;
    if (!(await confirmed({ heading: say("mailing_sure", { count }), text: say("mailing_sure_text"), yes: say("mailing_yes") }))) return;
    start.setAttribute("aria-disabled", "true");
    await tried(trouble, async () => draw(await organizer.startMailing(id))).finally(() => start.removeAttribute("aria-disabled"));
  });
  const look = () => organizer.mailing(id).then(draw, (problem) => tell(trouble, problem.message, true));
  look();
  return Object.assign(place, { look });
}

function drawn(now) {
  const sum = COUNTS.reduce((all, name) => all + now[name], 0);
  const bar = now.waiting > 0 ? [el("progress", { max: sum, value: sum - now.waiting, "aria-label": say("mailing_progress") })] : [];
  const lines = COUNTS.filter((name) => now[name] > 0).map((name) => el("p", {}, say(`mailing_${name}`, { count: now[name] })));
  const ids = now.refused_attendees.length ? [el("p", { class: "hint" }, say("mailing_refused_ids", { ids: now.refused_attendees.join(", ") }))] : [];
  const wait = now.trouble ? [el("p", { class: "banner" }, now.trouble)] : [];
  const done = sum > 0 && now.waiting === 0 && now.unmailed === 0 ? [el("p", {}, say("mailing_done"))] : [];
  return [...wait, ...bar, ...lines, ...ids, ...done];
}
