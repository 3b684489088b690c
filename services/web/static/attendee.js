// The attendee's page put together: who am I, the cards, the stream, and what stays on this device.
import { attendee } from "./api.js";
import { BASE } from "./base.js";
import { Board } from "./board.js";
import { Cards } from "./cards.js";
import { fillTexts, find } from "./dom.js";
import { Frame } from "./frame.js";
import { forget, keep, kept } from "./offline_store.js";
import { Presence } from "./presence.js";
import { SignIns } from "./sign_ins.js";
import { Stream } from "./stream.js";
import { welcome } from "./welcome.js";
import { say, setZone } from "./words.js";
import { You } from "./you.js";

const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 30000;
const SIGNED_IN = "hallway"; // the channel on which a link's page says that somebody signed in here

// seenAt: since when there is no connection; null while there is one
const app = { me: null, cards: new Cards(), board: null, presence: null, you: null, signIns: null, stream: null, seenAt: null, frame: new Frame() };

app.keep = () => {
  if (app.me) keep(app.me, app.cards, app.seenAt ?? new Date().toISOString());
};

app.drawAll = () => {
  app.presence.draw();
  app.board.draw();
  app.you.draw();
  app.signIns.draw();
  app.frame.conference(app.me.conference);
  app.keep();
};

// What this attendee said here holds in the other tabs too.
app.answered = (id, answer, place) => {
  app.cards.answered(id, answer, place);
  app.stream.tell({ answer: [id, answer, place] });
};
app.changed = (change) => {
  Object.assign(app.me, change);
  app.stream.tell({ change });
  app.drawAll();
};

// The session is over, here or on the server: nothing of it stays on this device, in no tab.
app.leave = (text, told = false) => {
  if (!told) app.stream?.tell({ left: text });
  app.stream?.stop();
  app.me = null;
  forget();
  app.frame.left();
  welcome(text);
};
app.refused = () => app.leave(say("signed_out"));

function heard({ answer, change, left }) {
  if (left !== undefined) {
    app.leave(left, true);
    return;
  }
  if (answer) app.cards.answered(...answer);
  if (change) Object.assign(app.me, change);
  app.drawAll();
}

function status(now) {
  if (now === "live") app.seenAt = null;
  else if (now === "lost") app.seenAt ??= new Date().toISOString();
  app.frame.status(now, app.seenAt);
}

function start(me) {
  app.me = me;
  setZone(me.conference.time_zone);
  app.frame.entered();
  app.presence = new Presence(app);
  app.board = new Board(app);
  app.you = new You(app);
  app.signIns = new SignIns(app);
  app.drawAll();
  app.frame.follow(() => app.you.opened());
  app.stream = new Stream(`${BASE}/v1/me/stream`, `hallway ${me.conference.id} ${me.attendee}`, whole, {
    snapshot: ({ me: fresh, inbox }) => {
      app.me = fresh;
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
    presence: (now) => {
      const where = app.presence.heard(now);
      if (where) app.board.announcing.own(where);
    },
    signIns: (news) => {
      app.me.sign_ins = news;
      app.drawAll();
      app.you.devices.draw(); // the link that it came by is used
    },
    status,
    mine: heard,
    refused: app.refused,
  });
}

// Me as well: another device may have said something, and begun without a connection the page shows an old "me".
async function whole() {
  const [me, inbox] = await Promise.all([attendee.me(), attendee.inbox()]);
  return { me, inbox };
}

// After a while, or as soon as the phone has a net again.
function soon(ms) {
  return new Promise((go) => {
    setTimeout(go, ms);
    addEventListener("online", go, { once: true });
  });
}

async function begin(wait = FIRST_WAIT_MS) {
  const before = kept();
  try {
    const me = await attendee.me();
    if (before?.me.attendee === me.attendee && before.me.conference.id === me.conference.id) app.cards = Cards.from(before.cards);
    else forget();
    start(me);
  } catch (problem) {
    if (problem.status === undefined) throw problem; // ours, not the server's
    if (problem.status === 401 || problem.status === 403) {
      forget();
      app.frame.left();
      welcome();
    } else if (before) {
      app.cards = Cards.from(before.cards);
      app.seenAt = before.at;
      start(before.me);
    } else {
      app.frame.unreached(problem.message);
      await soon(wait * (0.5 + Math.random()));
      await begin(Math.min(wait * 2, LONGEST_WAIT_MS));
    }
  }
}

fillTexts();
if ("BroadcastChannel" in globalThis) {
  new BroadcastChannel(SIGNED_IN).onmessage = () => {
    app.me = null; // perhaps somebody else now: what is on this page is kept no more
    location.reload();
  };
}
addEventListener("pagehide", app.keep);
document.addEventListener("visibilitychange", app.keep); // a phone may end a hidden page without a word
navigator.serviceWorker?.register(`${BASE}/worker.js`).catch(() => {
  // storage is forbidden here: the page works, only not without a connection
});
begin();
