// The form of a new job: its fields, and the market's answer that follows them.
import { Chart, band, dot, level } from "./chart.js";
import { MomentField } from "./moments-input.js";
import { local, showMoments } from "./moments.js";
import { followRows } from "./rows.js";
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

function waysToRun() {
  return [...form.querySelectorAll("#also .way-row")];
}

const SECONDS = { days: 86_400, hours: 3_600, minutes: 60 };

function setDuration(seconds) {
  const unit = Object.keys(SECONDS).find((name) => seconds % SECONDS[name] === 0) ?? "minutes";
  field("duration_amount").value = Number((seconds / SECONDS[unit]).toFixed(4));
  field("duration_unit").value = unit;
}

class Quoting {
  constructor() {
    this.box = document.getElementById("quote");
    this.menu = document.getElementById("menu");
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
        this.incomplete(told.html);
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
    const names = ["units", "duration_amount", "duration_unit", "earliest", "deadline", "value", "nodes"];
    const query = new URLSearchParams(names.map((name) => [name, field(name).value.trim()]));
    for (const input of waysToRun().flatMap((row) => [...row.querySelectorAll("[name]")])) {
      query.append(input.name, input.value.trim());
    }
    return `${form.dataset.quote.replace("POOL", encodeURIComponent(field("pool").value))}?${query}`;
  }

  show(answer) {
    this.answer = answer;
    this.replace(this.box, answer.html, "offer");
    this.replace(this.menu, answer.menu_html, "menu");
    const { start, step, length, price } = answer.curve;
    this.row = { start, step, length, runs: price };
    const top = answer.value !== null && answer.price !== null && answer.value < 3 * answer.price ? answer.value : null;
    this.chart.show(points(this.row), { top });
    this.tell(null);
  }

  /** Put a piece of page into a box; what `data-[kind]` had the focus keeps it. */
  replace(box, html, kind) {
    const hadFocus = box.contains(document.activeElement) ? document.activeElement.dataset[kind] : null;
    box.innerHTML = html;
    showMoments(box);
    if (hadFocus) {
      box.querySelector(`[data-${kind}="${hadFocus}"]`)?.focus();
    }
  }

  mark(plot, color) {
    const { start, end, value, menu, menu_html: hasMenu } = this.answer ?? {};
    if (start) {
      band(plot, start, end, color("--tblr-primary"));
    }
    if (value !== null && value !== undefined) {
      level(plot, value, color("--era-mine"));
    }
    if (hasMenu) {
      for (const entry of menu) {
        dot(plot, entry.start, entry.price, color("--era-price"), color("--tblr-bg-surface"));
      }
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

  /** What can't be asked yet, or, with `html` that says so, never. */
  incomplete(html) {
    if (html) {
      this.box.innerHTML = html;
      this.menu.replaceChildren();
    }
    this.box.querySelector(".ticket")?.classList.add("ticket-waiting");
  }

  failed() {
    this.box.replaceChildren(document.getElementById("quote-failed").content.cloneNode(true));
  }
}

function take(offer, quoting, deadline) {
  const { offer: kind, units, duration, value, deadline: until } = offer.dataset;
  const others = waysToRun(); // an offer is for one way to run
  others.forEach((row) => row.remove());
  if (kind === "units" || others.length) {
    field("units").value = units;
  }
  if (kind === "duration" || others.length) {
    setDuration(Number(duration));
  }
  if (kind === "value") {
    field("value").value = value;
  } else if (kind === "deadline") {
    deadline.moment = new Date(until);
  }
  quoting.ask();
}

/** Choosing a start of the menu narrows the window to it; the window as it was can be had back. */
class Choosing {
  constructor(quoting, earliest, deadline) {
    Object.assign(this, { quoting, earliest, deadline, before: null });
    this.back = document.getElementById("menu-back");
    this.back.addEventListener("click", () => this.undo());
  }

  choose({ earliest, deadline, value }) {
    this.before ??= { earliest: this.earliest.sent.value, deadline: this.deadline.sent.value, value: field("value").value };
    this.earliest.moment = new Date(earliest);
    this.deadline.moment = new Date(deadline);
    if (value) {
      field("value").value = value;
    }
    this.back.hidden = false;
    this.back.focus();
    this.quoting.ask();
  }

  undo() {
    const { earliest, deadline, value } = this.before;
    this.earliest.moment = earliest ? new Date(earliest) : null;
    this.deadline.moment = deadline ? new Date(deadline) : null;
    field("value").value = value;
    this.forget();
    this.deadline.input.focus();
    this.quoting.ask();
  }

  /** The window was changed by hand. */
  forget() {
    this.before = null;
    this.back.hidden = true;
  }
}

function begin() {
  const quoting = new Quoting();
  const changed = () => {
    choosing.forget();
    quoting.soon();
  };
  const earliest = new MomentField(field("earliest"), changed);
  const deadline = new MomentField(field("deadline"), changed);
  const choosing = new Choosing(quoting, earliest, deadline);
  form.addEventListener("input", () => quoting.soon());
  form.addEventListener("change", chooseKind);
  form.addEventListener("click", (event) => {
    const offer = event.target.closest("[data-offer]");
    const entry = event.target.closest("[data-menu]");
    const within = event.target.closest("[data-within]");
    if (offer) {
      take(offer, quoting, deadline);
    } else if (entry) {
      choosing.choose(entry.dataset);
    } else if (within) {
      choosing.forget();
      const from = Math.max(Date.now(), earliest.input.value ? new Date(earliest.input.value).getTime() : 0);
      deadline.moment = new Date(Math.ceil((from + Number(within.dataset.within) * 1000) / 60_000) * 60_000);
      quoting.ask();
    }
  });
  followCode();
  followRows("env", "env-row");
  followRows("datasets", "dataset-row");
  followRows("also", "way-row");
  chooseKind();
  quoting.ask();
}

if (form) {
  begin();
}
