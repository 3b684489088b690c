// The attendee's page put together: who am I, the cards, the stream, and which of the two pages is shown.
import { attendee } from "./api.js";
import { Board } from "./board.js";
import { Cards } from "./cards.js";
import { el, field, fillTexts, find, tell, note } from "./dom.js";
import { forget, keep, kept } from "./keeping.js";
import { Presence } from "./presence.js";
import { Stream } from "./stream.js";
import { clock, say, setZone } from "./words.js";
import { You } from "./you.js";

const app = { me: null, cards: new Cards(), board: null, presence: null, you: null, stream: null, seenAt: null };

app.keep = () => keep(app.me, app.cards);

app.drawAll = () => {
  app.presence.draw();
  app.board.draw();
  app.you.draw();
  const closed = Boolean(app.me.conference.closed);
  find("#closed").hidden = !closed;
  find("#closed").textContent = closed ? say("conference_closed", { name: app.me.conference.name }) : "";
  app.keep();
};

// The session is over, here or on the server: nothing of it stays on this device.
app.leave = (text) => {
  app.stream?.stop();
  forget();
  for (const id of ["#people", "#you", "#nav", "#lost", "#closed"]) find(id).hidden = true;
  find("#cards").replaceChildren();
  find("#status").hidden = true;
  find("#conference-name").textContent = say("brand");
  document.body.classList.remove("in");
  welcome(text);
};
app.refused = () => app.leave(say("signed_out"));

function welcome(text = "") {
  const place = find("#welcome");
  place.hidden = false;
  const link = el("input", { name: "link", required: true, autocomplete: "off", autocapitalize: "none", spellcheck: "false", inputmode: "url" });
  const trouble = note();
  tell(trouble, text);
  find("#welcome-form").replaceChildren(field(say("welcome_label"), link), el("button", { class: "main" }, say("welcome_button")), trouble);
  find("#welcome-form").onsubmit = (event) => {
    event.preventDefault();
    const part = link.value.trim().split(/[/?#\s]/u).filter(Boolean).at(-1);
    if (!part) tell(trouble, say("link_bad"), true);
    else location.assign(`/m/${encodeURIComponent(part)}`); // the same page as by the mail, with its one button
  };
}

function status(now) {
  const words = { live: "status_live", connecting: "status_connecting", lost: "status_lost_short" };
  find("#status").className = `status ${now}`;
  find("#status-text").textContent = say(words[now]);
  const lost = find("#lost");
  if (now === "live") app.seenAt = null;
  else if (now === "lost") app.seenAt ??= new Date().toISOString();
  lost.hidden = now !== "lost";
  if (now === "lost") lost.textContent = say("status_lost", { time: clock(app.seenAt) });
}

function route() {
  const you = location.hash === "#you";
  find("#people").hidden = you;
  find("#you").hidden = !you;
  for (const [id, here] of [["#nav-people", !you], ["#nav-you", you]]) {
    if (here) find(id).setAttribute("aria-current", "page");
    else find(id).removeAttribute("aria-current");
  }
  if (you) app.you.drawBlocks();
}

function start(me) {
  app.me = me;
  setZone(me.conference.time_zone);
  find("#conference-name").textContent = me.conference.name;
  document.body.classList.add("in");
  find("#nav").hidden = false;
  app.presence = new Presence(app);
  app.board = new Board(app);
  app.you = new You(app);
  app.drawAll();
  addEventListener("hashchange", () => {
    route();
    find(location.hash === "#you" ? "#you-heading" : "#cards-heading").focus({ preventScroll: true });
    scrollTo(0, 0);
  });
  route();
  app.stream = new Stream("/v1/me/stream", inboxAndMe, {
    snapshot: (inbox) => {
      app.cards.replace(inbox);
      app.drawAll();
    },
    entry: (position, view) => {
      const change = app.cards.apply(position, view);
      if (!change) return;
      app.board.draw();
      app.board.announce(change);
      app.keep();
    },
    status,
    refused: app.refused,
  });
}

// Begun without a connection, the page shows an old "me"; with the first inbox it is taken anew.
async function inboxAndMe() {
  if (app.fromKept) {
    app.me = await attendee.me();
    app.fromKept = false;
  }
  return attendee.inbox();
}

async function begin() {
  fillTexts();
  find("#conference-name").textContent = say("brand");
  const before = kept();
  try {
    const me = await attendee.me();
    if (before?.me.attendee === me.attendee && before.me.conference.id === me.conference.id) app.cards = Cards.from(before.cards);
    start(me);
  } catch (problem) {
    if (problem.status === undefined) throw problem; // ours, not the server's
    if (problem.status === 401 || problem.status === 403) {
      forget();
      find("#status").hidden = true;
      welcome();
    } else if (before) {
      app.cards = Cards.from(before.cards);
      app.seenAt = before.at;
      app.fromKept = true;
      start(before.me);
    } else {
      status("lost");
      find("#lost").textContent = problem.message;
      setTimeout(begin, 3000);
    }
  }
}

begin();
