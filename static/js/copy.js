// <button data-copy="#element">: puts the element's text on the clipboard.
const SHOWN_MS = 1_500;

// navigator.clipboard is absent on plain HTTP other than localhost; a selection works everywhere.
async function copy(element) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(element.textContent);
    return;
  }
  getSelection().selectAllChildren(element);
  document.execCommand("copy");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  await copy(document.querySelector(button.dataset.copy));
  button.dataset.done = "";
  setTimeout(() => delete button.dataset.done, SHOWN_MS);
});
