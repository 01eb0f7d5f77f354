// Lets an element ask for itself again (hx-get with hx-trigger="refresh"), so that what it shows is never older than
// the last call: calls within a moment are one, and while a request is under way, whose answer may be older, it waits.
// Elements that are replaced by the answer need an id, by which their successor is known.
const GATHER_MS = 120;
const waiting = new Set();

export function refresh(element) {
  const key = element.id || element;
  if (waiting.has(key)) return;
  waiting.add(key);
  setTimeout(() => attempt(key), GATHER_MS);
}

function attempt(key) {
  waiting.delete(key);
  const element = typeof key === "string" ? document.getElementById(key) : key;
  if (!element?.isConnected) return;
  if (element.classList.contains("htmx-request")) refresh(element);
  else element.dispatchEvent(new Event("refresh"));
}
