// The shell without a connection: the attendee's page and its files. Owns nothing that is anybody's: it never touches
// what is under /v1/, nor the page that a sign-in link opens.
// Why: the net comes first, so that everybody has the newest files; what it does not bring in time, the cache has.

const SHELL = "hallway-shell";
const PATIENCE_MS = 3000;
const BASE = new URL(".", location.href).pathname; // "/", or the path that a proxy has us below
const FILES = [
  BASE,
  ...["attendee.css", "base.css", "icon.svg", "manifest.webmanifest"].map(inStatic),
  ...["accounts", "announcements", "api", "attendee", "base", "board", "bursts", "card_view", "cards", "devices", "dialog", "dom", "frame"].map(module),
  ...["lost_link", "monogram", "offline_store", "past", "presence", "sign_ins", "stream", "texts", "welcome", "words", "you"].map(module),
];

function inStatic(name) {
  return `${BASE}static/${name}`;
}

function module(name) {
  return inStatic(`${name}.js`);
}

self.addEventListener("install", (event) => {
  const whole = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(whole)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { origin, pathname, search } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || search || !FILES.includes(pathname)) return;
  event.respondWith(fresh(event.request, pathname));
});

async function fresh(request, pathname) {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`); // a proxy's page while the server is away
    await cache.put(pathname, answer.clone());
    return answer;
  } catch {
    return (await cache.match(pathname)) ?? Response.error();
  }
}
