// <input data-filter="#rows">: shows only the rows whose text has the words; again after each swap.
function apply(input) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of document.querySelectorAll(`${input.dataset.filter} > tr`)) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
}

const inputs = document.querySelectorAll("input[data-filter]");
for (const input of inputs) input.addEventListener("input", () => apply(input));
if (inputs.length) document.addEventListener("htmx:afterSettle", () => inputs.forEach(apply));
