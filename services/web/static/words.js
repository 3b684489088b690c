// Texts filled in, and times as people at the conference read them: always in its zone, never in the phone's,
// for a phone may still be on the time of home.
import { TEXTS } from "./texts.js";

const LANGUAGE = "en-GB";
const plural = new Intl.PluralRules(LANGUAGE);
const texts = { ...TEXTS };
let zone = "UTC";

export const addTexts = (more) => Object.assign(texts, more);

export function setZone(name) {
  zone = known(name);
}

function known(name) {
  try {
    new Intl.DateTimeFormat(LANGUAGE, { timeZone: name });
    return name;
  } catch {
    return "UTC"; // a zone this browser does not know: wrong by hours is worse than plainly UTC
  }
}

export function say(key, args = {}) {
  const found = texts[key];
  if (found === undefined) throw new Error(`no text ${key}`); // a missing text is a mistake of ours, never shown as blank
  const text = typeof found === "string" ? found : found[plural.select(Number(args.count))] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => (typeof args[name] === "number" ? number(args[name]) : String(args[name] ?? "")));
}

const format = (iso, options) => {
  if (iso === null || iso === undefined) return "";
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return "";
  return new Intl.DateTimeFormat(LANGUAGE, { timeZone: zone, ...options }).format(moment);
};

export const clock = (iso) => format(iso, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function day(iso, now = new Date()) {
  const sameYear = format(iso, { year: "numeric" }) === format(now, { year: "numeric" });
  return format(iso, { day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) });
}

export const dayIn = (iso, timeZone) => format(iso, { timeZone: known(timeZone), day: "numeric", month: "short", year: "numeric" });
export const moment = (iso) => (iso ? `${day(iso)}, ${clock(iso)}` : "");

// A moment said as briefly as it can be: of today the time alone.
export const since = (iso, now = new Date()) => (day(iso) === day(now) ? clock(iso) : moment(iso));
export const number = (value) => (typeof value === "number" ? new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 1 }).format(value) : String(value ?? "–"));

export function period(seconds) {
  const [value, unit] = seconds % 60 === 0 ? [seconds / 60, "minute"] : [seconds, "second"];
  return new Intl.NumberFormat(LANGUAGE, { style: "unit", unit, unitDisplay: "long" }).format(value);
}

export function whyInWords(reason) {
  const args = { count: reason.count, hashtag: reason.hashtag, day: day(reason.last_at) };
  const kind = reason.kind === "conversation" || reason.kind === "chat" ? reason.kind : "other";
  return say(`why_${kind}${reason.hashtag === null || reason.hashtag === undefined ? (kind === "chat" ? "" : "_no_tag") : ""}`, args);
}
