// What an organizer asks or ends: why or why not, closing, erasing.
import { organizer } from "./api.js";
import { confirmed } from "./dialog.js";
import { el, field } from "./dom.js";
import { form, input, widePanel } from "./forms.js";
import { say } from "./words.js";

export function why(id) {
  const a = input({ required: true });
  const b = input({ required: true });
  const fields = el("div", { class: "side" }, field(say("why_a"), a), field(say("why_b"), b));
  return widePanel("why_heading", el("p", { class: "hint" }, say("why_text")), form("why_button", fields, async () => {
    const { steps } = await organizer.why(id, a.value.trim(), b.value.trim());
    return el("ol", { class: "rows" }, steps.map(stepRow));
  }));
}

// ok: null where it is no condition, only told.
function stepRow({ ok, text }) {
  const tag = typeof ok === "boolean" && el("span", { class: ok ? "tag good" : "tag" }, say(ok ? "why_yes" : "why_no"));
  return el("li", {}, el("span", {}, text), tag);
}

// closed(): the conference is closed now
export function closing(id, name, closed) {
  return widePanel("open_heading", el("p", { class: "hint" }, say("close_text")), form("close_button", [], async () => {
    if (!(await confirmed({ heading: say("close_heading", { name }), text: say("close_text"), yes: say("close_yes") }))) return;
    await organizer.close(id);
    await closed();
  }, "danger-quiet"));
}

// erased(): nothing of it is left to be shown
export function erasing(id, name, erased) {
  return widePanel("wipe_heading", el("p", { class: "hint" }, say("wipe_text")), form("wipe_button", [], async () => {
    if (!(await confirmed({ heading: say("wipe_sure", { name }), text: say("wipe_text"), yes: say("wipe_yes") }))) return;
    await organizer.erase(id);
    await erased();
  }, "danger-quiet"));
}
