// The keys that do not go to the shell: copy, paste and search, as terminal windows have them.

/** xterm's handler of key events: false keeps a key from the shell. `find` opens the search. */
export function keyHandler(terminal, find) {
  return (event) => {
    if (event.type !== "keydown" || !event.ctrlKey || event.altKey || event.metaKey) return true;
    const key = event.key.toLowerCase();
    if (key === "c" && (event.shiftKey || terminal.hasSelection())) return swallow(event, () => copy(terminal));
    if (key === "f" && event.shiftKey) return swallow(event, find);
    // The browser pastes by itself, and xterm takes it from the paste event, in brackets where the shell asked for it.
    return !(key === "v" && event.shiftKey);
  };
}

function swallow(event, action) {
  event.preventDefault();
  action();
  return false;
}

function copy(terminal) {
  if (!terminal.hasSelection()) return;
  // Not navigator.clipboard: plain HTTP has none. xterm answers the copy event with its selection.
  document.execCommand("copy");
  terminal.clearSelection();
}
