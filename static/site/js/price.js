// The chart of a job's possible starts: what each would have cost, and which one it was.
import { Chart, band, level } from "./chart.js";
import { local } from "./moments.js";
import { points, valueAt } from "./runs.js";

const box = document.getElementById("starts-chart");
if (box) {
  const readout = document.getElementById("starts-readout");
  const texts = box.dataset;
  const row = JSON.parse(texts.starts);
  const brief = (value) => value.toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 3 });

  const tell = (moment) => {
    const at = moment ?? row.chosen ?? row.start;
    const last = row.start + (row.length - 1) * row.step;
    const slot = Math.min(last, Math.max(row.start, row.start + Math.floor((at - row.start) / row.step) * row.step));
    const price = valueAt(row, slot);
    const cost = price === null ? texts.textNone : texts.textPrice.replace("{price}", price.toFixed(6).replace(/\.?0+$/, ""));
    readout.textContent = [local(new Date(slot * 1000)), cost, ...(slot === row.chosen ? [texts.textChosen] : [])].join(" · ");
  };
  const chart = new Chart(box, {
    stroke: "--era-price",
    height: 220,
    format: brief,
    read: tell,
    draw: (plot, color) => {
      if (row.chosen !== null) {
        band(plot, row.chosen, row.chosen + row.step, color("--era-mine"));
      }
      level(plot, row.value, color("--tblr-secondary"));
    },
  });
  chart.show(points(row), { range: [row.start, row.start + row.length * row.step] });
  tell(null);
}
