// The page that a sign-in link opens. The secret is in the fragment, so no server or proxy has seen it. Only the tap uses
// it up: a mail scanner that fetches the page does not.
import { attendee } from "./api.js";
import { BASE } from "./base.js";
import { el, fillTexts, find, tell } from "./dom.js";
import { forget, kept } from "./offline_store.js";
import { secretOf } from "./welcome.js";
import { say } from "./words.js";

fillTexts();
const button = find("#open");
const trouble = find("#trouble");
const signedIn = "BroadcastChannel" in globalThis ? new BroadcastChannel("hallway") : null;

function look() {
  const old = location.pathname.startsWith(`${BASE}/m/`);
  const usable = !old && secretOf(location.hash) !== null;
  button.hidden = find("#note").hidden = !usable;
  tell(trouble, usable ? "" : say(old ? "link_old" : "link_none"), !usable);
  const name = kept()?.me.name;
  if (usable && name) tell(trouble, say("link_signed_in", { name })); // a link may be sent by somebody who wants one to be them
}

// A link is tapped twice as easily as once: who is signed in here already goes on by that.
async function offerToGoOn() {
  const me = await attendee.me().catch(() => null);
  if (!me) return;
  const text = me.name ? say("link_go_on", { name: me.name }) : say("link_go_on_no_name");
  const way = el("a", { class: "button quiet", href: `${BASE}/`, id: "go-on" }, text);
  find("#go-on")?.remove();
  button.after(way);
}

button.addEventListener("click", async () => {
  button.disabled = true;
  tell(trouble, say("link_working"));
  try {
    await attendee.signIn(secretOf(location.hash));
    forget(); // somebody else may have been signed in here before
    signedIn?.postMessage("signed in");
    location.replace(`${BASE}/`); // replaced: going back must not offer a used link
  } catch (problem) {
    tell(trouble, problem.message, true);
    button.disabled = false;
    if (problem.status === 401) await offerToGoOn();
  }
});
addEventListener("hashchange", look);
look();
