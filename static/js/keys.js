// Keys for the whole page: `/` goes to the filter. Nothing happens while somebody types or a dialog is open.
const isTyping = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const filter = document.querySelector("input[data-filter]");
  if (!filter) return;
  event.preventDefault();
  filter.focus();
  filter.select();
});
