// Dead letters: listed without what they say of people, shown one by one, mended, tried, sent again once.
import { organizer } from "./api.js";
import { el, note, tell, tried } from "./dom.js";
import { form, table, widePanel } from "./forms.js";
import { moment, say } from "./words.js";

const PAGE = 50;
const COLUMNS = ["letter_number", "letter_at", "letter_reason", "letter_field", "letter_source", "letter_bytes"];

export function letters(id) {
  const rows = el("tbody");
  const more = el("button", { type: "button", class: "quiet", hidden: true }, say("letters_more"));
  const list = table(COLUMNS, rows);
  let after = null;
  const next = async () => {
    const page = await organizer.letters(id, after, PAGE);
    rows.append(...page.letters.map(letterRow));
    after = page.next ?? null;
    more.hidden = after === null;
  };
  const shown = form("letters_again", [], async () => {
    rows.replaceChildren();
    after = null;
    await next();
    return rows.children.length === 0 ? el("p", { class: "none" }, say("letters_none")) : [list, more];
  });
  const trouble = note();
  more.addEventListener("click", () => tried(trouble, next));
  return widePanel("letters_heading", el("p", { class: "hint" }, say("letters_note")), shown, trouble);
}

function letterRow(letter) {
  const words = (key) => say("letter_of", { action: say(key), number: letter.number });
  const show = el("button", { type: "button", class: "quiet", "aria-expanded": "false", "aria-label": words("letter_show") }, say("letter_show"));
  const cells = [letter.number, moment(letter.at) || "–", letter.reason, letter.field ?? "–", letter.source];
  const trouble = note();
  const row = el("tr", {}, cells.map((text) => el("td", {}, String(text))), el("td", {}, show, trouble));
  let busy = false;
  let below = null; // the text, in a row of its own: a column would be too narrow for it
  const toggle = async () => {
    const whole = below ? null : await organizer.showLetter(letter.number); // the server notes who looked
    if (below) below.remove();
    below = whole && el("tr", {}, el("td", { colspan: COLUMNS.length }, mending(whole)));
    show.setAttribute("aria-expanded", String(Boolean(below)));
    show.textContent = say(below ? "letter_hide" : "letter_show");
    show.setAttribute("aria-label", words(below ? "letter_hide" : "letter_show"));
    if (!below) return;
    row.after(below);
    below.querySelector("textarea, pre").focus();
  };
  show.addEventListener("click", () => {
    if (busy) return; // tapped twice
    busy = true;
    tried(trouble, toggle).finally(() => { busy = false; });
  });
  return row;
}

// The text of a letter, to be mended: tried first, then sent once.
function mending(letter) {
  const text = new TextDecoder().decode(Uint8Array.from(atob(letter.bytes), (sign) => sign.charCodeAt(0)));
  if (letter.sent_at) return el("div", {}, el("pre", { tabindex: "0" }, text), el("p", { class: "hint" }, say("letter_sent", { time: moment(letter.sent_at) })));
  const mended = el("textarea", { rows: 6, spellcheck: "false", autocomplete: "off", "aria-label": say("letter_text", { number: letter.number }) });
  mended.value = text;
  const said = note();
  const send = el("button", { type: "button", class: "quiet", disabled: true }, say("letter_send"));
  const run = (dryRun) => tried(said, async () => {
    const { result } = await organizer.resend(letter.number, inBase64(mended.value), dryRun);
    const bad = result.status === "rejected";
    tell(said, bad ? say("letter_bad", { reason: result.reason }) : say(`letter_${result.status}`), bad);
    send.disabled = bad || !dryRun;
  });
  mended.addEventListener("input", () => { send.disabled = true; });
  send.addEventListener("click", () => run(false));
  return el("div", {}, mended, el("div", { class: "row" }, el("button", { type: "button", class: "quiet", onclick: () => run(true) }, say("letter_try")), send), said);
}

const inBase64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
