// Opening or changing a conference. Times are those of the conference's place, so they are turned here by its zone.
import { organizer } from "./api.js";
import { el, field, note, tell } from "./dom.js";
import { widePanel } from "./forms.js";
import { say } from "./words.js";

const input = (attributes = {}) => el("input", { required: true, autocomplete: "off", spellcheck: "false", ...attributes });

// "2027-03-09T10:00" there, as an instant. Twice, for the first guess may lie on the other side of a clock change.
export function instant(local, zone) {
  const wanted = Date.parse(`${local}Z`);
  let guess = wanted;
  for (let i = 0; i < 2; i += 1) guess += wanted - wallClock(guess, zone);
  return new Date(guess).toISOString();
}

function wallClock(at, zone) {
  const options = { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };
  const part = Object.fromEntries(new Intl.DateTimeFormat("en-GB", options).formatToParts(at).map((one) => [one.type, one.value]));
  return Date.parse(`${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}Z`);
}

// An instant as the clock there shows it, for a field of date and time.
export const local = (at, zone) => new Date(wallClock(Date.parse(at), zone)).toISOString().slice(0, 16);

// Rows that can be added and taken away; each is read as an object of its filled fields.
function rows(heading, addWord, make, filled = []) {
  const list = el("div", { class: "row-list" });
  const add = el("button", { type: "button", class: "quiet", onclick: () => list.append(row()) }, say(addWord));
  const row = (values = {}) => {
    const fields = make();
    for (const [key, , one] of fields) one.value = values[key] ?? "";
    const remove = el("button", { type: "button", class: "quiet", onclick: () => element.remove() }, say("row_remove"));
    const element = el("div", { class: "entry" }, fields.map(([, text, one]) => field(say(text), one)), remove);
    element.read = () => Object.fromEntries(fields.map(([key, , one]) => [key, one.value.trim()]).filter(([, value]) => value !== ""));
    return element;
  };
  list.append(...(filled.length > 0 ? filled.map(row) : [row()]));
  return { element: el("fieldset", {}, el("legend", {}, say(heading)), list, add), read: () => [...list.children].map((one) => one.read()) };
}

const numbered = ({ weekday, minutes, ...rest }) => ({ ...rest, ...(weekday ? { weekday: Number(weekday) } : {}), ...(minutes ? { minutes: Number(minutes) } : {}) });

function weekday() {
  const monday = Date.UTC(2024, 0, 1);
  const name = new Intl.DateTimeFormat("en-GB", { weekday: "long", timeZone: "UTC" });
  return el("select", {}, el("option", { value: "" }, say("chat_any")), [0, 1, 2, 3, 4, 5, 6].map((n) => el("option", { value: n }, name.format(monday + n * 86400000))));
}

// saved(): the server has it now. opening: what the server has, or null for a new one. What the form does not show is sent again as it was.
export function conferenceForm(id, opening, saved) {
  const name = input({ value: opening?.name });
  const hashtags = input({ value: opening?.hashtags.map((tag) => `#${tag}`).join(" ") });
  const zone = input({ value: opening?.time_zone ?? "America/New_York" });
  const time = (key) => input({ type: "datetime-local", value: opening && local(opening[key], opening.time_zone) });
  const starts = time("starts_at");
  const ends = time("ends_at");
  // A field shows minutes: what was not changed stays as exact as it was.
  const moment = (key, field, time_zone) => (opening && time_zone === opening.time_zone && field.value === local(opening[key], time_zone) ? opening[key] : instant(field.value, time_zone));
  const places = rows("places", "place_add", () => [["place", "place_id", input({ pattern: "[A-Za-z0-9_.\\-]+" })], ["name", "place_name", input()]], opening?.places);
  const optional = (more) => input({ required: false, ...more });
  const chats = rows("chats", "chat_add", () => [
    ["hashtag", "chat_hashtag", input()], ["weekday", "chat_weekday", weekday()], ["start", "chat_start", optional({ type: "time" })],
    ["minutes", "chat_minutes", optional({ type: "number", min: 1, max: 1440 })], ["time_zone", "chat_zone", optional()],
  ], opening?.chats);
  const trouble = note();
  const about = [field(say("open_name"), name), field(say("open_hashtags"), hashtags, say("open_hashtags_hint")), field(say("open_zone"), zone)];
  const times = [field(say("open_starts"), starts), field(say("open_ends"), ends)];
  const form = el("form", {}, el("div", { class: "side" }, about), el("div", { class: "side" }, times), places.element, chats.element, el("button", { class: "quiet" }, say("open_button")), trouble);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    tell(trouble, "");
    try {
      const time_zone = zone.value.trim();
      const body = { name: name.value.trim(), hashtags: hashtags.value.split(/[\s,]+/u).filter(Boolean), starts_at: moment("starts_at", starts, time_zone), ends_at: moment("ends_at", ends, time_zone), time_zone, places: places.read(), chats: chats.read().map(numbered), matching: opening?.matching ?? {} };
      await organizer.open(id, body);
      tell(trouble, say("open_done"));
      await saved();
    } catch (problem) {
      if (problem.status === undefined && !(problem instanceof RangeError)) throw problem; // RangeError: no such zone
      tell(trouble, problem.message, true);
    }
  });
  return widePanel("conference_form", opening && el("p", { class: "hint" }, say("open_text")), form);
}
