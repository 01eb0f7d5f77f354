// <form data-bulk="#rows">: appears while rows are ticked, and asks once for all of them before it is sent.
//
// The boxes belong to the form (form="…"); what is ticked is remembered by value, because rows are replaced as they
// change. A row that is not shown is not ticked: nobody would know what happens to it.
class Bulk {
  #form;
  #body;
  #head;
  #ticked = new Set();

  constructor(form) {
    this.#form = form;
    this.#body = document.querySelector(form.dataset.bulk);
    this.#head = document.querySelector(`[data-tick-all="${form.dataset.bulk}"]`);
    this.#body.addEventListener("change", ({ target }) => this.#tick(target));
    this.#body.addEventListener("portside:filtered", () => this.restore());
    this.#head.addEventListener("change", () => this.#tickAll(this.#head.checked));
    form.querySelector("[data-part=none]").addEventListener("click", () => this.#tickAll(false));
    form.addEventListener("submit", (event) => this.#send(event));
    this.restore();
  }

  get #boxes() {
    return [...this.#body.querySelectorAll("tr:not([hidden]) input[type=checkbox]")];
  }

  #tick(box) {
    if (box.type !== "checkbox") return;
    this.#ticked[box.checked ? "add" : "delete"](box.value);
    this.#show();
  }

  #tickAll(isTicked) {
    this.#ticked = new Set(isTicked ? this.#boxes.map((box) => box.value) : []);
    this.restore();
  }

  restore() {
    const shown = this.#boxes;
    const values = new Set(shown.map((box) => box.value));
    this.#ticked = new Set([...this.#ticked].filter((value) => values.has(value)));
    for (const box of this.#body.querySelectorAll("input[type=checkbox]")) box.checked = this.#ticked.has(box.value);
    this.#show();
  }

  #show() {
    const number = this.#ticked.size;
    this.#form.hidden = number === 0;
    this.#form.querySelector("[data-part=count]").textContent = number;
    this.#head.checked = number > 0 && number === this.#boxes.length;
    this.#head.indeterminate = number > 0 && number < this.#boxes.length;
  }

  // By htmx, so that refusals are told beside the page, which goes on showing what happens to each row.
  async #send(event) {
    event.preventDefault();
    const { formAction, dataset } = event.submitter;
    const names = [...this.#ticked];
    if (dataset.question && !confirm(`${dataset.question}\n\n${this.#titles().join("\n")}`)) return;
    this.#tickAll(false);
    await htmx.ajax("POST", formAction, { source: this.#body.closest("table"), swap: "none", values: { name: names } });
  }

  #titles() {
    const rows = this.#boxes.filter((box) => box.checked).map((box) => box.closest("tr"));
    const titles = rows.map((row) => row.querySelector(".main a").textContent.trim());
    return titles.length > MOST_TITLES ? [...titles.slice(0, MOST_TITLES), "…"] : titles;
  }
}

const MOST_TITLES = 15;
for (const form of document.querySelectorAll("form[data-bulk]")) new Bulk(form);
