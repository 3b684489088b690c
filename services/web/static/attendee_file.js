// A file of attendees: first what each line would do, then, on the organizer's word, done. Nothing is taken before.
import { organizer } from "./api.js";
import { el, field, note, tried } from "./dom.js";
import { form, input, table } from "./forms.js";
import { say } from "./words.js";

const SHOWN = 50; // lines of a table; the answer has more

// registered(): people are registered now
export function attendeeFile(id, registered) {
  const file = input({ type: "file", accept: ".csv,.tsv,.txt,text/csv,text/plain", required: true });
  const element = form("csv_check", [field(say("csv_label"), file, say("csv_hint"))], async () => {
    const bytes = await file.files[0].arrayBuffer(); // what was looked at is what is sent
    const take = async () => {
      const done = await organizer.upload(id, bytes, false);
      registered();
      return done;
    };
    return preview(await organizer.upload(id, bytes, true), take);
  });
  file.addEventListener("change", () => element.clear());
  return element;
}

function preview(would, take) {
  const place = el("div", { class: "stack" });
  const trouble = note();
  const yes = el("button", { type: "button", class: "main" }, say("csv_take", { count: would.registered + would.waiting.length }));
  yes.addEventListener("click", async () => {
    if (yes.getAttribute("aria-disabled") === "true") return;
    yes.setAttribute("aria-disabled", "true");
    await tried(trouble, async () => place.replaceChildren(...report(await take()))).finally(() => yes.removeAttribute("aria-disabled"));
  });
  place.append(...report(would), ...(would.registered + would.waiting.length > 0 ? [yes, trouble] : []));
  return place;
}

// What a file does, or would do: the same tables, so that both can be compared.
function report(said) {
  const { dry_run, registered, mistakes, waiting, notes, lines, not_understood } = said;
  const about = { count: registered, fresh: said.new, changed: said.changed };
  const unknown = not_understood.length > 0 && el("p", {}, say("csv_not_understood", { titles: not_understood.join(", ") }));
  return [
    el("p", {}, el("strong", {}, say(dry_run ? "csv_would" : "csv_done", about))),
    unknown,
    waiting.length > 0 && el("p", {}, say("csv_waiting", { count: waiting.length, lines: waiting.map((one) => one.line).join(", ") })),
    lines.length > 0 && section("csv_lines", lines, ["csv_line", "csv_what", "csv_name", "csv_email", "csv_accounts"], (one) => [one.line, what(one), one.name || "–", one.email || "–", one.accounts.join(" ") || "–"]),
    mistakes.length > 0 && section("csv_mistakes", mistakes, ["csv_line", "csv_column", "csv_text"], told),
    notes.length > 0 && section("csv_notes", notes, ["csv_line", "csv_column", "csv_note"], told),
  ].filter(Boolean);
}

const told = (one) => [one.line, one.column ?? "–", one.text];

function what(line) {
  const now = say(line.what === "waiting" ? "csv_waiting_line" : `csv_${line.what}`);
  return line.changes.length > 0 ? [now, el("ul", {}, line.changes.map((text) => el("li", {}, text)))] : now;
}

function section(heading, all, keys, cells) {
  const rows = all.slice(0, SHOWN).map((one) => el("tr", {}, cells(one).map((cell) => el("td", { dir: "auto" }, typeof cell === "number" ? String(cell) : cell))));
  const more = all.length > SHOWN && el("p", { class: "hint" }, say("csv_more", { count: all.length - SHOWN }));
  return el("div", {}, el("p", {}, say(heading, { count: all.length })), table(keys, el("tbody", {}, rows)), more);
}
