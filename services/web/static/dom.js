// Elements out of code. Whatever a server or a person wrote becomes a text node: there is no way to HTML from here.
import { say } from "./words.js";

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const find = (selector, root = document) => root.querySelector(selector);

export const scrollUp = () => scrollTo(0, 0);

// The pages hold no words of their own: data-text names the text of an element, data-label that of its aria-label.
export function fillTexts(root = document) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  const title = document.documentElement.dataset.title;
  if (title) document.title = say(title);
}

let fields = 0;

export function field(label, input, hint = null) {
  const id = `field-${(fields += 1)}`;
  input.id = id;
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return el("div", { class: "field" }, el("label", { for: id }, label), input, hint && el("p", { class: "hint", id: `${id}-hint` }, hint));
}

// A note that is read out when it changes; one a form, so that a mistake stands where it was made.
export const note = () => el("p", { class: "note", role: "status" });

export function tell(place, text, bad = false) {
  place.textContent = text;
  place.classList.toggle("bad", bad);
}

// Runs it; what the server says against it is shown in the note. `refused` is for an answer that the session has ended.
export async function tried(trouble, run, refused = null) {
  tell(trouble, "");
  try {
    await run();
  } catch (problem) {
    if (problem.status === undefined) throw problem; // ours, not the server's
    if (problem.status === 401 && refused !== null) refused(problem);
    else tell(trouble, problem.message, true);
  }
}

export function shareable(text, copyWord, copiedWord) {
  const copy = el("button", { type: "button", class: "quiet" }, copyWord);
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = copiedWord;
    } catch {
      getSelection().selectAllChildren(copy.previousSibling); // no clipboard here: selected, ready to be copied by hand
    }
  });
  return el("div", { class: "share" }, el("code", {}, text), copy);
}
