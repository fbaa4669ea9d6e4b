// A stepped chart over time in the portal's colours; draws itself anew when theme or width change.
import uPlot from "../../vendor/uplot/uPlot.esm.js";

const language = document.documentElement.lang || "en";
const hours = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const days = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });

function color(name) {
  // A canvas doesn't know variables, and may not know oklch with variables in it: the browser computes it.
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function faded(value, share) {
  return `color-mix(in oklab, ${value} ${share}%, transparent)`;
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

export class Chart {
  /** `draw(plot, color)` paints above the line; `read(moment)` is told where the pointer is, null when it leaves. */
  constructor(box, { stroke, height = 190, draw = () => {}, read = () => {}, format = (value) => String(value) }) {
    Object.assign(this, { box, stroke, height, draw, read, format, data: [[], []], range: null, top: null });
    new ResizeObserver(() => this.resize()).observe(box);
    addEventListener("era:theme", () => this.build());
  }

  show(data, { range = null, top = null } = {}) {
    Object.assign(this, { data, range, top });
    if (this.plot) {
      this.plot.setData(data);
    } else {
      this.build();
    }
  }

  resize() {
    if (this.plot && this.box.clientWidth) {
      this.plot.setSize({ width: this.box.clientWidth, height: this.height });
    }
  }

  build() {
    this.plot?.destroy();
    if (!this.box.clientWidth) {
      return;
    }
    this.plot = new uPlot(this.options(), this.data, this.box);
  }

  options() {
    const line = color(this.stroke);
    const axis = { stroke: color("--tblr-secondary"), font: "12px 'IBM Plex Sans Variable', sans-serif", ticks: { show: false } };
    const grid = { stroke: color("--era-grid"), width: 1 };
    return {
      width: this.box.clientWidth,
      height: this.height,
      padding: [8, 26, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: true, range: (_plot, low, high) => this.range ?? [low, high] },
        y: { range: (_plot, low, high) => this.span(low, high) },
      },
      axes: [
        { ...axis, grid: { show: false }, values: labels, space: 70 },
        { ...axis, grid, size: 52, values: (_plot, values) => values.map(this.format), space: 34 },
      ],
      series: [
        {},
        { stroke: line, width: 2, fill: faded(line, 14), paths: uPlot.paths.stepped({ align: 1 }), points: { show: false }, spanGaps: false },
      ],
      hooks: {
        draw: [(plot) => this.draw(plot, color)],
        setCursor: [(plot) => this.read(plot.cursor.left >= 0 ? plot.posToVal(plot.cursor.left, "x") : null)],
      },
    };
  }

  span(low, high) {
    const top = Math.max(high ?? 0, this.top ?? 0);
    return [0, top > 0 ? top * 1.12 : 1];
  }
}

/** Fill the box between two moments, over the whole height. */
export function band(plot, from, to, paint) {
  const { ctx, bbox } = plot;
  const left = Math.max(plot.valToPos(from, "x", true), bbox.left);
  const end = Math.max(plot.valToPos(to, "x", true), left + 4 * devicePixelRatio); // a slot of a week is still seen
  const right = Math.min(end, bbox.left + bbox.width);
  if (right > left) {
    ctx.save();
    ctx.fillStyle = faded(paint, 22);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.fillStyle = paint;
    ctx.fillRect(left, bbox.top, right - left, 3 * devicePixelRatio);
    ctx.restore();
  }
}

/** A dot at a moment and a height. */
export function dot(plot, moment, value, paint, fill) {
  const { ctx } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.arc(plot.valToPos(moment, "x", true), plot.valToPos(value, "y", true), 4 * devicePixelRatio, 0, 2 * Math.PI);
  ctx.fillStyle = fill;
  ctx.fill();
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.strokeStyle = paint;
  ctx.stroke();
  ctx.restore();
}

/** A dashed line at a height. */
export function level(plot, value, paint) {
  const { ctx, bbox } = plot;
  const y = plot.valToPos(value, "y", true);
  if (y < bbox.top || y > bbox.top + bbox.height) {
    return;
  }
  ctx.save();
  ctx.strokeStyle = paint;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
