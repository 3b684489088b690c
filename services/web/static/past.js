// An attendee's earlier posts: counted first, taken by a tap, and removed again as a whole.
import { attendee } from "./api.js";
import { confirmed } from "./dialog.js";
import { el, field, note, tell, tried } from "./dom.js";
import { day, say } from "./words.js";

const isBluesky = ({ account, verified }) => verified && account.startsWith("bsky:did:");

export class Past {
  // app: me, refused(problem)
  constructor(app) {
    this.app = app;
    this.trouble = note();
    this.found = el("div", { class: "stack", tabindex: "-1" });
    this.file = el("input", { type: "file", accept: ".car,application/vnd.ipld.car" });
    this.file.addEventListener("change", () => this.upload());
    this.none = el("p", { class: "none" }, say("past_none"));
    this.tools = el(
      "div",
      { class: "stack" },
      el("button", { type: "button", class: "quiet", onclick: () => this.look(() => attendee.lookPast()) }, say("past_look")),
      field(say("past_file"), this.file, say("past_file_hint")),
      this.found,
      el("button", { type: "button", class: "danger-quiet", onclick: () => this.remove() }, say("past_remove")),
    );
    this.element = el("div", { class: "stack" }, this.none, this.tools, this.trouble);
  }

  draw() {
    this.tools.hidden = !this.app.me.accounts.some(isBluesky);
    this.none.hidden = !this.tools.hidden;
  }

  upload() {
    const [file] = this.file.files;
    if (file) this.look(() => attendee.uploadPast(file));
  }

  async look(ask) {
    this.found.replaceChildren();
    await this.attempt(async () => {
      tell(this.trouble, say("past_looking"));
      const past = await ask();
      tell(this.trouble, "");
      this.show(past);
    });
    this.file.value = "";
  }

  show({ hashtags, conversations, by_hashtag, oldest, newest, is_cut }) {
    const take = (scope, { posts }) => (posts > 0 ? el("button", { type: "button", onclick: () => this.take(scope) }, say(`past_take_${scope}`, { count: posts })) : null);
    const tags = by_hashtag.map(({ hashtag }) => `#${hashtag}`).join(", ");
    this.found.replaceChildren(
      el("p", {}, hashtags.posts > 0 ? say("past_hashtags", { count: hashtags.posts, replies: hashtags.replies, people: hashtags.people, tags }) : say("past_hashtags_none")),
      conversations.posts > hashtags.posts ? el("p", {}, say("past_conversations", { count: conversations.posts, people: conversations.people })) : null,
      oldest ? el("p", { class: "hint" }, say(is_cut ? "past_range_cut" : "past_range", { oldest: day(oldest), newest: day(newest) })) : null,
      el("div", { class: "row" }, take("hashtags", hashtags), conversations.posts > hashtags.posts ? take("conversations", conversations) : null),
    );
    this.found.focus();
  }

  async take(scope) {
    await this.attempt(async () => {
      tell(this.trouble, say("past_taking"));
      const { accepted, known } = await attendee.takePast(scope);
      this.found.replaceChildren();
      tell(this.trouble, say("past_taken", { count: accepted + known }));
    });
  }

  async remove() {
    if (!(await confirmed({ heading: say("past_remove_heading"), text: say("past_remove_text"), yes: say("past_remove_yes") }))) return;
    await this.attempt(async () => {
      const { removed } = await attendee.removePast();
      this.found.replaceChildren();
      tell(this.trouble, say("past_removed", { count: removed }));
    });
  }

  attempt(act) {
    return tried(this.trouble, act, (problem) => this.app.refused(problem));
  }
}
