// The form of a new job: its fields, and the market's answer that follows them.
import { Chart, band, level } from "./chart.js";
import { followEnvironment } from "./environment.js";
import { MomentField } from "./moments-input.js";
import { local, showMoments } from "./moments.js";
import { points, valueAt } from "./runs.js";

const QUIET = 250; // milliseconds without a change before the market is asked
const AGAIN = 15_000; // prices move: ask again while the page is looked at
const MOST = 64 * 1024 * 1024;

const form = document.getElementById("job-form");
const field = (name) => form.elements[name];

function chooseKind() {
  const chosen = new FormData(form).get("command_kind");
  for (const part of form.querySelectorAll("[data-kind]")) {
    part.hidden = part.dataset.kind !== chosen;
  }
}

function followCode() {
  const input = document.getElementById("id_code");
  const drop = document.getElementById("drop");
  const name = document.getElementById("drop-name");
  const tell = () => {
    const file = input.files[0];
    const tooLarge = file && file.size > MOST;
    name.textContent = file ? `${file.name} (${size(file.size)})${tooLarge ? `: ${name.dataset.tooLarge}` : ""}` : "";
    name.classList.toggle("text-danger", Boolean(tooLarge));
    input.setCustomValidity(tooLarge ? name.dataset.tooLarge : "");
  };
  input.addEventListener("change", tell);
  for (const kind of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("is-over", kind === "dragover");
    });
  }
  drop.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      tell();
    }
  });
  document.getElementById("drop-code")?.addEventListener("click", (event) => {
    field("code_id").value = "";
    name.textContent = "";
    event.target.remove();
  });
}

function size(bytes) {
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

class Quoting {
  constructor() {
    this.box = document.getElementById("quote");
    this.busy = document.getElementById("quote-busy");
    this.readout = document.getElementById("readout");
    this.answer = null;
    const curve = document.getElementById("curve");
    this.texts = curve.dataset;
    this.chart = new Chart(curve, {
      stroke: "--era-price",
      height: 200,
      draw: (plot, color) => this.mark(plot, color),
      read: (moment) => this.tell(moment),
      format: (value) => value.toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 3 }),
    });
    setInterval(() => document.visibilityState === "visible" && this.ask(), AGAIN);
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), QUIET);
  }

  async ask() {
    clearTimeout(this.timer);
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.busy.hidden = false;
    try {
      const response = await fetch(this.address(), { signal: asking.signal, headers: { Accept: "application/json" } });
      const told = await response.json();
      if (response.ok) {
        this.show(told);
      } else if (response.status === 400) {
        this.incomplete();
      } else {
        this.failed();
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        this.failed();
      }
    } finally {
      if (asking === this.asking) {
        this.busy.hidden = true;
      }
    }
  }

  address() {
    const names = ["units", "duration_amount", "duration_unit", "earliest", "deadline", "value"];
    const query = new URLSearchParams(names.map((name) => [name, field(name).value.trim()]));
    return `${form.dataset.quote.replace("POOL", encodeURIComponent(field("pool").value))}?${query}`;
  }

  show(answer) {
    this.answer = answer;
    const hadFocus = this.box.contains(document.activeElement) ? document.activeElement.dataset.offer : null;
    this.box.innerHTML = answer.html;
    showMoments(this.box);
    if (hadFocus) {
      this.box.querySelector(`[data-offer="${hadFocus}"]`)?.focus();
    }
    const { start, step, length, price } = answer.curve;
    this.row = { start, step, length, runs: price };
    const top = answer.value !== null && answer.price !== null && answer.value < 3 * answer.price ? answer.value : null;
    this.chart.show(points(this.row), { top });
    this.tell(null);
  }

  mark(plot, color) {
    const { start, end, value } = this.answer ?? {};
    if (start) {
      band(plot, start, end, color("--tblr-primary"));
    }
    if (value !== null && value !== undefined) {
      level(plot, value, color("--era-mine"));
    }
  }

  tell(moment) {
    if (moment === null || !this.row?.runs.length) {
      this.readout.textContent = "\u00a0";
      return;
    }
    const price = valueAt(this.row, moment);
    const at = new Date((Math.floor((moment - this.row.start) / this.row.step) * this.row.step + this.row.start) * 1000);
    const text = price === null ? this.texts.textNone : this.texts.textPrice.replace("{price}", price.toFixed(2));
    this.readout.textContent = `${local(at)}: ${text}`;
  }

  incomplete() {
    this.box.querySelector(".ticket")?.classList.add("ticket-waiting");
  }

  failed() {
    this.box.replaceChildren(document.getElementById("quote-failed").content.cloneNode(true));
  }
}

function take(offer, quoting, deadline) {
  const { offer: kind, units, value, deadline: until } = offer.dataset;
  if (kind === "units") {
    field("units").value = units;
  } else if (kind === "value") {
    field("value").value = value;
  } else {
    deadline.moment = new Date(until);
  }
  quoting.ask();
}

function begin() {
  const quoting = new Quoting();
  const earliest = new MomentField(field("earliest"), () => quoting.soon());
  const deadline = new MomentField(field("deadline"), () => quoting.soon());
  form.addEventListener("input", () => quoting.soon());
  form.addEventListener("change", chooseKind);
  form.addEventListener("click", (event) => {
    const offer = event.target.closest("[data-offer]");
    const within = event.target.closest("[data-within]");
    if (offer) {
      take(offer, quoting, deadline);
    } else if (within) {
      const from = Math.max(Date.now(), earliest.input.value ? new Date(earliest.input.value).getTime() : 0);
      deadline.moment = new Date(Math.ceil((from + Number(within.dataset.within) * 1000) / 60_000) * 60_000);
      quoting.ask();
    }
  });
  followCode();
  followEnvironment();
  chooseKind();
  quoting.ask();
}

if (form) {
  begin();
}
