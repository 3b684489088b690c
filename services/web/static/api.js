// The HTTP doors as functions. A mistake is always a Problem with a sentence that says what to do next.
import { BASE } from "./base.js";
import { say } from "./words.js";

const LIMIT_MS = 15_000; // in a hall an answer may be slow, but nobody waits for ever
const FILE_LIMIT_MS = 120_000;
const TEST_LIMIT_MS = 90_000; // a few requests of the server to somebody else's

export class Problem extends Error {
  constructor(status, text, fieldName = null) {
    super(text);
    this.status = status; // 0: the server was not reached
    this.field = fieldName;
  }
}

async function ask(method, path, body, type = "application/json", limit_ms = type === "application/json" ? LIMIT_MS : FILE_LIMIT_MS) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-Hallway"] = "1"; // no form of another site can send this header
  if (body !== undefined) headers["Content-Type"] = type;
  const sent = body === undefined || type !== "application/json" ? body : JSON.stringify(body);
  let answer, text;
  try {
    const signal = AbortSignal.timeout(limit_ms);
    answer = await fetch(BASE + path, { method, headers, body: sent, credentials: "same-origin", cache: "no-store", signal });
    text = await answer.text();
  } catch (lost) {
    throw new Problem(0, say(lost.name === "TimeoutError" ? "error_slow" : "error_offline"));
  }
  const read = readJson(text);
  if (answer.ok) return answer.headers.get("Content-Type")?.startsWith("text/csv") ? text : read;
  throw new Problem(answer.status, read?.detail || read?.title || say("error_unknown"), read?.field ?? null);
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // an empty answer, or a proxy's page: the status says enough
  }
}

const part = encodeURIComponent;
const conference = (id, rest = "") => `/v1/conferences/${part(id)}${rest}`;
const connector = (id, name, rest = "") => conference(id, `/connectors/${part(name)}${rest}`);

export const attendee = {
  signIn: (link) => ask("POST", "/v1/session", { link }),
  signOut: () => ask("DELETE", "/v1/session"),
  linkByMail: () => ask("GET", "/v1/sign-in-links"),
  askForLink: (email) => ask("POST", "/v1/sign-in-links", { email }),
  me: () => ask("GET", "/v1/me"),
  inbox: () => ask("GET", "/v1/me/inbox"),
  answer: (card, answer, place) => ask("POST", "/v1/me/answers", place === undefined ? { card, answer } : { card, answer, place }),
  here: (place) => ask("POST", "/v1/me/here", place ? { place } : {}),
  left: () => ask("POST", "/v1/me/left", {}),
  consent: (change) => ask("PATCH", "/v1/me/consent", change),
  block: (card) => ask("POST", "/v1/me/blocks", { card }),
  unblock: (blocked) => ask("DELETE", "/v1/me/blocks", { blocked }),
  blocks: () => ask("GET", "/v1/me/blocks"),
  code: (account) => ask("POST", "/v1/me/accounts", { account }),
  check: (account) => ask("POST", "/v1/me/accounts/check", { account }),
  release: (account) => ask("DELETE", "/v1/me/accounts", { account }),
  lookPast: () => ask("POST", "/v1/me/past/bluesky", {}, "application/json", FILE_LIMIT_MS),
  uploadPast: (file) => ask("POST", "/v1/me/past/car", file, "application/vnd.ipld.car"),
  takePast: (scope) => ask("POST", "/v1/me/past/take", { scope }, "application/json", FILE_LIMIT_MS),
  removePast: () => ask("DELETE", "/v1/me/past", undefined, "application/json", FILE_LIMIT_MS),
  sessions: () => ask("GET", "/v1/me/sessions"),
  endSession: (session) => ask("DELETE", `/v1/me/sessions/${part(session)}`),
  endOtherSessions: () => ask("DELETE", "/v1/me/sessions"),
  seenSignIns: (number) => ask("POST", "/v1/me/sessions/seen", { number }),
  deviceLink: () => ask("POST", "/v1/me/links", {}),
  erase: () => ask("DELETE", "/v1/me", { confirm: "erase me" }),
};

export const organizer = {
  signIn: (key) => ask("POST", "/v1/organizer-session", { key }),
  signOut: () => ask("DELETE", "/v1/organizer-session"),
  conferences: () => ask("GET", "/v1/conferences"),
  conference: (id) => ask("GET", conference(id)),
  open: (id, body) => ask("PUT", conference(id), body),
  close: (id) => ask("POST", conference(id, "/close"), {}),
  register: (id, person) => ask("POST", conference(id, "/attendees"), person),
  upload: (id, csv, dry_run) => ask("POST", conference(id, `/attendees/csv?dry_run=${dry_run}`), csv, "text/csv"),
  erase: (id) => ask("DELETE", conference(id), { erase: id }),
  links: (id) => ask("POST", conference(id, "/attendees/links"), undefined, "text/csv"),
  link: (id, person) => ask("POST", conference(id, `/attendees/${part(person)}/link`), {}),
  mailing: (id) => ask("GET", conference(id, "/attendees/mailing")),
  startMailing: (id) => ask("POST", conference(id, "/attendees/mailing"), {}),
  keys: (id) => ask("GET", conference(id, "/keys")),
  addKey: (id, key) => ask("POST", conference(id, "/keys"), key),
  endKey: (id, key) => ask("DELETE", conference(id, `/keys/${part(key)}`)),
  connectors: (id) => ask("GET", conference(id, "/connectors")),
  putConnector: (id, name, body) => ask("PUT", connector(id, name), body),
  testConnector: (id, name, body) => ask("POST", connector(id, name, "/test"), body, "application/json", TEST_LIMIT_MS),
  deleteConnector: (id, name) => ask("DELETE", connector(id, name)),
  pauseConnector: (id, name) => ask("POST", connector(id, name, "/pause"), {}),
  resumeConnector: (id, name) => ask("POST", connector(id, name, "/resume"), {}),
  newWebhook: (id, name) => ask("POST", connector(id, name, "/webhook"), {}),
  bringHistory: (id, name, days) => ask("POST", connector(id, name, "/history"), { days }),
  devices: (id) => ask("GET", conference(id, "/devices")),
  overview: (id) => ask("GET", conference(id, "/overview")),
  letters: (id, after, limit) => ask("GET", conference(id, `/dead-letters?limit=${limit}${after === null ? "" : `&after=${part(after)}`}`)),
  showLetter: (number) => ask("POST", `/v1/dead-letters/${part(number)}/show`),
  resend: (number, bytes, dry_run) => ask("POST", `/v1/dead-letters/${part(number)}/resend`, { bytes, dry_run }),
  why: (id, a, b) => ask("GET", conference(id, `/why?a=${part(a)}&b=${part(b)}`)),
  streamOf: (id) => BASE + conference(id, "/stream"),
};
