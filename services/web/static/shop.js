// The ticket shop: set up and tried here, its health in words, paused, resumed, removed. One shop by this form; the API
// takes more.
import { organizer } from "./api.js";
import { confirmed } from "./dialog.js";
import { el, field, note, shareable, tell, tried } from "./dom.js";
import { form, input, widePanel } from "./forms.js";
import { shopHealth } from "./shop_health.js";
import { say } from "./words.js";

const AGAIN_MS = 10_000;
const NEW = "pretix";
const PRETIX = "https://pretix.eu";
const SLUG = "[A-Za-z0-9_.\\-]{1,100}";

// places: the conference's, for where the check-in list is.
export function ticketShop(id, places) {
  const list = el("div", {});
  const trouble = note();
  const fresh = el("div", { role: "status" }); // a new webhook address, shown once
  const area = el("div", {});
  let timer;
  const draw = async () => {
    const { connectors } = await organizer.connectors(id);
    list.replaceChildren(connectors.length > 0 ? el("ul", { class: "rows" }, connectors.map((one) => row(one))) : el("p", { class: "none" }, say("shop_none")));
    clearTimeout(timer);
    timer = setTimeout(() => panel.isConnected && tried(trouble, draw), AGAIN_MS);
    return connectors;
  };
  const act = (work, told) => () =>
    tried(trouble, async () => {
      const shown = await work();
      if (shown === false) return;
      await draw();
      fresh.replaceChildren(...(shown?.webhook ? address(shown.webhook) : []));
      tell(trouble, told ? say(told) : "");
    });
  const row = (one) => shopHealth(one, {
    shop_pause: act(() => organizer.pauseConnector(id, one.id)),
    shop_resume: act(() => organizer.resumeConnector(id, one.id)),
    shop_history: act(() => organizer.bringHistory(id, one.id, 2), "shop_history_begun"),
    shop_hook: act(() => organizer.newWebhook(id, one.id)),
    shop_remove: act(async () => {
      const yes = await confirmed({ heading: say("shop_remove_heading"), text: say("shop_remove_text"), yes: say("shop_remove_yes") });
      return yes ? organizer.deleteConnector(id, one.id).then(() => fill([])) : false;
    }, "shop_removed"),
  });
  const fill = (connectors) => area.replaceChildren(setUp(id, places, connectors.find((one) => one.kind === "pretix") ?? null, draw));
  const panel = widePanel("shop_heading", el("p", { class: "hint" }, say("shop_text")), list, trouble, fresh, area);
  tried(trouble, async () => fill(await draw()));
  return panel;
}

const address = (webhook) => [el("p", {}, say("shop_webhook")), shareable(webhook, say("copy"), say("copied")), el("p", { class: "hint" }, say("shop_webhook_where"))];

const option = (value, text, selected = false) => el("option", { value, selected }, text);

// known: the shop as it is saved, or null. What the form does not show is sent again as it was.
function setUp(id, places, known, saved) {
  const config = known?.config ?? { address: PRETIX, organizer: "", event: "", lists: [], gates: {} };
  const first = config.lists[0];
  const kind = el("select", {}, option("pretix", "pretix", true));
  const shop = input({ type: "url", required: true, value: config.address });
  const slug = (value) => input({ required: true, pattern: SLUG, value });
  const [host, event] = [slug(config.organizer), slug(config.event)];
  const token = input({ type: "password", required: known === null, autocomplete: "new-password", placeholder: known ? say("shop_token_stays") : "" });
  const entrance = el("select", {}, option("", say("shop_list_first")), first && option(first.list, say("shop_list_number", { list: String(first.list) }), true));
  const place = el("select", {}, option("", say("shop_place_none")), places.map((one) => option(one.place, one.name, one.place === first?.place)));
  const lists = () => (entrance.value ? [{ ...(first ?? {}), list: Number(entrance.value), place: place.value || null }, ...config.lists.slice(1)] : []);
  const body = () => ({
    config: { ...config, kind: kind.value, address: shop.value.trim(), organizer: host.value.trim(), event: event.value.trim(), lists: lists() },
    secrets: token.value ? { token: token.value.trim() } : {},
  });
  const name = known?.id ?? NEW;
  const checks = el("div", { role: "status" });
  const trouble = note();
  const attempt = async () => {
    const found = await organizer.testConnector(id, name, body());
    checks.replaceChildren(el("ul", { class: "checks" }, found.checks.map((one) => el("li", { class: one.is_good ? "good" : "bad" }, say(one.is_good ? "shop_good" : "shop_bad"), " ", one.text))));
    const chosen = entrance.value;
    const choices = found.choices.list ?? [];
    if (choices.length > 0) entrance.replaceChildren(option("", say("shop_list_choose")), ...choices.map((one) => option(one.id, one.name, one.id === chosen || choices.length === 1)));
  };
  const test = el("button", { type: "button", class: "quiet", onclick: () => element.reportValidity() && tried(trouble, attempt) }, say("shop_test"));
  const fields = [
    el("div", { class: "side" }, field(say("shop_kind"), kind), field(say("shop_address"), shop, say("shop_address_hint"))),
    el("div", { class: "side" }, field(say("shop_organizer"), host, say("shop_organizer_hint")), field(say("shop_event"), event)),
    field(say("shop_token"), token, say("shop_token_hint")),
    el("div", { class: "row" }, test), trouble, checks,
    el("div", { class: "side" }, field(say("shop_list"), entrance, say("shop_list_hint")), field(say("shop_place"), place)),
  ];
  const element = form("shop_save", fields, async () => {
    const made = await organizer.putConnector(id, name, body());
    token.value = "";
    token.required = false;
    await saved();
    return [el("p", {}, say("shop_saved")), ...(made.webhook ? address(made.webhook) : [])];
  }, "main");
  return el("div", { class: "set-up" }, el("h3", {}, say(known ? "shop_change" : "shop_new")), element);
}
