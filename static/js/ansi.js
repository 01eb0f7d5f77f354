// Text with terminal colours in, spans with classes out. Only text nodes are made: nothing a program prints is markup.
// In this order: CSI, OSC, escapes with intermediate bytes, short ones, other control characters (not tab, newline).
const SEQUENCE = /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]+[0-~]|\x1b[0-~]|[\x00-\x08\x0b-\x1f\x7f]/g;
const STYLES = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse" };
const STYLE_OFF = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"] };

// A line that a program drew over with carriage returns is what it drew last.
const lastDrawn = (line) => line.slice(line.lastIndexOf("\r", line.length - 2) + 1);

export class Style {
  #classes = new Set();
  #foreground = "";
  #background = "";

  // `codes` is what stands between ESC [ and m.
  apply(codes) {
    const numbers = codes.split(/[;:]/).map(Number);
    for (let place = 0; place < numbers.length; place += 1) {
      const number = numbers[place];
      if (number === 38 || number === 48) {
        place += this.#extended(number, numbers.slice(place + 1));
      } else {
        this.#one(number);
      }
    }
  }

  get className() {
    return [...this.#classes, this.#foreground, this.#background].filter(Boolean).join(" ");
  }

  #one(number) {
    if (number === 0) this.#reset();
    else if (STYLES[number]) this.#classes.add(`ansi-${STYLES[number]}`);
    else if (STYLE_OFF[number]) STYLE_OFF[number].forEach((name) => this.#classes.delete(`ansi-${name}`));
    else if ((number >= 30 && number <= 37) || (number >= 90 && number <= 97)) this.#foreground = `ansi-fg-${number}`;
    else if ((number >= 40 && number <= 47) || (number >= 100 && number <= 107)) this.#background = `ansi-bg-${number}`;
    else if (number === 39) this.#foreground = "";
    else if (number === 49) this.#background = "";
  }

  // 256 colours: the first sixteen are the named ones, and the rest is left out, as are true colours: a log is
  // readable without them. Returns how many numbers belong to it.
  #extended(number, rest) {
    if (rest[0] === 2) return 4;
    if (rest[0] !== 5) return 0;
    const colour = rest[1] ?? 16;
    if (colour < 8) this.#one(number - 8 + colour);
    else if (colour < 16) this.#one(number + 52 + colour - 8);
    return 2;
  }

  #reset() {
    this.#classes.clear();
    this.#foreground = "";
    this.#background = "";
  }
}

// [text, class] pairs of one line, beginning in `style`, which is left as the line leaves it.
export function runs(line, style = new Style()) {
  const found = [];
  const text = lastDrawn(line);
  const add = (part) => part && found.push([part, style.className]);
  let place = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    add(text.slice(place, match.index));
    if (match[2] === "m") style.apply(match[1]);
    place = match.index + match[0].length;
  }
  add(text.slice(place));
  return found;
}

export function render(line, style) {
  const fragment = document.createDocumentFragment();
  for (const [text, className] of runs(line, style)) {
    if (!className) {
      fragment.append(text);
      continue;
    }
    const span = document.createElement("span");
    span.className = className;
    span.textContent = text;
    fragment.append(span);
  }
  return fragment;
}
