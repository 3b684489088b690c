// The page a mailed link opens. Only the tap uses the link up: a mail scanner that fetches it does not.
import { attendee } from "./api.js";
import { BASE } from "./base.js";
import { el, fillTexts, find, tell } from "./dom.js";
import { forget } from "./keeping.js";
import { say } from "./words.js";

fillTexts();
const button = find("#open");
const trouble = find("#trouble");
const signedIn = "BroadcastChannel" in globalThis ? new BroadcastChannel("hallway") : null;

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
    await attendee.signIn(decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1)));
    forget(); // somebody else may have been signed in here before
    signedIn?.postMessage("signed in");
    location.replace(`${BASE}/`); // replaced: going back must not offer a used link
  } catch (problem) {
    tell(trouble, problem.message, true);
    button.disabled = false;
    if (problem.status === 401) await offerToGoOn();
  }
});
