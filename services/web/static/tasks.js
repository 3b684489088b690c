// What an organizer asks or ends: why or why not, closing.
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

// ok: null where it cannot be said.
function stepRow({ ok, text }) {
  const word = ok === null || ok === undefined ? "why_unknown" : ok ? "why_yes" : "why_no";
  return el("li", {}, el("span", {}, text), el("span", { class: ok ? "tag good" : "tag" }, say(word)));
}

// closed(): the conference is closed now
export function closing(id, name, closed) {
  return widePanel("open_heading", el("p", { class: "hint" }, say("close_text")), form("close_button", [], async () => {
    if (!(await confirmed({ heading: say("close_heading", { name }), text: say("close_text"), yes: say("close_yes") }))) return;
    await organizer.close(id);
    await closed();
  }, "danger-quiet"));
}
