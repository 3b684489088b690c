// Who somebody is, as a picture. Pictures come from our own server alone: one from elsewhere would tell that place
// who looks at whom, so it is drawn as letters instead.
import { el, svg } from "./dom.js";

const COLOURS = 8; // the classes tint-0 to tint-7 in the style sheet

export function portrait(name, picture) {
  const drawn = monogram(name);
  const address = ours(picture);
  if (!address) return drawn;
  const image = el("img", { class: "portrait", src: address, alt: "", width: 64, height: 64, decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(drawn));
  return image;
}

function ours(picture) {
  if (!picture) return null;
  const address = new URL(picture, location.href);
  return address.origin === location.origin ? address.pathname + address.search : null;
}

function monogram(name) {
  const drawing = svg("svg", { class: `portrait tint-${tint(name ?? "")}`, viewBox: "0 0 64 64", "aria-hidden": "true" });
  drawing.append(svg("circle", { cx: 32, cy: 32, r: 32 }));
  const letters = initials(name);
  if (letters) drawing.append(svg("text", { x: 32, y: 33, "text-anchor": "middle", "dominant-baseline": "central" }, letters));
  else drawing.append(svg("path", { d: "M32 18a9 9 0 1 1 0 18 9 9 0 0 1 0-18ZM14 54a18 14 0 0 1 36 0Z" }));
  return drawing;
}

export function initials(name) {
  const words = (name ?? "").split(/\s+/u).map((word) => word.match(/\p{L}|\p{N}/u)?.[0]).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.join("").toUpperCase();
}

// The same person has the same colour everywhere, by the name alone.
function tint(name) {
  let sum = 0;
  for (const sign of name) sum = (sum * 31 + sign.codePointAt(0)) % 9973;
  return sum % COLOURS;
}
