// Forms and tables of the organizer's tasks: a mistake stands where it was made.
import { el, note, tried } from "./dom.js";
import { say } from "./words.js";

export const input = (attributes = {}) => el("input", { autocomplete: "off", spellcheck: "false", ...attributes });

export const panel = (heading, ...children) =>
  el("section", { class: "panel", "aria-labelledby": heading }, el("h2", { id: heading }, say(heading)), children);

export function widePanel(heading, ...children) {
  const section = panel(heading, ...children);
  section.classList.add("wide");
  return section;
}

export function table(keys, rows) {
  const heads = el("thead", {}, el("tr", {}, keys.map((key) => el("th", { scope: "col" }, say(key)))));
  return el("div", { class: "scroll" }, el("table", {}, heads, rows));
}

// A form whose mistakes stand under it; `run` may return what to show, which `clear` of the form takes away. One at a
// time: a second tap waits for the first.
export function form(button, fields, run, kind = "quiet") {
  const trouble = note();
  const shown = el("div", { role: "status" });
  const send = el("button", { class: kind }, say(button));
  const element = el("form", {}, fields, send, trouble, shown);
  let busy = false;
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    send.setAttribute("aria-disabled", "true");
    await tried(trouble, async () => shown.replaceChildren(...[await run()].flat().filter(Boolean))).finally(() => {
      busy = false;
      send.removeAttribute("aria-disabled");
    });
  });
  return Object.assign(element, { clear: () => shown.replaceChildren() });
}
