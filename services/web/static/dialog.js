// A question before something that cannot be taken back. The browser's own dialog: it keeps the focus in, and Escape
// is a no.
import { el } from "./dom.js";
import { say } from "./words.js";

export function confirmed({ heading, text, yes, no = say("cancel") }) {
  const opener = document.activeElement;
  return new Promise((resolve) => {
    const dialog = el("dialog", { "aria-labelledby": "dialog-heading", "aria-describedby": "dialog-text" });
    const close = (value) => () => dialog.close(value);
    dialog.append(
      el("h2", { id: "dialog-heading" }, heading),
      el("p", { id: "dialog-text" }, text),
      el(
        "div",
        { class: "row" },
        el("button", { type: "button", class: "quiet", autofocus: true, onclick: close("no") }, no), // the harmless one first
        el("button", { type: "button", class: "danger", onclick: close("yes") }, yes),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (opener?.isConnected) opener.focus();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
