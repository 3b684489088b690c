// The organizer's page put together: sign in, then the numbers live, and the tasks.
import { organizer } from "./api.js";
import { conferenceForm } from "./conference_form.js";
import { el, field, fillTexts, find, note, tell } from "./dom.js";
import { Numbers } from "./numbers.js";
import { attendees, closing, letters, why } from "./tasks.js";
import { ORGANIZER_TEXTS } from "./texts_organizer.js";
import { addTexts, clock, say } from "./words.js";

addTexts(ORGANIZER_TEXTS);
fillTexts();

function status(now, text) {
  find("#status").className = `status ${now}`;
  find("#status-text").textContent = text;
}

function signIn() {
  const key = el("input", { type: "password", required: true, autocomplete: "off" });
  const id = el("input", { required: true, autocomplete: "off", spellcheck: "false" });
  const trouble = note();
  const form = el("form", { class: "panel sign" }, el("p", {}, say("sign_lead")), field(say("sign_key"), key), field(say("sign_conference"), id, say("sign_conference_hint")), el("button", { class: "main" }, say("sign_button")), trouble);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    tell(trouble, "");
    try {
      await organizer.signIn(key.value.trim());
      key.value = ""; // the key is in no page, storage or address from here on: the cookie is enough
      await show(id.value.trim());
    } catch (problem) {
      if (problem.status === undefined) throw problem; // ours, not the server's
      tell(trouble, problem.message, true);
    }
  });
  find("#main").replaceChildren(form);
}

async function show(id) {
  const { conferences } = await organizer.conferences();
  const whole = conferences.some((one) => one.id === id) ? await organizer.conference(id) : null;
  find("#title").textContent = whole?.opening.name ?? id;
  if (!whole) { // not opened yet: that is what the form is for
    find("#main").replaceChildren(conferenceForm(id));
    return;
  }
  const first = await organizer.overview(id);
  const numbers = new Numbers();
  find("#main").replaceChildren(...numbers.panels, letters(id), why(id), attendees(id), closing(id), conferenceForm(id, whole.opening));
  numbers.draw(first);
  let seen = new Date().toISOString();
  const stream = new EventSource(organizer.streamOf(id));
  const take = (event) => {
    const now = JSON.parse(event.data);
    seen = new Date().toISOString();
    numbers.draw(now);
    status("live", now.lag > 0 ? say("lagging", { count: now.lag }) : say("flowing"));
  };
  stream.addEventListener("overview", take);
  stream.onerror = () => status("lost", say("lost", { time: clock(seen) }));
}

signIn();
