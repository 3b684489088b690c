// How a connector is, in words, and what can be done with it.
import { el } from "./dom.js";
import { moment, say } from "./words.js";

const COUNTS = ["registered", "changed", "removed", "check_ins", "check_outs", "undone", "waiting", "refused", "unknown_tickets", "unreadable"];

// acts: what each button does, by its text.
export function shopHealth(one, acts) {
  const { health } = one;
  const state = el("span", { class: health.state === "live" ? "tag good" : "tag" }, say(`shop_state_${health.state}`));
  const wanted = one.paused ? ["shop_resume"] : ["shop_pause", "shop_history"];
  const buttons = [...wanted, "shop_hook", "shop_remove"].map((key) =>
    el("button", { type: "button", class: "quiet", "aria-label": say("for_name", { action: say(key), name: one.id }), onclick: acts[key] }, say(key)));
  const about = el("div", {}, el("p", {}, el("strong", { dir: "auto" }, one.id), " ", state), health.text && el("p", { class: "note bad" }, health.text), lines(health).map((text) => el("p", { class: "hint" }, text)));
  return el("li", { "data-connector": one.id }, about, el("div", { class: "row" }, buttons));
}

function lines(health) {
  const counted = COUNTS.filter((key) => health.counts[key] > 0).map((key) => say(`shop_count_${key}`, { count: health.counts[key] }));
  return [
    !health.text && health.error_at ? say("shop_error", { time: moment(health.error_at), text: health.error }) : "",
    health.lag_s > 60 ? say("shop_lag", { count: Math.round(health.lag_s / 60) }) : "",
    health.history ? say(`shop_history_${health.history.state}`, { done: health.history.done, total: health.history.total }) : "",
    counted.join(" · "),
    health.seen_at ? say("shop_seen", { time: moment(health.seen_at) }) : "",
  ].filter(Boolean);
}
