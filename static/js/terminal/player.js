// <portside-recording>: plays what a terminal has shown, in a terminal that answers nothing and takes no keys.

import { Terminal } from "@xterm/xterm";

import { answerOnly } from "./answers.js";
import { countUntil, parse, withoutPauses } from "./cast.js";
import { THEMES, taste } from "./themes.js";

const LONGEST_PAUSE = 1.5;
// Past events are drawn in one piece, up to this many at once.
const BATCH = 2000;

export class RecordingElement extends HTMLElement {
  async connectedCallback() {
    this.piece = (name) => this.querySelector(`[data-${name}]`);
    let text;
    try {
      const answer = await fetch(this.dataset.cast);
      text = answer.ok ? await answer.text() : "";
      this.recording = parse(text);
    } catch {
      this.piece("screen").textContent = this.dataset.textGone;
      return;
    }
    this.makeTerminal();
    this.listen();
    this.choose();
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.frame);
    this.terminal?.dispose();
  }

  makeTerminal() {
    const { width, height } = this.recording.header;
    this.terminal = new Terminal({
      logLevel: "off", cols: width, rows: height, disableStdin: true, scrollback: 5000, theme: THEMES[taste().theme], allowProposedApi: true,
      fontFamily: 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace', linkHandler: { activate() {} },
    });
    this.terminal.open(this.piece("screen"));
    answerOnly(this.terminal, () => false);
  }

  listen() {
    this.piece("play").addEventListener("click", () => (this.isPlaying ? this.pause() : this.play()));
    this.piece("seek").addEventListener("input", (event) => this.seek(Number(event.target.value)));
    this.piece("idle").addEventListener("change", () => this.choose());
  }

  choose() {
    const { events } = this.recording;
    this.events = this.piece("idle").checked ? withoutPauses(events, LONGEST_PAUSE) : events;
    this.length = this.events.at(-1)?.time ?? 0;
    this.piece("seek").max = this.length;
    this.seek(Math.min(this.time ?? 0, this.length));
  }

  play() {
    if (this.time >= this.length) this.seek(0);
    this.isPlaying = true;
    this.before = performance.now();
    this.show();
    this.frame = requestAnimationFrame((now) => this.step(now));
  }

  pause() {
    this.isPlaying = false;
    cancelAnimationFrame(this.frame);
    this.show();
  }

  step(now) {
    this.time = Math.min(this.length, this.time + ((now - this.before) / 1000) * Number(this.piece("speed").value));
    this.before = now;
    this.draw();
    if (this.time >= this.length) return this.pause();
    this.show();
    this.frame = requestAnimationFrame((later) => this.step(later));
    return undefined;
  }

  seek(time) {
    if (time < (this.time ?? 0) || this.drawn === undefined) {
      this.terminal.reset();
      this.terminal.resize(this.recording.header.width, this.recording.header.height);
      this.drawn = 0;
    }
    this.time = time;
    this.draw();
    this.show();
  }

  /** What has become due. */
  draw() {
    const until = countUntil(this.events, this.time);
    for (; this.drawn < until; this.drawn += BATCH) {
      for (const event of this.events.slice(this.drawn, Math.min(until, this.drawn + BATCH))) this.put(event);
    }
    this.drawn = until;
  }

  put({ kind, data }) {
    if (kind === "o") this.terminal.write(data);
    if (kind === "m") this.terminal.write(`\r\n\x1b[2m[${data}]\x1b[0m\r\n`);
    const size = kind === "r" && /^(\d{1,4})x(\d{1,4})$/.exec(data);
    // In line with what is still to be drawn.
    if (size) this.terminal.write("", () => this.terminal.resize(Number(size[1]), Number(size[2])));
  }

  show() {
    this.piece("play").textContent = this.isPlaying ? this.dataset.textPause : this.dataset.textPlay;
    this.piece("seek").value = this.time;
    this.piece("time").textContent = `${clock(this.time)} / ${clock(this.length)}`;
  }
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
