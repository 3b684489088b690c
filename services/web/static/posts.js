// Posts that come in by themselves: from Bluesky, of attendees or by hashtag. Its health in words, paused, removed.
import { organizer } from "./api.js";
import { confirmed } from "./dialog.js";
import { el, field, note, tell, tried } from "./dom.js";
import { form, widePanel } from "./forms.js";
import { shopHealth } from "./shop_health.js";
import { say } from "./words.js";

const AGAIN_MS = 10_000;
const KIND = "bluesky";

export const isOfPosts = ({ kind }) => kind === KIND;

export function posts(id) {
  const list = el("div", {});
  const trouble = note();
  const area = el("div", {});
  let timer;
  const draw = async () => {
    const own = (await organizer.connectors(id)).connectors.filter(isOfPosts);
    list.replaceChildren(own.length > 0 ? el("ul", { class: "rows" }, own.map((one) => row(one))) : el("p", { class: "none" }, say("posts_none")));
    clearTimeout(timer);
    timer = setTimeout(() => panel.isConnected && tried(trouble, draw), AGAIN_MS);
    return own;
  };
  const act = (work, told) => () =>
    tried(trouble, async () => {
      if ((await work()) === false) return;
      await draw();
      tell(trouble, told ? say(told) : "");
    });
  const row = (one) => shopHealth(one, {
    shop_pause: act(() => organizer.pauseConnector(id, one.id)),
    shop_resume: act(() => organizer.resumeConnector(id, one.id)),
    shop_history: act(() => organizer.bringHistory(id, one.id, 2), "shop_history_begun"),
    shop_remove: act(async () => {
      const yes = await confirmed({ heading: say("shop_remove_heading"), text: say("posts_remove_text"), yes: say("shop_remove_yes") });
      return yes ? organizer.deleteConnector(id, one.id).then(() => fill([])) : false;
    }, "shop_removed"),
  });
  const fill = ([known]) => area.replaceChildren(setUp(id, known ?? null, draw));
  const panel = widePanel("posts_heading", el("p", { class: "hint" }, say("posts_text")), list, trouble, area);
  tried(trouble, async () => fill(await draw()));
  return panel;
}

// known: the connector as it is saved, or null. What the form does not show is sent again as it was.
function setUp(id, known, saved) {
  const choice = (value) => el("option", { value, selected: known?.config.read === value }, say(`posts_read_${value}`));
  const read = el("select", {}, choice("people"), choice("hashtags"));
  const element = form("shop_save", [field(say("posts_read"), read, say("posts_read_hint"))], async () => {
    await organizer.putConnector(id, known?.id ?? KIND, { config: { ...(known?.config ?? {}), kind: KIND, read: read.value }, secrets: {} });
    await saved();
    return el("p", {}, say("shop_saved"));
  });
  return el("div", { class: "set-up" }, element);
}
