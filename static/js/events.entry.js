// <table data-events="/ws/…/events/" data-ago="SECONDS" data-most="N">: a host's events, newest first, as they happen.
import { Socket } from "./socket.js";

class Events {
  #table;
  #body;
  #empty;
  #most;
  #ago;
  #last = "";
  #waiting = [];
  #socket;

  constructor(table) {
    this.#table = table;
    this.#body = table.tBodies[0];
    this.#empty = this.#body.querySelector(".empty");
    this.#most = Number(table.dataset.most);
    this.#ago = table.dataset.ago;
    this.#listen();
  }

  // From now on, after what the last `seconds` had.
  restart(seconds) {
    this.#socket.close();
    this.#ago = seconds;
    this.#last = "";
    this.#waiting = [];
    this.#body.replaceChildren(this.#empty);
    this.#tell();
    this.#listen();
  }

  #listen() {
    this.#socket = new Socket(() => this.#address(), { message: (data) => this.#take(JSON.parse(data)) });
  }

  // After a loss it goes on with what came after the last event, so that none is missing and none comes twice.
  #address() {
    const query = this.#last ? `after=${this.#last}` : `ago=${this.#ago}`;
    return `${this.#table.dataset.events}?${query}`;
  }

  // A replay brings thousands at once: they are drawn together, once a frame.
  #take(event) {
    this.#last = event.nano;
    this.#waiting.push(event);
    if (this.#waiting.length === 1) requestAnimationFrame(() => this.#draw());
    // A page in the background has no frames.
    if (this.#waiting.length > 2 * this.#most) this.#waiting.splice(0, this.#most);
  }

  #draw() {
    const events = this.#waiting.slice(-this.#most).reverse();
    this.#waiting = [];
    if (!events.length) return;
    this.#empty.remove();
    this.#body.prepend(...events.map((event) => this.#row(event)));
    while (this.#body.rows.length > this.#most) this.#body.lastElementChild.remove();
    this.#tell();
  }

  #tell() {
    this.#body.dispatchEvent(new Event("portside:rows"));
  }

  #row(event) {
    const row = document.createElement("tr");
    row.dataset.chip = event.kind;
    row.append(
      cell(time(event.nano)),
      cell(event.kind, this.#body.dataset.labelKind),
      cell(event.action, this.#body.dataset.labelAction, "code"),
      cell(link(event), "", "main wrap"),
      cell(details(event), this.#body.dataset.labelDetails, event.details.length ? "wrap" : "none"),
    );
    return row;
  }
}

function cell(content, label = "", className = "") {
  const element = document.createElement("td");
  element.className = className;
  if (label) element.dataset.label = label;
  element.append(content);
  return element;
}

function time(nano) {
  const element = document.createElement("time");
  const when = new Date(Number(nano.slice(0, -6)));
  element.dateTime = when.toISOString();
  element.title = when.toISOString();
  const isToday = when.toDateString() === new Date().toDateString();
  element.textContent = isToday ? when.toLocaleTimeString() : when.toLocaleString();
  return element;
}

function link(event) {
  if (!event.url) return event.name;
  const element = document.createElement("a");
  element.href = event.url;
  element.textContent = event.name;
  return element;
}

// IDs as people know them.
const short = (value) => (/^(sha256:)?[0-9a-f]{64}$/.test(value) ? value.replace("sha256:", "").slice(0, 12) : value);

function details(event) {
  const element = document.createElement("small");
  element.className = "code";
  element.textContent = event.details.map(([name, value]) => `${name}=${short(value)}`).join(" ");
  element.title = event.details.map(([name, value]) => `${name}=${value}`).join("\n");
  return element;
}

for (const table of document.querySelectorAll("[data-events]")) {
  const events = new Events(table);
  const since = document.querySelector("[data-events-since]");
  since?.addEventListener("change", () => events.restart(since.value));
}
