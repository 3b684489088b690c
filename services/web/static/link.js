// The page a mailed link opens. Only the tap uses the link up: a mail scanner that fetches it does not.
import { attendee } from "./api.js";
import { fillTexts, find, tell } from "./dom.js";
import { forget } from "./keeping.js";
import { say } from "./words.js";

fillTexts();
const button = find("#open");
const trouble = find("#trouble");

button.addEventListener("click", async () => {
  button.disabled = true;
  tell(trouble, say("link_working"));
  try {
    await attendee.signIn(decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1)));
    forget(); // somebody else may have been signed in here before
    location.replace("/"); // replaced: going back must not offer a used link
  } catch (problem) {
    tell(trouble, problem.message, true);
    button.disabled = false;
  }
});
