// What a terminal is seen and typed in: xterm.js, with all that a container's output must not do kept from it.

import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";

import { answerOnly } from "./answers.js";
import { keyHandler } from "./keys.js";
import { opener } from "./links.js";
import { THEMES, taste } from "./themes.js";

// What a program that was cut off may leave on: mouse reports, bracketed paste, colours, a hidden cursor; the other screen.
const TIDY = "\x1b[?1000;1002;1003;1006;2004l\x1b[0m\x1b[?25h\x1b[!p";
const FIRST_SCREEN = "\x1b[?1049l";

const FOUND = {
  decorations: {
    matchBackground: "#5c4a12",
    matchOverviewRuler: "#5c4a12",
    activeMatchBackground: "#a8871f",
    activeMatchColorOverviewRuler: "#a8871f",
  },
};

export class Screen {
  /**
   * `on` holds typed(data: Uint8Array, text), resized(rows, columns), title(text) and find(). `mayAnswer()` says whether
   * queries of programs are answered now; `question` is asked before a link is opened.
   */
  constructor(place, question, mayAnswer, on) {
    const { theme, size } = taste();
    const openLink = opener(question);
    this.place = place;
    this.on = on;
    this.encoder = new TextEncoder();
    this.leads = true;
    this.terminal = new Terminal({
      allowProposedApi: true,
      fontFamily: 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace',
      fontSize: size,
      scrollback: 10000,
      theme: THEMES[theme],
      // A binary file is no fault of the page's.
      logLevel: "off",
      linkHandler: { activate: openLink, allowNonHttpProtocols: false },
    });
    this.fitting = new FitAddon();
    this.search = new SearchAddon();
    this.terminal.loadAddon(this.fitting);
    this.terminal.loadAddon(this.search);
    this.terminal.loadAddon(new WebLinksAddon(openLink));
    this.terminal.open(place);
    answerOnly(this.terminal, mayAnswer);
    this.listen();
    this.fit();
  }

  listen() {
    this.terminal.attachCustomKeyEventHandler(keyHandler(this.terminal, () => this.on.find()));
    this.terminal.onData((text) => this.on.typed(this.encoder.encode(text), text));
    this.terminal.onBinary((text) => this.on.typed(Uint8Array.from(text, (character) => character.charCodeAt(0)), text));
    this.terminal.onTitleChange((title) => this.on.title(title));
    this.observer = new ResizeObserver(() => this.fitSoon());
    this.observer.observe(this.place);
  }

  /** This browser's own size, in characters. */
  get size() {
    const { rows, cols } = this.fitting.proposeDimensions() ?? {};
    return rows > 0 && cols > 0 ? { rows, columns: cols } : { rows: this.terminal.rows, columns: this.terminal.cols };
  }

  fitSoon() {
    cancelAnimationFrame(this.soon);
    this.soon = requestAnimationFrame(() => this.fit());
  }

  fit() {
    if (!this.place.clientHeight || !this.place.clientWidth) return;
    const { rows, columns } = this.size;
    if (this.leads) this.terminal.resize(columns, rows);
    if (this.told?.rows === rows && this.told?.columns === columns) return;
    this.told = { rows, columns };
    this.on.resized(rows, columns);
  }

  /** The terminal's size is another's who leads, or one's own. */
  follow({ rows, columns, leads }) {
    this.leads = leads;
    this.terminal.resize(columns, rows);
    this.place.classList.toggle("is-foreign", !leads);
  }

  write(data, done) {
    this.terminal.write(data, done);
  }

  /** A line of ours, once all that came is drawn. `isLast` says that no program is there any more to tidy up. */
  tell(message, isLast = false) {
    this.terminal.write("", () => {
      const tidy = isLast ? this.tidy() : "";
      this.terminal.write(`${tidy}\r\n\x1b[2m[${printable(message)}]\x1b[0m\r\n`);
    });
  }

  tidy() {
    // On the first screen already, the sequence would move the cursor to where it once was.
    return (this.terminal.buffer.active.type === "alternate" ? FIRST_SCREEN : "") + TIDY;
  }

  /** All that is on the screen and above it. */
  text() {
    const buffer = this.terminal.buffer.active;
    const lines = [];
    for (let row = 0; row < buffer.length; row += 1) {
      const line = buffer.getLine(row);
      if (line.isWrapped && lines.length) lines[lines.length - 1] += line.translateToString(true);
      else lines.push(line.translateToString(true));
    }
    return `${lines.join("\n").trimEnd()}\n`;
  }

  look(theme, size) {
    this.terminal.options.theme = THEMES[theme];
    this.terminal.options.fontSize = size;
    this.fitSoon();
  }

  find(text, isBackwards) {
    if (isBackwards) this.search.findPrevious(text, FOUND);
    else this.search.findNext(text, FOUND);
  }

  endFind() {
    this.search.clearDecorations();
    this.focus();
  }

  focus() {
    this.terminal.focus();
  }

  dispose() {
    this.observer.disconnect();
    cancelAnimationFrame(this.soon);
    this.terminal.dispose();
  }
}

/** A message may quote what a container's programs wrote: it is shown, not obeyed. */
export function printable(message) {
  return message.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ");
}
