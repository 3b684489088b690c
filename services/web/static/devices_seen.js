// What checks people in, device by device: last seen, taken, rejected, why, and what to do.
import { organizer } from "./api.js";
import { el, note, tried } from "./dom.js";
import { table } from "./forms.js";
import { moment, say } from "./words.js";

export function devicesSeen(id) {
  const shown = el("div", { role: "status" });
  const trouble = note();
  const draw = async () => {
    const { devices } = await organizer.devices(id);
    shown.replaceChildren(devices.length > 0 ? list(devices) : el("p", { class: "none" }, say("devices_none")));
  };
  const again = el("button", { type: "button", class: "quiet", onclick: () => tried(trouble, draw) }, say("devices_again"));
  tried(trouble, draw);
  return el("div", { class: "devices" }, el("h3", {}, say("devices_heading")), shown, trouble, again);
}

function list(devices) {
  const rows = devices.map((one) => el("tr", {}, cells(one).map((cell) => el("td", { dir: "auto" }, cell))));
  return table(["devices_name", "devices_seen", "devices_accepted", "devices_rejected", "devices_problems"], el("tbody", {}, rows));
}

const name = (source) => source.slice(source.indexOf(":") + 1);

function cells(device) {
  const problems = device.problems.map((one) => el("li", {}, el("strong", {}, say("devices_problem", { count: one.count, text: one.text })), " ", one.what_to_do));
  return [name(device.source), moment(device.last_seen_at), String(device.accepted), String(device.rejected), problems.length > 0 ? el("ul", {}, problems) : say("devices_well")];
}
