// A job's log: lines at the end, which stays in view for who reads there.
const MOST_LINES = 20_000;
// Nearer to the end than this means: at the end.
const END_PIXELS = 24;

export class Lines {
  #box;

  constructor(box) {
    this.#box = box;
  }

  append(lines) {
    const box = this.#box;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < END_PIXELS;
    const fragment = document.createDocumentFragment();
    for (const line of lines) fragment.append(row(line));
    box.append(fragment);
    while (box.childElementCount > MOST_LINES) box.firstElementChild.remove();
    if (isAtEnd) box.scrollTop = box.scrollHeight;
  }
}

function row({ text, at, level }) {
  const line = document.createElement("div");
  line.className = `line level-${level ?? "out"}`;
  const stamp = document.createElement("time");
  stamp.textContent = new Date(at * 1000).toISOString().slice(0, 23).replace("T", " ");
  line.append(stamp, text);
  return line;
}
