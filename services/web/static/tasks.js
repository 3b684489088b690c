// What an organizer does or asks: dead letters, why or why not, attendees, links, closing.
import { organizer } from "./api.js";
import { confirmed } from "./dialog.js";
import { el, field, note, shareable, tell } from "./dom.js";
import { panel } from "./numbers.js";
import { moment, say } from "./words.js";

const PAGE = 50;
const input = (attributes = {}) => el("input", { autocomplete: "off", spellcheck: "false", ...attributes });
const words = (text) => text.split(/[\s,]+/u).filter(Boolean);

function table(keys, rows) {
  return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, keys.map((key) => el("th", { scope: "col" }, say(key))))), el("tbody", {}, rows)));
}

// A form whose mistakes stand under it; `run` may return what to show.
function form(button, fields, run) {
  const trouble = note();
  const shown = el("div", { role: "status" });
  const element = el("form", {}, fields, el("button", { class: "quiet" }, say(button)), trouble, shown);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    tell(trouble, "");
    try {
      shown.replaceChildren(...[await run()].flat().filter(Boolean));
    } catch (problem) {
      if (problem.status === undefined) throw problem; // ours, not the server's
      tell(trouble, problem.message, true);
    }
  });
  return element;
}

export function why(id) {
  const a = input({ required: true });
  const b = input({ required: true });
  return panel("why_heading", el("p", { class: "hint" }, say("why_text")), form("why_button", [field(say("why_a"), a), field(say("why_b"), b)], async () => {
    const { steps } = await organizer.why(id, a.value.trim(), b.value.trim());
    return el("ol", { class: "rows" }, steps.map((step) => el("li", {}, el("span", {}, step.text), el("span", { class: step.ok ? "tag good" : "tag" }, say(step.ok ? "why_yes" : "why_no")))));
  }));
}

export function letters(id) {
  const rows = el("tbody");
  const more = el("button", { type: "button", class: "quiet", hidden: true }, say("letters_more"));
  const keys = ["letter_number", "letter_at", "letter_reason", "letter_field", "letter_source", "letter_bytes"];
  const heads = el("thead", {}, el("tr", {}, keys.map((key) => el("th", { scope: "col" }, say(key)))));
  const list = el("div", { class: "scroll" }, el("table", {}, heads, rows));
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
  const section = panel("letters_heading", shown, trouble);
  section.classList.add("wide");
  return section;
}

// Runs it; what the server says against it stands in the note.
async function tried(trouble, run) {
  tell(trouble, "");
  try {
    await run();
  } catch (problem) {
    if (problem.status === undefined) throw problem; // ours, not the server's
    tell(trouble, problem.message, true);
  }
}

function letterRow(letter) {
  const show = el("button", { type: "button", class: "quiet", "aria-label": say("letter_of", { action: say("letter_show"), number: letter.number }) }, say("letter_show"));
  const cell = el("td", {}, show);
  show.addEventListener("click", () => {
    const bytes = Uint8Array.from(atob(letter.bytes), (sign) => sign.charCodeAt(0));
    cell.replaceChildren(mending(letter, new TextDecoder().decode(bytes)));
    cell.querySelector("textarea, pre").focus();
  });
  return el("tr", {}, [letter.number, moment(letter.at), letter.reason, letter.field ?? "–", letter.source].map((text) => el("td", {}, String(text))), cell);
}

// The text of a letter, to be mended: tried first, then sent once.
function mending(letter, text) {
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
  return el("div", {}, mended, el("div", { class: "buttons" }, el("button", { type: "button", class: "quiet", onclick: () => run(true) }, say("letter_try")), send), said);
}

const inBase64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

export function attendees(id) {
  const link = (text, key, args) => [el("p", {}, say(key, args)), shareable(new URL(text.startsWith("http") || text.startsWith("/") ? text : `/m/${text}`, location.href).href, say("copy"), say("copied"))];
  const name = input({ required: true });
  const email = input({ type: "email" });
  const accounts = input();
  const consents = ["matching", "chats", "share_place"].map((key) => [key, input({ type: "checkbox" })]);
  const checks = el("fieldset", {}, el("legend", {}, say("person_consent")), consents.map(([key, box]) => el("label", { class: "check" }, box, say(`person_${key}`))));
  const one = form("person_button", [field(say("person_name"), name), field(say("person_email"), email), field(say("person_accounts"), accounts, say("person_accounts_hint")), checks], async () => {
    const consent = Object.fromEntries(consents.map(([key, box]) => [key, box.checked]));
    const mail = email.value.trim();
    const made = await organizer.register(id, { name: name.value.trim(), ...(mail ? { email: mail } : {}), accounts: words(accounts.value), consent });
    return link(made.link, "person_done", { attendee: made.attendee });
  });
  const file = input({ type: "file", accept: ".csv,text/csv", required: true });
  const many = form("csv_button", [field(say("csv_label"), file, say("csv_hint"))], async () => {
    const { registered, mistakes } = await organizer.upload(id, await file.files[0].arrayBuffer());
    const rows = mistakes.map((mistake) => el("tr", {}, [mistake.line, mistake.column ?? "–", mistake.text].map((text) => el("td", {}, String(text)))));
    return [el("p", {}, say("csv_done", { count: registered })), mistakes.length > 0 && el("p", {}, say("csv_mistakes", { count: mistakes.length })), mistakes.length > 0 && table(["csv_line", "csv_column", "csv_text"], rows)];
  });
  const person = input({ required: true });
  const again = form("link_button", [field(say("link_attendee"), person)], async () => link((await organizer.link(id, person.value.trim())).link, "link_done"));
  return panel("people_add_heading", one, many, again);
}

export function closing(id) {
  return panel("open_heading", form("close_button", [], async () => {
    if (!(await confirmed({ heading: say("close_heading", { name: id }), text: say("close_text"), yes: say("close_yes") }))) return null;
    await organizer.close(id);
    return el("p", {}, say("close_done"));
  }));
}
