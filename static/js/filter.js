// Shows only some rows of a table; again after each swap and whenever "portside:rows" tells that rows have come.
//
// <input data-filter="#rows">            those whose text has all the words
// <div data-chips="#rows">               those whose data-chip is the pressed button's; the button without one shows all.
//                                        With data-chips-from="state" the address's ?state=… presses one.
const chipOf = (box) => box.querySelector("[aria-pressed=true]")?.dataset.chip ?? "";
const wordsOf = (input) => input.value.toLowerCase().split(/\s+/).filter(Boolean);

function apply(body) {
  const box = document.querySelector(`[data-chips="#${body.id}"]`);
  const input = document.querySelector(`[data-filter="#${body.id}"]`);
  const chip = box ? chipOf(box) : "";
  const words = input ? wordsOf(input) : [];
  for (const row of body.rows) {
    if (row.classList.contains("empty")) continue;
    const text = words.length ? row.textContent.toLowerCase() : "";
    row.hidden = (chip !== "" && row.dataset.chip !== chip) || !words.every((word) => text.includes(word));
  }
  if (box) count(box, body);
  body.dispatchEvent(new Event("portside:filtered", { bubbles: true }));
}

// A chip that would show nothing takes no room, unless it is the one that is pressed.
function count(box, body) {
  const numbers = new Map();
  const rows = [...body.rows].filter((row) => !row.classList.contains("empty"));
  for (const { dataset } of rows) numbers.set(dataset.chip, (numbers.get(dataset.chip) ?? 0) + 1);
  for (const button of box.children) {
    const { chip } = button.dataset;
    const number = chip === "" ? rows.length : (numbers.get(chip) ?? 0);
    button.querySelector("[data-count]").textContent = number;
    button.hidden = chip !== "" && number === 0 && button.ariaPressed !== "true";
  }
}

function press(box, chip) {
  for (const button of box.children) button.ariaPressed = String(button.dataset.chip === chip);
}

function remember(box, chip) {
  const name = box.dataset.chipsFrom;
  if (!name) return;
  const address = new URL(location);
  if (chip) address.searchParams.set(name, chip);
  else address.searchParams.delete(name);
  history.replaceState(null, "", address);
}

const bodies = new Set();
const start = (selector) => {
  const body = document.querySelector(selector);
  if (body) bodies.add(body);
  return body;
};

for (const input of document.querySelectorAll("input[data-filter]")) {
  const body = start(input.dataset.filter);
  input.addEventListener("input", () => apply(body));
}
for (const box of document.querySelectorAll("[data-chips]")) {
  const body = start(box.dataset.chips);
  const wanted = new URLSearchParams(location.search).get(box.dataset.chipsFrom) ?? "";
  if ([...box.children].some(({ dataset }) => dataset.chip === wanted)) press(box, wanted);
  box.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-chip]");
    if (!button) return;
    press(box, button.dataset.chip);
    remember(box, button.dataset.chip);
    apply(body);
  });
}
for (const body of bodies) {
  apply(body);
  body.addEventListener("portside:rows", () => apply(body));
}
// Not during the swap: the row that the answer replaces is still there then.
document.addEventListener("htmx:afterSettle", () => bodies.forEach(apply));
