// One card as an element: who, why, near or not, and what can be done now. It shows the attendee's own answer, and of
// the other one nothing before both said yes.
import { el } from "./dom.js";
import { portrait } from "./monogram.js";
import { clock, say, whyInWords } from "./words.js";

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
const SAID = { accepted: "waiting", later: "waiting_later", declined: "waiting_declined", not_met: "not_met_done", met: "met_done" };

export const nameOf = (card) => card.name || say("no_name");

// context: state, places (Map), told (place or undefined), trouble (text or undefined), busy, act(what, place)
export function cardView(card, context) {
  const { state } = context;
  if (state === "over") return overView(card, context);
  const heading = `card-${card.card}`;
  const both = state === "agreed" || state === "not_met" || state === "met";
  return el(
    "article",
    { class: `card ${both ? "both" : ""} is-${state}`, "aria-labelledby": heading, "data-card": card.card, "data-position": card.position },
    head(card, heading),
    both && el("p", { class: "agreed-line" }, say("agreed")),
    state === "agreed" || state === "not_met" ? where(card, context) : null, // now it is the place that matters
    reasons(card),
    SAID[state] ? el("p", { class: "said" }, say(SAID[state], { name: nameOf(card) })) : null,
    el("p", { class: "note bad", role: "alert", hidden: !context.trouble }, context.trouble ?? ""),
    answers(card, context),
    state === "met" ? null : foot(card, context),
  );
}

function head(card, heading) {
  const name = nameOf(card);
  return el(
    "header",
    {},
    portrait(card.name, card.picture),
    el(
      "div",
      { class: "who" },
      el("h3", { id: heading, tabindex: "-1", dir: "auto" }, name),
      el("p", { class: card.near ? "near yes" : "near" }, say(card.near ? "near" : "not_near")),
    ),
  );
}

// Blocking is away from what is tapped in a hurry.
function foot(card, context) {
  return el("footer", {}, el("span", {}, say("since", { time: clock(card.at) })), button("block", "block", card, context, "block"));
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
  choice.addEventListener("change", () => (tell.disabled = !choice.value || context.busy));
  tell.addEventListener("click", () => context.act("here", choice.value));
  return el("div", { class: "where" }, el("p", { class: "theirs" }, theirs), el("p", { class: "mine" }, mine), context.places.size > 0 && el("div", { class: "tell" }, choice, tell));
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
    // The name in the label: with several cards "Later" alone would not say to whom. It begins with what is written.
    { type: "button", class: kind || "quiet", "data-act": what, "aria-label": say("for_name", { action: say(text), name }), disabled: context.busy, onclick: () => context.act(what) },
    say(text),
  );
}

function overView(card, context) {
  return el(
    "article",
    { class: "card is-over", "data-card": card.card, "data-position": card.position },
    el("p", {}, say("over", { name: nameOf(card) })),
    button("dismiss", "over_ok", card, context, "quiet"),
  );
}
