// Keys that a phone's keyboard has not.

const KEYS = {
  Esc: "\x1b", Tab: "\t", "↑": "\x1b[A", "↓": "\x1b[B", "←": "\x1b[D", "→": "\x1b[C", "^C": "\x03", "^D": "\x04",
  "|": "|", "/": "/", "-": "-", "~": "~",
};

/** Fill `row` with buttons that `send` their text. */
export function keyRow(row, send) {
  for (const [label, text] of Object.entries(KEYS)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    // The screen keeps the focus, and the phone its keyboard.
    button.addEventListener("pointerdown", (event) => event.preventDefault());
    button.addEventListener("click", () => send(text));
    row.append(button);
  }
}
