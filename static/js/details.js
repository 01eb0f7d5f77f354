// <details id="…">: one that was opened stays so when what is around it is replaced.
const opened = new Set();

document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target.id && target.isConnected) opened[target.open ? "add" : "delete"](target.id);
  },
  true, // it does not bubble
);
document.addEventListener("htmx:afterSwap", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
});
