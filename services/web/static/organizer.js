// The organizer's page put together: who is signed in, and which conference is shown. The address says which, so that it
// can be shared and outlives a reload; it never holds a key.
import { organizer } from "./api.js";
import { conferenceList } from "./conference_list.js";
import { ConferencePage } from "./conference_page.js";
import { el, field, fillTexts, find, tell } from "./dom.js";
import { form, input } from "./forms.js";
import { ORGANIZER_TEXTS } from "./texts_organizer.js";
import { addTexts, say } from "./words.js";

addTexts(ORGANIZER_TEXTS);
fillTexts();
const trouble = find("#trouble");
const AGAIN_MS = 5000;
let again = 0; // the timer of a question that the server could not answer
let page = null; // the conference that is shown

const named = () => decodeURIComponent(location.hash.slice(1));

function frame(title, about, inside) {
  page?.stop();
  page = null;
  find("#title").textContent = title;
  find("#about").textContent = about;
  find("#out").hidden = !inside;
  find("#all").hidden = !inside || named() === "";
  find("#status").hidden = true;
  tell(trouble, "");
}

// text: why one is not signed in any more
function signIn(text = "") {
  frame(say("sign_heading"), "", false);
  const key = input({ type: "password", required: true });
  const element = form("sign_button", [el("p", {}, say("sign_lead")), field(say("sign_key"), key)], async () => {
    await organizer.signIn(key.value.trim());
    key.value = ""; // the key is in no page, storage or address from here on: the cookie is enough
    await route();
  }, "main");
  element.classList.add("panel", "sign");
  if (text) element.prepend(el("p", { class: "banner calm" }, text));
  find("#main").replaceChildren(element);
}

async function route() {
  const { conferences } = await organizer.conferences();
  const id = named();
  if (!id) {
    frame(say("list_heading"), "", true);
    find("#main").replaceChildren(...conferenceList(conferences));
    return;
  }
  const whole = conferences.some((one) => one.id === id) ? await organizer.conference(id) : null;
  frame(whole?.opening.name ?? id, whole ? say("about", { id, zone: whole.opening.time_zone }) : "", true);
  page = new ConferencePage(id, whole, { again: begin, erased: goToList, signedOut: () => signIn(say("session_over")) });
  await page.show(find("#main"));
}

function goToList() {
  location.hash = "";
}

async function begin() {
  clearTimeout(again);
  try {
    await route();
  } catch (problem) {
    if (problem.status === undefined) throw problem; // ours, not the server's
    if (problem.status === 401 || problem.status === 403) signIn(); // 403: signed in here, but as an attendee
    else tell(trouble, problem.message, true);
    if (problem.status === 503) again = setTimeout(begin, AGAIN_MS); // it goes on by itself, and so does the page
  }
}

find("#out").addEventListener("click", async () => {
  try {
    await organizer.signOut();
    history.replaceState(null, "", location.pathname);
    signIn(say("signed_out_here"));
  } catch (problem) {
    if (problem.status === 401) signIn();
    else tell(trouble, problem.message, true);
  }
});
addEventListener("hashchange", async () => {
  if (named() === "main") return; // the skip link's
  await begin();
  find("#title").focus();
});
begin();
