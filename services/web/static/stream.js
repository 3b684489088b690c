// The live stream: one a browser, shared by its tabs.
// Theory: the tab that was looked at last holds a lock and the one EventSource; the others hear it by BroadcastChannel.
// A tab that comes to the front takes the lock, for a phone may have frozen the one that had it.
// Nothing missing: EventSource resumes by Last-Event-ID by itself. A new one has none, so it takes the whole inbox
// after it is open, and holds back what comes until then. Nothing twice: the cards' positions see to that.

const KINDS = ["suggested", "agreed", "located", "withdrawn"];
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30000; // a hall full of phones must not knock on a server that comes back all at once

export class Stream {
  // on: snapshot(inbox), entry(position, view), status("live" | "connecting" | "lost"), refused(problem)
  constructor(path, takeInbox, on) {
    Object.assign(this, { path, takeInbox, on });
    this.source = null;
    this.held = null; // entries that wait for the inbox; null: no inbox is awaited
    this.turn = 0; // which opening is the present one: answers to an older one are passed over
    this.wait = FIRST_WAIT_MS;
    this.status = "connecting";
    this.stopped = false;
    this.channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("hallway") : null;
    this.shared = Boolean(this.channel && navigator.locks); // without both (plain http): a stream a tab
    if (this.channel) this.channel.onmessage = ({ data }) => this.heard(data);
    this.aborter = new AbortController();
    const signal = this.aborter.signal;
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.lead(), { signal });
    addEventListener("online", () => this.leads && this.open(), { signal });
    addEventListener("offline", () => this.leads && this.say("lost"), { signal });
    if (this.shared) this.channel.postMessage({ type: "hello" }); // for a tab opened in the background
    this.lead();
  }

  lead() {
    if (this.stopped || this.leads) return;
    if (!this.shared) {
      this.leads = true;
      this.open();
      return;
    }
    this.queue({ steal: document.visibilityState === "visible" });
  }

  queue(options) {
    const hold = () => {
      this.leads = true;
      this.open();
      return new Promise((release) => (this.release = release));
    };
    navigator.locks.request("hallway-stream", options, hold).catch((lost) => {
      if (lost.name !== "AbortError") throw lost;
      this.leads = false; // another tab came to the front: listen to it, and be next in the queue
      this.shut();
      if (!this.stopped) this.queue({});
    });
  }

  open() {
    this.shut();
    const turn = this.turn;
    this.held = [];
    if (this.status !== "lost") this.say("connecting");
    const source = new EventSource(this.path);
    this.source = source;
    source.onopen = () => this.opened(turn);
    source.onerror = () => this.failed(turn, source);
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.came(event));
    source.addEventListener("reset", () => this.snapshot(turn)); // our position is no longer kept
  }

  opened(turn) {
    if (this.held === null) this.ready(); // resumed by Last-Event-ID: what was missed comes by itself
    else this.snapshot(turn);
  }

  async snapshot(turn) {
    this.held ??= [];
    try {
      const inbox = await this.takeInbox();
      if (turn !== this.turn) return;
      const held = this.held ?? [];
      this.held = null;
      this.pass({ type: "snapshot", inbox });
      for (const entry of held) this.pass(entry);
      this.ready();
    } catch (problem) {
      if (turn === this.turn) this.retry(problem);
    }
  }

  came(event) {
    const entry = { type: "entry", position: event.lastEventId, view: { kind: event.type, ...JSON.parse(event.data) } };
    if (this.held) this.held.push(entry);
    else this.pass(entry);
  }

  failed(turn, source) {
    if (turn !== this.turn) return;
    this.say("lost");
    if (source.readyState === EventSource.CLOSED) this.retry(null); // refused: the browser gives up, we do not
  }

  retry(problem) {
    this.shut();
    this.say("lost");
    if (problem?.status === 401) {
      this.on.refused(problem);
      return;
    }
    this.timer = setTimeout(() => this.open(), this.wait * (0.5 + Math.random()));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }

  ready() {
    this.wait = FIRST_WAIT_MS;
    this.say("live");
  }

  say(status) {
    this.pass({ type: "status", status });
  }

  pass(message) {
    if (this.shared) this.channel.postMessage(message);
    this.take(message);
  }

  heard(message) {
    if (message.type === "hello") {
      if (this.leads) this.channel.postMessage({ type: "status", status: this.status });
    } else if (!this.leads) this.take(message);
  }

  take(message) {
    if (message.type === "snapshot") this.on.snapshot(message.inbox);
    else if (message.type === "entry") this.on.entry(message.position, message.view);
    else this.on.status((this.status = message.status));
  }

  shut() {
    this.turn += 1;
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  stop() {
    this.stopped = true;
    this.shut();
    this.aborter.abort();
    this.channel?.close();
    this.release?.();
  }
}
