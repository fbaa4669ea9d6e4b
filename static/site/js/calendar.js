// A pool's calendar: price and free units of each slot, one's own reservations, an hour or a week at a time.
import { Chart, band } from "./chart.js";
import { local } from "./moments.js";
import { points, valueAt } from "./runs.js";

const AGAIN = 20_000;
const box = document.getElementById("calendar");
const readout = document.getElementById("readout");
const units = document.getElementById("units");
const texts = box.dataset;

let prices = null;
let mine = [];
let span = 0;
let from = 0;

const common = {
  draw: (plot, color) => mine.forEach(({ start, end }) => band(plot, start, end, color("--era-mine"))),
  read: tell,
};
const brief = (value) => value.toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 3 });
const priceChart = new Chart(document.getElementById("price-chart"), { ...common, stroke: "--era-price", height: 220, format: brief });
const freeChart = new Chart(document.getElementById("free-chart"), { ...common, stroke: "--era-curve", height: 150, format: brief });

function row(runs) {
  return { start: prices.start, step: prices.step, length: prices.slots, runs };
}

function range() {
  const last = prices.start + prices.slots * prices.step;
  if (!span) {
    return [prices.start, last];
  }
  from = Math.min(Math.max(from, prices.start), Math.max(last - span, prices.start));
  return [from, Math.min(from + span, last)];
}

function draw() {
  if (!prices) {
    return;
  }
  const shown = range();
  priceChart.show(points(row(prices.cost)), { range: shown });
  freeChart.show(points(row(prices.free)), { range: shown });
  tell(null);
}

function tell(moment) {
  if (!prices) {
    return;
  }
  const at = moment === null ? range()[0] : moment;
  const slot = prices.start + Math.floor((at - prices.start) / prices.step) * prices.step;
  const price = valueAt(row(prices.cost), slot);
  const free = texts.textFree.replace("{free}", valueAt(row(prices.free), slot) ?? 0).replace("{capacity}", valueAt(row(prices.capacity), slot) ?? 0);
  const own = mine.filter(({ start, end }) => start <= slot && slot < end).map(({ name }) => texts.textMine.replace("{name}", name));
  const cost = price === null ? texts.textNone : texts.textPrice.replace("{price}", price.toFixed(2));
  readout.textContent = [local(new Date(slot * 1000)), cost, free, ...own].join(" · ");
}

function listMine() {
  document.getElementById("mine-none").hidden = mine.length > 0;
  document.getElementById("mine").replaceChildren(
    ...mine.map(({ name, url, start, end }) => {
      const link = Object.assign(document.createElement("a"), { className: "line", href: url });
      const title = Object.assign(document.createElement("span"), { className: "clip flex-fill fw-semibold", textContent: name });
      const when = Object.assign(document.createElement("span"), { className: "small flex-shrink-0 num" });
      when.textContent = `${local(new Date(start * 1000), "short")} – ${local(new Date(end * 1000), "short")}`;
      link.append(title, when);
      const item = document.createElement("li");
      item.append(link);
      return item;
    }),
  );
}

async function load() {
  try {
    const wanted = Math.max(1, Number.parseInt(units.value, 10) || 1);
    const answers = await Promise.all([fetch(`${texts.prices}?units=${wanted}`), fetch(texts.reservations)]);
    if (!answers.every((answer) => answer.ok)) {
      throw new Error(answers.map((answer) => answer.status).join());
    }
    const [told, own] = await Promise.all(answers.map((answer) => answer.json()));
    prices = told;
    mine = own.reservations;
    draw();
    listMine();
  } catch {
    readout.textContent = texts.textFailed;
  }
}

box.addEventListener("click", (event) => {
  const zoom = event.target.closest("[data-span]");
  const move = event.target.closest("[data-move]");
  if (zoom) {
    span = Number(zoom.dataset.span);
    for (const each of box.querySelectorAll("[data-span]")) {
      each.classList.toggle("active", each === zoom);
      each.setAttribute("aria-pressed", String(each === zoom));
    }
  } else if (move) {
    from += (Number(move.dataset.move) * (span || prices.slots * prices.step)) / 2;
  } else {
    return;
  }
  draw();
});

let timer;
units.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(load, 250);
});
document.body.addEventListener("jobchange", load);
setInterval(() => document.visibilityState === "visible" && load(), AGAIN);
load();
