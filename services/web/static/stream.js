// The live stream: one a browser, shared by its tabs.
// Why: the tab that was looked at last holds a lock and the one EventSource; the others hear it by BroadcastChannel.
// A tab that comes to the front takes the lock, for a phone may have frozen the one that had it.
// Nothing missing: EventSource resumes by Last-Event-ID by itself. A new one has none, so it takes the whole inbox
// after it is open, and holds back what comes until then. Nothing twice: the cards' positions see to that.

const KINDS = ["suggested", "agreed", "located", "withdrawn"];
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30000; // a hall full of phones must not knock on a server that comes back all at once
const ASLEEP_MS = 20000; // after so long in a pocket a line may be dead without having said so
const SILENT_MS = 40000; // the server's beats come every 15 s: without any the line is dead

export class Stream {
  // name: of the session's own lock and channel. take(): the whole inbox, anew.
  // on: snapshot(inbox), entry(position, view), presence({ present, place }), signIns(all that are not dismissed),
  // status("live" | "connecting" | "lost"), mine(said), refused(problem)
  constructor(path, name, take, on) {
    Object.assign(this, { path, name, takeInbox: take, on });
    this.source = null;
    this.held = null; // what came and waits for the inbox; null: no inbox is awaited
    this.turn = 0; // which opening is the present one: answers to an older one are passed over
    this.wait = FIRST_WAIT_MS;
    this.status = "connecting";
    this.leads = this.asks = this.stopped = false;
    this.queued = null; // this tab's place in the queue for the lock; never more than one
    this.hiddenAt = Date.now();
    this.channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(name) : null;
    this.shared = Boolean(this.channel && navigator.locks); // without both (plain http): a stream a tab
    if (this.channel) this.channel.onmessage = ({ data }) => this.heard(data);
    this.aborter = new AbortController();
    const signal = this.aborter.signal;
    document.addEventListener("visibilitychange", () => this.looked(), { signal });
    addEventListener("online", () => this.leads && this.open(), { signal });
    addEventListener("offline", () => this.leads && this.say("lost"), { signal });
    if (this.shared) this.channel.postMessage({ type: "hello" }); // for a tab opened in the background
    this.lead();
  }

  looked() {
    if (document.visibilityState !== "visible") this.hiddenAt = Date.now();
    else if (!this.leads) this.lead();
    else if (this.status === "lost" || Date.now() - this.hiddenAt > ASLEEP_MS) this.open();
  }

  lead() {
    if (this.stopped || this.leads || this.asks) return;
    if (!this.shared) {
      this.leads = true;
      this.open();
    } else this.queue(document.visibilityState === "visible");
  }

  queue(steal) {
    this.queued?.abort();
    this.queued = steal ? null : new AbortController();
    this.asks = steal;
    const options = steal ? { steal } : { signal: this.queued.signal };
    navigator.locks.request(this.name, options, () => this.holding()).catch((lost) => {
      if (lost.name !== "AbortError") throw lost;
      if (options.signal?.aborted) return; // we left the queue ourselves
      this.leads = this.asks = false; // another tab came to the front: listen to it, and be next in the queue
      this.shut();
      if (!this.stopped) this.queue(false);
    });
  }

  holding() {
    this.asks = false;
    if (this.stopped) return undefined;
    this.leads = true;
    this.open();
    return new Promise((release) => (this.release = release));
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
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.hear(entryOf(event)));
    source.addEventListener("presence", (event) => this.hear({ type: "presence", presence: JSON.parse(event.data) }));
    source.addEventListener("sign_ins", (event) => this.hear({ type: "sign_ins", signIns: JSON.parse(event.data).sign_ins }));
    source.addEventListener("beat", () => this.alive());
    source.addEventListener("reset", () => this.snapshot(turn)); // our position is no longer kept
  }

  // A line that died without a word, as when one walks out of a hall's wireless, is noticed by its silence.
  alive() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.open(), SILENT_MS);
  }

  opened(turn) {
    this.alive();
    if (this.held === null) this.ready(); // resumed by Last-Event-ID: what was missed comes by itself
    else this.snapshot(turn);
  }

  async snapshot(turn = this.turn) {
    this.held ??= [];
    try {
      const inbox = await this.takeInbox();
      if (turn !== this.turn) return;
      const held = this.held ?? [];
      this.held = null;
      this.pass({ type: "snapshot", inbox });
      for (const message of held) this.pass(message);
      this.ready();
    } catch (problem) {
      this.failedToTake(turn, problem);
    }
  }

  hear(message) {
    this.alive();
    if (this.held) this.held.push(message);
    else this.pass(message);
  }

  failed(turn, source) {
    if (turn !== this.turn) return;
    this.say("lost");
    if (source.readyState === EventSource.CLOSED) this.refused(turn); // the browser gives up, we do not
  }

  // EventSource does not tell why; a question that does tell, does.
  async refused(turn) {
    try {
      await this.takeInbox();
      if (turn === this.turn) this.retry();
    } catch (problem) {
      this.failedToTake(turn, problem);
    }
  }

  failedToTake(turn, problem) {
    if (problem.status === undefined) throw problem; // ours, not the server's
    if (turn !== this.turn) return;
    if (problem.status === 401 || problem.status === 403) this.on.refused(problem);
    else this.retry();
  }

  retry() {
    this.shut();
    this.say("lost");
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

  // What was said or ended in this tab, told to the others.
  tell(message) {
    this.channel?.postMessage({ type: "mine", ...message });
  }

  heard(message) {
    if (message.type === "mine") this.on.mine(message);
    else if (message.type === "hello") {
      if (this.leads) this.channel.postMessage({ type: "status", status: this.status });
    } else if (this.shared && !this.leads) this.take(message);
  }

  take(message) {
    if (message.type === "snapshot") this.on.snapshot(message.inbox);
    else if (message.type === "entry") this.on.entry(message.position, message.view);
    else if (message.type === "presence") this.on.presence(message.presence);
    else if (message.type === "sign_ins") this.on.signIns(message.signIns);
    else this.on.status((this.status = message.status));
  }

  shut() {
    this.turn += 1;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.source?.close();
    this.source = null;
  }

  stop() {
    this.stopped = true;
    this.shut();
    this.aborter.abort();
    this.queued?.abort();
    this.channel?.close();
    this.release?.();
  }
}

const entryOf = ({ type, data, lastEventId }) => ({ type: "entry", position: lastEventId, view: { kind: type, ...JSON.parse(data) } });
