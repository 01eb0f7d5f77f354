// One terminal of the panel: a screen, its link, and how things stand between them.

import { LOST, Link } from "./link.js";
import { Reason } from "./protocol.js";
import { Screen } from "./screen.js";

const CTRL_C = "\x03";

export class Tab {
  /**
   * `choices` are the fields of HELLO that the user chose, with `session` for a terminal to take up again. `texts` are
   * the panel's words; `changed()` is called whenever something is to be shown anew.
   */
  constructor(place, url, choices, texts, { changed, find, isSignedIn }) {
    this.place = place;
    this.url = url;
    this.choices = choices;
    this.texts = texts;
    this.changed = changed;
    this.isSignedIn = isSignedIn;
    this.title = choices.title ?? "";
    this.programTitle = "";
    this.session = choices.session ?? null;
    this.state = "connecting";
    this.detail = "";
    this.latency = null;
    this.people = [];
    this.records = false;
    this.leads = true;
    this.frame = null;
    this.replayed = 0;
    this.drawn = 0;
    this.screen = new Screen(place, texts.link, () => this.mayAnswer(), {
      typed: (data, text) => this.type(data, text),
      resized: (rows, columns) => this.link?.resize(rows, columns),
      title: (title) => this.update({ programTitle: title }),
      find,
    });
    this.connect();
  }

  connect() {
    this.link?.leave();
    this.update({ state: "connecting", detail: "" });
    const link = new Link(this.url, () => ({ ...this.screen.size, ...this.choices }), this.isSignedIn, {
      ready: (frame, how) => this.ready(frame, how),
      output: (data, done, end) => this.output(data, done, end),
      state: (frame) => this.follow(frame),
      latency: (latency) => this.update({ latency }),
      waiting: (close) => this.waiting(close),
      closed: (close) => this.ended(close),
    });
    this.link = link;
  }

  /** A new shell in this tab, after its own has ended. */
  anew() {
    delete this.choices.session;
    this.session = null;
    this.connect();
    this.screen.focus();
  }

  type(data, text) {
    if (this.frame && !this.frame.types) return;
    if (text === CTRL_C) this.link.dropTyped();
    this.link.type(data);
  }

  ready(frame, { again, missing }) {
    this.frame = frame;
    this.session = frame.session;
    if (!again) {
      this.replayed = frame.end;
      this.drawn = frame.output;
    }
    if (missing) this.screen.tell(this.texts.missing.replace("%s", missing));
    this.screen.told = null;
    this.update({ state: "open", detail: frame.shell, title: frame.title || this.title });
    this.screen.fit();
  }

  output(data, done, end) {
    this.screen.write(data, () => {
      this.drawn = end;
      done();
    });
  }

  /** Queries below `replayed` have been answered when they were asked. */
  mayAnswer() {
    return this.leads && this.drawn >= this.replayed;
  }

  follow(frame) {
    this.screen.follow(frame);
    this.update({ leads: frame.leads, people: frame.people, records: frame.records });
  }

  waiting(close) {
    const why = close.reason === LOST ? "" : close.text;
    this.update({ state: "waiting", detail: why, latency: null, people: [] });
  }

  ended(close) {
    const message = this.words(close);
    const state = close.reason === Reason.ENDED ? "ended" : "failed";
    this.screen.tell(message, true);
    this.update({ state, detail: message, latency: null, people: [] });
  }

  words(close) {
    if (close.exitCode !== null) return this.texts.exit.replace("%s", close.exitCode);
    if (close.reason === Reason.SIGNED_OUT && !close.text) return this.texts.signedOut;
    return close.text || this.texts.closed.replace("%s", close.reason);
  }

  update(fields) {
    Object.assign(this, fields);
    this.changed(this);
  }

  /** Its name: the one that was given to it, or else the program's. */
  get name() {
    return this.title || this.programTitle || this.frame?.shell || this.choices.shell || "";
  }

  get isOver() {
    return this.state === "ended" || this.state === "failed";
  }

  show(isShown) {
    this.place.hidden = !isShown;
    if (!isShown) return;
    this.screen.fit();
    this.screen.focus();
  }

  /** End the shell, where it is one's own. */
  close() {
    if (this.frame?.owns) this.link.hangUp();
    this.leave();
  }

  leave() {
    this.link.leave();
    this.screen.dispose();
    this.place.remove();
  }
}
