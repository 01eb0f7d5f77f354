// What went wrong with a request of htmx, said beside the page, which stays as it is.
const SHOWN_MS = 8_000;
const box = document.getElementById("toasts");

export function toast(text) {
  const note = document.createElement("p");
  note.className = "toast";
  note.textContent = text;
  note.addEventListener("click", () => note.remove());
  box.append(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}

const isPlain = (request) => (request.getResponseHeader("Content-Type") ?? "").startsWith("text/plain");

document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  toast(isPlain(xhr) ? xhr.responseText : `${xhr.status} ${xhr.statusText}`);
});
document.addEventListener("htmx:sendError", () => toast("The console does not answer."));
