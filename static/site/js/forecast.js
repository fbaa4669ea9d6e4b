// Draws an operator's charts of a pool's forecasts, anew when theme or width change. The table beside has the same numbers.
import uPlot from "../../vendor/uplot/uPlot.esm.js";

const HEIGHT = 180;
const told = JSON.parse(document.getElementById("forecast-data").textContent);
const language = document.documentElement.lang || "en";
const days = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
const hours = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function labels(_plot, moments) {
  let shown = "";
  return moments.map((moment) => {
    const date = new Date(moment * 1000);
    const today = days.format(date);
    const text = today === shown ? hours.format(date) : `${hours.format(date)}\n${today}`;
    shown = today;
    return text;
  });
}

function line(name, dash, points) {
  return { stroke: color(name), width: 2, dash, points: { show: points, size: 6, stroke: color(name) } };
}

class Drawing {
  constructor(box, data, lines, top) {
    Object.assign(this, { box, data, lines, top });
    new ResizeObserver(() => this.resize()).observe(box);
    new MutationObserver(() => this.build()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.build());
  }

  resize() {
    if (!this.plot) {
      this.build();
    } else if (this.box.clientWidth) {
      this.plot.setSize({ width: this.box.clientWidth, height: HEIGHT });
    }
  }

  build() {
    this.plot?.destroy();
    this.plot = null;
    if (!this.box.clientWidth) {
      return;
    }
    const axis = { stroke: color("--body-quiet-color"), ticks: { show: false } };
    const sparse = this.data[0].length < 40;
    this.plot = new uPlot(
      {
        width: this.box.clientWidth,
        height: HEIGHT,
        padding: [8, 26, 0, 0],
        tzDate: (moment) => uPlot.tzDate(new Date(moment * 1000), "Etc/UTC"),
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: true, range: (_plot, low, high) => (low === high ? [low - 3600, high + 3600] : [low, high]) },
          y: { range: (_plot, _low, high) => [0, this.top ?? (high > 0 ? high * 1.1 : 1)] },
        },
        axes: [
          { ...axis, grid: { show: false }, values: labels, space: 70 },
          { ...axis, grid: { stroke: color("--hairline-color"), width: 1 }, size: 52, space: 34 },
        ],
        series: [{}, ...this.lines.map(([name, dash]) => line(name, dash, sparse))],
      },
      this.data,
      this.box,
    );
  }
}

for (const box of document.querySelectorAll("[data-level]")) {
  const { said, came } = told.levels[Number(box.dataset.level)];
  new Drawing(box, [told.moments, said, came], [["--forecast-said", [6, 4]], ["--forecast-came", []]], null);
}
const served = document.querySelector("[data-served]");
if (served) {
  new Drawing(served, [told.served.moments, told.served.percent], [["--forecast-came", []]], 100);
}
