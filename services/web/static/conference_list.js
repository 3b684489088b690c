// An organizer's conferences, and the way to a new one.
import { el, field } from "./dom.js";
import { form, input, panel } from "./forms.js";
import { dayIn, say } from "./words.js";

export function conferenceList(conferences) {
  const rows = conferences.map(conferenceRow);
  const id = input({ required: true, pattern: "[A-Za-z0-9_.\\-]{1,128}" });
  const fresh = form("new_button", [field(say("open_id"), id, say("open_id_hint"))], () => {
    location.hash = `#${encodeURIComponent(id.value.trim())}`;
  });
  const list = rows.length > 0 ? el("ul", { class: "rows" }, rows) : el("p", { class: "none" }, say("list_none"));
  return [panel("list_own", list), panel("new_heading", fresh)];
}

function conferenceRow({ id, name, state, starts_at, ends_at, time_zone }) {
  const days = say("days", { first: dayIn(starts_at, time_zone), last: dayIn(ends_at, time_zone) });
  const way = el("a", { class: "row-link", href: `#${encodeURIComponent(id)}` }, el("strong", {}, name), el("span", { class: "hint" }, days));
  return el("li", {}, way, el("span", { class: state === "open" ? "tag good" : "tag" }, say(`state_${state}`)));
}
