// Where Hallway is served: "" at the root of its host, or the path that a proxy has it below, such as "/hallway".
// Every address of ours begins with it. It is where this file came from, less /static/base.js.
export const BASE = new URL("..", import.meta.url).pathname.slice(0, -1);
