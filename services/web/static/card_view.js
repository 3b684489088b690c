// One card as an element: who, why, and what can be done now. It shows the attendee's own answer, and of the other one
// nothing before both said yes, not even whether they are near.
import { el } from "./dom.js";
import { portrait } from "./monogram.js";
import { say, since, whyInWords } from "./words.js";

// state -> the answers offered; the first is the main one
const OFFERED = {
  open: ["accepted", "later", "declined"],
  accepted: ["later", "declined"],
  later: ["accepted", "declined"],
  declined: [],
  agreed: ["met", "not_met"],
  not_met: ["met"],
  met: [],
};
const NAMED = 3; // names that a group shows
const SAID = { accepted: "waiting", later: "waiting_later", declined: "waiting_declined", not_met: "not_met_done", met: "met_done" };

export const nameOf = (card) => card.name || say("no_name");

// context: state, answer (own or null), places (Map), told (place or undefined), trouble (text or undefined), busy,
// closed (the conference: nothing can be said any more), act(what, place)
export function cardView(card, context) {
  const { state } = context;
  if (state === "over") return overView(card, context);
  const { closed } = context;
  const heading = `card-${card.card}`;
  const both = state === "agreed" || state === "not_met" || state === "met";
  return el(
    "article",
    { class: `card ${both ? "both" : ""} is-${state}`, "aria-labelledby": heading, "data-card": card.card, "data-position": card.position },
    head(card, heading, !both && !closed),
    both && el("p", { class: "agreed-line" }, say("agreed")),
    state === "agreed" || state === "not_met" ? where(card, context) : null, // now it is the place that matters
    reasons(card),
    SAID[state] && !closed ? el("p", { class: "said" }, say(SAID[state], { name: nameOf(card) })) : null,
    el("p", { class: "note bad", role: "alert", hidden: !context.trouble }, context.trouble ?? ""),
    closed ? null : answers(card, context),
    state === "met" || closed ? null : foot(card, context),
  );
}

// That they are here is all that is said of where they are; once both said yes, the places say more.
function head(card, heading, isHere) {
  const name = nameOf(card);
  return el(
    "header",
    {},
    portrait(card.name, card.picture),
    el(
      "div",
      { class: "who" },
      el("h3", { id: heading, tabindex: "-1", dir: "auto" }, name),
      isHere && el("p", { class: "is-here" }, say("is_here")),
    ),
  );
}

// Blocking is away from what is tapped in a hurry.
function foot(card, context) {
  return el("footer", {}, el("span", {}, say("suggested_at", { time: since(card.at) })), button("block", "block", card, context, "block"));
}

function reasons(card) {
  return el("ul", { class: "why" }, (card.why ?? []).map((reason) => el("li", { class: `why-${reason.kind}` }, whyInWords(reason))));
}

function where(card, context) {
  const name = nameOf(card);
  const place = (id) => context.places.get(id) ?? id;
  const theirs = card.their_place ? say("their_place", { name, place: place(card.their_place) }) : say("their_place_unknown", { name });
  const mine = context.told
    ? say("told", { name, place: place(context.told) })
    : card.your_place ? say("your_place", { place: place(card.your_place) }) : say("your_place_unknown");
  const choice = el("select", { "aria-label": say("im_at"), "data-act": "place" }, el("option", { value: "" }, say("im_at")));
  for (const [id, text] of context.places) choice.append(el("option", { value: id }, text));
  const tell = el("button", { type: "button", class: "main", "data-act": "here", disabled: true, "aria-label": say("tell_name", { name }) }, say("tell"));
  choice.addEventListener("change", () => (tell.disabled = !choice.value));
  tell.addEventListener("click", () => context.act("here", choice.value));
  return el("div", { class: "where" }, el("p", { class: "theirs" }, theirs), el("p", { class: "mine" }, mine), context.places.size > 0 && !context.closed && el("div", { class: "tell" }, choice, tell));
}

function answers(card, context) {
  const offered = OFFERED[context.state];
  if (offered.length === 0) return null;
  const first = context.state === "accepted" ? "" : "main"; // nothing is urgent while waiting
  return el("div", { class: `answers n${offered.length}` }, offered.map((what, i) => button(what, what, card, context, i === 0 ? first : "quiet")));
}

function button(what, text, card, context, kind) {
  const name = nameOf(card);
  return el(
    "button",
    // Not "disabled" while an answer is under way: that would take the focus away. The name in the label: with several cards "Later" alone would not say to whom. It begins with what is written.
    { type: "button", class: kind || "quiet", "data-act": what, "aria-label": say("for_name", { action: say(text), name }), "aria-disabled": context.busy && "true", onclick: () => context.act(what) },
    say(text),
  );
}

function overView(card, context) {
  return el(
    "article",
    { class: "card is-over", "data-card": card.card, "data-position": card.position },
    el("p", {}, say(context.answer === "declined" ? "waiting_declined" : "over", { name: nameOf(card) })),
    button("dismiss", "over_ok", card, context, "quiet"),
  );
}

// Many that came at once, behind one row. They are in the page already, only not shown.
export function groupView(count, names, open) {
  const some = names.slice(0, NAMED);
  const listed = some.join(", ");
  const text = some.length === 0 || some.length === count ? listed : say("group_some", { names: listed });
  return el(
    "div",
    { class: "group" },
    el("div", {}, el("p", { class: "group-count" }, say("group", { count })), text && el("p", { class: "hint", dir: "auto" }, text)),
    el("button", { type: "button", class: "quiet", "data-act": "unfold", "aria-label": say("group_open_label", { count }), onclick: open }, say("group_open")),
    el("div", { class: "folded", hidden: true }),
  );
}
