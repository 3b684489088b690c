// Keys of scanners and desks: made and shown once, listed, ended. A key brings check-ins of this conference only.
import { organizer } from "./api.js";
import { confirmed } from "./dialog.js";
import { devicesSeen } from "./devices_seen.js";
import { el, field, note, shareable, tell, tried } from "./dom.js";
import { form, input, widePanel } from "./forms.js";
import { day, moment, say } from "./words.js";

const DAYS = "30";

export function connectors(id) {
  const list = el("div", {});
  const trouble = note();
  const draw = async () => {
    const { keys } = await organizer.keys(id);
    const end = (key) => tried(trouble, () => ended(key));
    list.replaceChildren(keys.length > 0 ? el("ul", { class: "rows" }, keys.map((key) => row(key, end))) : el("p", { class: "none" }, say("keys_none")));
  };
  const ended = async (key) => {
    if (!(await confirmed({ heading: say("keys_end_heading", { name: key.id }), text: say("keys_end_text"), yes: say("keys_end_yes") }))) return;
    await organizer.endKey(id, key.key);
    fresh.clear(); // perhaps it shows this one
    await draw();
    tell(trouble, say("keys_ended", { name: key.id }));
    name.focus();
  };
  const name = input({ required: true, pattern: "[A-Za-z0-9_.\\-]{1,128}" });
  const days = input({ type: "number", required: true, min: "1", max: "366", value: DAYS });
  const fields = el("div", { class: "side" }, field(say("keys_name"), name, say("keys_name_hint")), field(say("keys_days"), days));
  const fresh = form("keys_button", fields, async () => {
    const { secret } = await organizer.addKey(id, { id: name.value.trim(), days: Number(days.value) });
    const text = say("keys_made", { name: name.value.trim() });
    name.value = "";
    tell(trouble, "");
    await draw();
    return [el("p", {}, text), shareable(secret, say("copy"), say("copied"))];
  });
  tried(trouble, draw);
  return widePanel("keys_heading", el("p", { class: "hint" }, say("keys_text")), list, trouble, fresh, devicesSeen(id));
}

function row(key, end) {
  const used = key.last_used_at ? say("keys_used", { time: moment(key.last_used_at) }) : say("keys_unused");
  const words = el("div", {}, el("strong", { dir: "auto" }, key.id), el("p", { class: "hint" }, say("keys_until", { day: day(key.expires_at), used })));
  const label = say("for_name", { action: say("keys_end"), name: key.id });
  const act = key.own
    ? el("button", { type: "button", class: "quiet", "aria-label": label, onclick: () => end(key) }, say("keys_end"))
    : el("span", { class: "tag" }, say("keys_operators"));
  return el("li", { "data-key": key.key }, words, act);
}
