// The form of a sweep: its moments and variables, how many jobs it comes to, and how far their pricing is.
import { followRows } from "./rows.js";
import { MomentField } from "./moments-input.js";

const form = document.getElementById("sweep-form");
const count = document.getElementById("sweep-count");
const box = document.getElementById("sweep-progress");
const bar = box.querySelector("progress");

function combinations() {
  const lines = form.elements.parameters.value.split("\n").filter((line) => line.trim());
  const sizes = lines.map((line) => line.slice(line.indexOf("=") + 1).split(",").filter((value) => value.trim()).length);
  return lines.length ? sizes.reduce((all, size) => all * size, 1) : 0;
}

function tellCount() {
  count.textContent = count.dataset.text.replace("{count}", combinations().toLocaleString(document.documentElement.lang));
}

function tellProgress({ priced, size }) {
  bar.max = size;
  bar.value = priced;
  const words = box.querySelector("output");
  const written = (number) => number.toLocaleString(document.documentElement.lang);
  words.textContent = words.dataset.text.replace("{priced}", written(priced)).replace("{size}", written(size));
}

followRows("env", "env-row");
followRows("datasets", "dataset-row");
for (const name of ["earliest", "deadline"]) {
  new MomentField(form.elements[name], () => {});
}
form.elements.parameters.addEventListener("input", tellCount);
tellCount();
form.addEventListener("submit", () => {
  box.hidden = false;
  tellProgress({ priced: 0, size: combinations() || 1 });
});
addEventListener("pageshow", () => (box.hidden = true));
document.body.addEventListener("batchpriced", (event) => {
  if (event.detail.key === form.elements.idempotency_key.value) {
    tellProgress(event.detail);
  }
});
