// <portside-terminal>: the panel of templates/terminal/_panel.html, alive as long as it is in the page.

import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";

import { keyHandler } from "./keys.js";
import { Link } from "./link.js";
import { Reason } from "./protocol.js";

const FIT_DELAY = 80;
// The browser's own code for a connection that ended without a word. A refused handshake looks the same to a page.
const LOST = 1006;
const STATES = { [Reason.ENDED]: "ended", [LOST]: "lost" };
const CTRL_C = "\x03";
// What a program that was cut off may leave on: mouse reports, bracketed paste, colours, a hidden cursor; the other screen.
const TIDY = "\x1b[?1000;1002;1003;1006;2004l\x1b[0m\x1b[?25h\x1b[!p";
const FIRST_SCREEN = "\x1b[?1049l";

const THEME = {
  background: "#10141a",
  foreground: "#d8dee6",
  cursor: "#d8dee6",
  selectionBackground: "#37517a",
};

const FOUND = {
  decorations: {
    matchBackground: "#5c4a12",
    matchOverviewRuler: "#5c4a12",
    activeMatchBackground: "#a8871f",
    activeMatchColorOverviewRuler: "#a8871f",
  },
};

export class TerminalElement extends HTMLElement {
  connectedCallback() {
    this.screen = this.querySelector("[data-screen]");
    this.encoder = new TextEncoder();
    this.makeTerminal();
    this.listen();
    this.connect();
  }

  disconnectedCallback() {
    this.observer.disconnect();
    clearTimeout(this.fitting);
    const link = this.link;
    this.link = null;
    link?.hangUp();
    this.terminal.dispose();
  }

  makeTerminal() {
    this.terminal = new Terminal({
      allowProposedApi: true,
      fontFamily: 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace',
      fontSize: 14,
      scrollback: 10000,
      theme: THEME,
    });
    this.fit = new FitAddon();
    this.search = new SearchAddon();
    this.terminal.loadAddon(this.fit);
    this.terminal.loadAddon(this.search);
    this.terminal.loadAddon(new WebLinksAddon());
    this.terminal.open(this.screen);
    this.fit.fit();
  }

  listen() {
    this.terminal.attachCustomKeyEventHandler(keyHandler(this.terminal, () => this.openSearch()));
    this.terminal.onData((data) => this.type(data));
    this.terminal.onBinary((data) => this.link?.type(Uint8Array.from(data, (character) => character.charCodeAt(0))));
    this.terminal.onResize(({ rows, cols }) => this.link?.resize(rows, cols));
    this.observer = new ResizeObserver(() => this.fitSoon());
    this.observer.observe(this.screen);
    this.on("[data-reconnect]", "click", () => this.connect());
    this.on("[data-options]", "submit", (event) => this.reopen(event));
    this.on("[data-search]", "keydown", (event) => this.find(event));
  }

  on(selector, kind, handler) {
    this.querySelector(selector)?.addEventListener(kind, handler);
  }

  connect() {
    const previous = this.link;
    this.link = null;
    previous?.hangUp();
    this.show("connecting");
    const link = new Link(this.address(), this.hello(), {
      ready: (frame) => this.link === link && this.ready(frame),
      output: (data, done) => this.link === link && this.terminal.write(data, done),
      closed: (close) => this.link === link && this.ended(close),
    });
    this.link = link;
    this.terminal.focus();
  }

  address() {
    const url = new URL(this.dataset.path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }

  hello() {
    const form = this.querySelector("[data-options]");
    const choices = form ? Object.fromEntries(new FormData(form)) : {};
    return { rows: this.terminal.rows, columns: this.terminal.cols, ...choices };
  }

  type(data) {
    if (data === CTRL_C) this.link?.dropTyped();
    this.link?.type(this.encoder.encode(data));
  }

  ready(frame) {
    this.show("open", frame.shell);
    this.dataset.session = frame.session;
    // The size may have changed since HELLO.
    this.link.resize(this.terminal.rows, this.terminal.cols);
  }

  ended(close) {
    this.link = null;
    const message = this.words(close);
    this.show(STATES[close.reason] ?? "failed", message);
    // Queued behind output that is still being drawn, which may yet switch the screen.
    this.terminal.write("", () => this.terminal.write(`${this.tidy()}\r\n\x1b[2m[${printable(message)}]\x1b[0m\r\n`));
  }

  tidy() {
    // On the first screen already, the sequence would move the cursor to where it once was.
    return (this.terminal.buffer.active.type === "alternate" ? FIRST_SCREEN : "") + TIDY;
  }

  words(close) {
    if (close.reason === LOST) return this.dataset.state === "open" ? this.dataset.textBroken : this.dataset.textRefused;
    if (close.exitCode !== null) return this.dataset.textExit.replace("%s", close.exitCode);
    return close.text || this.dataset.textClosed.replace("%s", close.reason);
  }

  show(state, detail = "") {
    this.dataset.state = state;
    this.querySelector("[data-status]").textContent = this.dataset[`text${state[0].toUpperCase()}${state.slice(1)}`];
    this.querySelector("[data-detail]").textContent = detail;
    this.querySelector("[data-reconnect]").hidden = state === "connecting" || state === "open";
  }

  reopen(event) {
    event.preventDefault();
    event.target.closest("details").open = false;
    this.connect();
  }

  fitSoon() {
    clearTimeout(this.fitting);
    this.fitting = setTimeout(() => this.screen.clientHeight && this.fit.fit(), FIT_DELAY);
  }

  openSearch() {
    const field = this.querySelector("[data-search]");
    field.hidden = false;
    field.select();
  }

  find(event) {
    if (event.key === "Enter") {
      if (event.shiftKey) this.search.findPrevious(event.target.value, FOUND);
      else this.search.findNext(event.target.value, FOUND);
    } else if (event.key === "Escape") {
      event.target.hidden = true;
      this.search.clearDecorations();
      this.terminal.focus();
    }
  }
}

/** A message may quote what a container's programs wrote: it is shown, not obeyed. */
function printable(message) {
  return message.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ");
}
