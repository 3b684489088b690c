// Attendees come in: one by a form, many by a file; links anew.
import { organizer } from "./api.js";
import { attendeeFile } from "./attendee_file.js";
import { el, field, shareable } from "./dom.js";
import { form, input, widePanel } from "./forms.js";
import { say } from "./words.js";

const CONSENTS = ["matching", "chats", "share_place"];
const words = (text) => text.split(/[\s,]+/u).filter(Boolean);

export const attendees = (id) =>
  widePanel("people_add_heading", el("div", { class: "stack" }, attendeeFile(id), el("div", { class: "side" }, one(id), el("div", { class: "stack" }, all(id), again(id)))));

function link(address, key, args) {
  return [el("p", {}, say(key, args)), shareable(address, say("copy"), say("copied"))];
}

function one(id) {
  const name = input({ required: true });
  const email = input({ type: "email" });
  const accounts = input();
  const boxes = new Map([...CONSENTS, "show_name"].map((key) => [key, input({ type: "checkbox" })]));
  const checks = el("fieldset", {}, el("legend", {}, say("person_consent")), [...boxes].map(([key, box]) => el("label", { class: "check" }, box, say(`person_${key}`))));
  const fields = [field(say("person_name"), name), field(say("person_email"), email), field(say("person_accounts"), accounts, say("person_accounts_hint")), checks];
  const element = form("person_button", fields, async () => {
    const consent = Object.fromEntries(CONSENTS.map((key) => [key, boxes.get(key).checked]));
    const mail = email.value.trim();
    const person = { name: name.value.trim(), ...(mail ? { email: mail } : {}), accounts: words(accounts.value), consent, show_name: boxes.get("show_name").checked };
    const made = await organizer.register(id, person);
    element.reset(); // the next one; and the same one is not sent twice
    const changes = made.changes.map((text) => el("p", { class: "hint" }, text));
    if (made.link === null) return [el("p", {}, say("person_signed_in", { attendee: made.attendee })), ...changes];
    const waits = made.note ? [el("p", {}, say("person_waits"))] : [];
    return [...link(made.link, "person_done", { attendee: made.attendee }), ...waits, ...changes];
  });
  return element;
}

// A spreadsheet takes a file for UTF-8 by its first sign, which reading it as text takes off.
function all(id) {
  return form("links_button", [el("p", { class: "hint" }, say("links_hint"))], async () => {
    const file = new Blob(["\ufeff", await organizer.links(id)], { type: "text/csv" });
    return [el("p", {}, say("links_done")), el("a", { class: "button quiet", href: URL.createObjectURL(file), download: "links.csv" }, say("links_save"))];
  });
}

function again(id) {
  const person = input({ required: true });
  return form("link_button", [field(say("link_attendee"), person, say("link_hint"))], async () => link((await organizer.link(id, person.value.trim())).link, "link_done"));
}
