// <portside-terminal>: the panel of templates/terminal/_panel.html, alive as long as it is in the page: its tabs, and the
// tools that work on the one which is shown.

import { keyRow } from "./keyrow.js";
import { ask, share } from "./requests.js";
import { FONT, THEMES, keepTaste, taste } from "./themes.js";
import { Tab } from "./tab.js";

const SLOW_MS = 150;

export class TerminalElement extends HTMLElement {
  connectedCallback() {
    this.tabs = [];
    this.current = null;
    this.texts = JSON.parse(this.querySelector("[data-texts]").textContent);
    this.screens = this.querySelector("[data-screens]");
    keyRow(this.querySelector("[data-keys]"), (text) => this.current?.screen.terminal.input(text));
    this.listen();
    this.showTaste();
    this.begin();
  }

  disconnectedCallback() {
    for (const tab of this.tabs) tab.leave();
    this.tabs = [];
  }

  /** Take up what is open already, or open the first. */
  async begin() {
    const { session, ticket } = this.dataset;
    if (session) return this.add({ session, ...(ticket ? { ticket } : {}) });
    const { terminals = [] } = (await ask(this.dataset.live)) ?? {};
    if (!this.isConnected) return undefined;
    for (const each of terminals) this.add({ session: each.id, title: each.title });
    if (!terminals.length) this.add({});
    return undefined;
  }

  listen() {
    this.on("[data-new]", "submit", (event) => this.open(event));
    this.on("[data-again]", "click", () => this.again());
    this.on("[data-search]", "keydown", (event) => this.find(event));
    this.on("[data-find]", "click", () => this.openSearch());
    this.on("[data-copy]", "click", () => this.copyAll());
    this.on("[data-rename]", "click", () => this.rename());
    this.on("[data-smaller]", "click", () => this.resizeFont(-1));
    this.on("[data-larger]", "click", () => this.resizeFont(1));
    this.on("[data-theme]", "change", () => this.look());
    for (const button of this.querySelectorAll("[data-share]")) {
      button.addEventListener("click", () => this.share(button.dataset.share));
    }
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.leaveMenus());
    this.screens.addEventListener("pointerdown", () => this.closeMenus());
  }

  on(selector, kind, handler) {
    this.querySelector(selector)?.addEventListener(kind, handler);
  }

  add(choices) {
    const place = document.createElement("div");
    place.className = "terminal-screen";
    this.screens.append(place);
    for (const each of this.tabs) each.place.hidden = true;
    const tab = new Tab(place, this.address(), choices, this.texts, {
      changed: () => this.showTabs(),
      find: () => this.openSearch(),
      isSignedIn: async () => (await ask(this.dataset.live)) !== null,
    });
    this.tabs.push(tab);
    this.select(tab);
  }

  address() {
    const url = new URL(this.dataset.path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }

  select(tab) {
    this.current = tab;
    for (const each of this.tabs) each.show(each === tab);
    this.showTabs();
  }

  close(tab) {
    if (tab.frame?.owns && !tab.isOver && !confirm(this.texts.end.replace("%s", tab.name))) return;
    const place = this.tabs.indexOf(tab);
    this.tabs.splice(place, 1);
    tab.close();
    if (this.tabs.length) this.select(this.tabs[Math.max(0, place - 1)]);
    else this.add({});
  }

  open(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const choices = Object.fromEntries([...form].filter(([name]) => !["attach", "record"].includes(name)));
    this.closeMenus();
    this.add({ ...choices, attach: event.submitter?.name === "attach", record: form.has("record") });
  }

  again() {
    const tab = this.current;
    if (tab.state === "waiting") tab.link.retryNow();
    else tab.anew();
    tab.screen.focus();
  }

  // What is shown

  showTabs() {
    const { current } = this;
    if (!current) return;
    const list = this.querySelector("[data-tabs]");
    list.replaceChildren(...this.tabs.map((tab) => this.label(tab)));
    this.dataset.state = current.state;
    this.dataset.session = current.session ?? "";
    this.say("[data-status]", this.texts[current.state]);
    this.say("[data-detail]", current.detail);
    this.showLatency(current);
    this.showPeople(current);
    this.querySelector("[data-recording]").hidden = !current.records;
    this.querySelector("[data-fragile]").hidden = !current.frame || current.frame.lasts || current.isOver;
    this.querySelector("[data-again]").hidden = !current.isOver && current.state !== "waiting";
    this.querySelector("[data-sharing]").hidden = !current.frame?.owns || current.isOver;
    this.offerShells(current.frame?.shells ?? []);
  }

  label(tab) {
    const item = document.createElement("span");
    item.className = "terminal-tab";
    item.dataset.state = tab.state;
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("role", "tab");
    button.setAttribute("aria-selected", String(tab === this.current));
    button.textContent = tab.name || this.texts.connecting;
    button.addEventListener("click", () => this.select(tab));
    const close = document.createElement("button");
    close.type = "button";
    close.className = "terminal-tab-close";
    close.textContent = "×";
    close.setAttribute("aria-label", this.texts.close.replace("%s", tab.name));
    close.addEventListener("click", () => this.close(tab));
    item.append(button, close);
    return item;
  }

  showLatency({ latency }) {
    const badge = this.querySelector("[data-latency]");
    badge.hidden = latency === null;
    badge.textContent = latency === null ? "" : `${Math.max(1, Math.round(latency))} ms`;
    badge.classList.toggle("is-slow", latency > SLOW_MS);
  }

  showPeople({ people, leads, frame }) {
    const badge = this.querySelector("[data-people]");
    badge.hidden = people.length < 2 && (frame?.types ?? true);
    badge.textContent = people.map(({ name, types }) => (types ? name : `${name} (${this.texts.watches})`)).join(", ");
    badge.classList.toggle("is-led", !leads);
  }

  offerShells(shells) {
    const list = this.querySelector("[data-shells]");
    if (list.dataset.of === shells.join()) return;
    list.dataset.of = shells.join();
    list.replaceChildren(...shells.map((shell) => Object.assign(document.createElement("option"), { value: shell })));
  }

  say(selector, text) {
    const place = this.querySelector(selector);
    if (place.textContent !== text) place.textContent = text;
  }

  closeMenus() {
    for (const menu of this.querySelectorAll("details[open]")) menu.open = false;
  }

  leaveMenus() {
    if (!this.querySelector("details[open]")) return;
    this.closeMenus();
    this.current.screen.focus();
  }

  // Tools

  showTaste() {
    const { theme } = taste();
    this.querySelector("[data-theme]").value = theme;
    this.classList.toggle("is-light", theme === "light");
    this.style.setProperty("--back", THEMES[theme].background);
  }

  look(size = taste().size) {
    const theme = this.querySelector("[data-theme]").value;
    keepTaste(theme, size);
    this.showTaste();
    for (const tab of this.tabs) tab.screen.look(theme, size);
  }

  resizeFont(step) {
    this.look(Math.min(FONT.most, Math.max(FONT.least, this.current.screen.terminal.options.fontSize + step)));
  }

  openSearch() {
    const field = this.querySelector("[data-search]");
    field.hidden = false;
    field.select();
  }

  find(event) {
    if (event.key === "Enter") {
      this.current.screen.find(event.target.value, event.shiftKey);
    } else if (event.key === "Escape") {
      event.target.hidden = true;
      this.current.screen.endFind();
    }
  }

  async copyAll() {
    this.closeMenus();
    copyText(this.current.screen.text());
    this.current.screen.focus();
  }

  async rename() {
    const tab = this.current;
    this.closeMenus();
    const title = prompt(this.texts.name, tab.title);
    if (title === null || !tab.session) return;
    const kept = await ask(this.dataset.terminals + `${tab.session}/title/`, { title });
    if (kept) tab.update({ title: kept.title });
  }

  async share(kind) {
    const tab = this.current;
    this.closeMenus();
    if (!tab.session) return;
    const link = await share(this.dataset.terminals + `${tab.session}/`, kind);
    if (link) prompt(this.texts.shared, new URL(link, location.href).href);
  }
}

/** Not navigator.clipboard: plain HTTP has none. */
function copyText(text) {
  const onCopy = (event) => {
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  addEventListener("copy", onCopy, { capture: true, once: true });
  document.execCommand("copy");
  removeEventListener("copy", onCopy, { capture: true });
}
