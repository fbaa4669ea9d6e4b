// The page of a draft: files are dropped or chosen, and how far they have come is shown, also those of an earlier visit.
import { Hashing } from "./upload/hashing.js";
import { allowed, forget, handlesOf, keep, kept } from "./upload/memory.js";
import { Speed, duration, size } from "./upload/measures.js";
import { Uploader } from "./upload/uploader.js";
import { chosen, dropped, remembered } from "./upload/walk.js";

const MOST_LINES = 60;
const EVERY = 200; // milliseconds between two looks at how far it is
const RENEW = 2000; // and between two at what the draft holds

const box = document.getElementById("upload");
const texts = box.dataset;
const find = (name) => box.querySelector(`[data-part=${name}]`);
const written = (number) => number.toLocaleString(document.documentElement.lang);
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
const csrf = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

class Page {
  constructor() {
    this.lines = new Map();
    this.stored = new Map();
    this.unfinished = new Map();
    this.speed = new Speed();
    this.walking = 0;
    this.uploader = new Uploader({
      address: texts.socket,
      draft: texts.draft,
      hashing: new Hashing(texts.hasher),
      stored: this.stored,
      told: (what) => this.soon(what),
    });
    this.follow();
    this.known = this.learn();
  }

  follow() {
    for (const name of ["files", "folder"]) {
      const input = find(`choose-${name}`);
      input.addEventListener("change", () => this.take(chosen(input), () => (input.value = "")));
      find(`open-${name}`).addEventListener("click", () => input.click());
    }
    this.followDrops();
    find("pause").addEventListener("click", () => this.uploader.pause());
    find("resume").addEventListener("click", () => this.uploader.resume());
    find("retry").addEventListener("click", () => this.each("failed", (task) => this.uploader.retry(task)));
    find("stop").addEventListener("click", () => this.stop());
    find("go-on").addEventListener("click", () => this.goOn());
    addEventListener("beforeunload", (event) => this.uploader.active && !this.uploader.paused && event.preventDefault());
  }

  followDrops() {
    let depth = 0;
    const over = (more) => {
      depth = Math.max(0, depth + more);
      find("drop").classList.toggle("is-over", depth > 0);
    };
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    document.addEventListener("dragenter", (event) => hasFiles(event) && over(1));
    document.addEventListener("dragleave", (event) => hasFiles(event) && over(-1));
    document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    document.addEventListener("drop", (event) => {
      if (hasFiles(event)) {
        event.preventDefault();
        over(-depth);
        const handles = handlesOf(event.dataTransfer);
        this.take(dropped(event.dataTransfer));
        handles.then((found) => found.length && keep(texts.draft, found));
      }
    });
  }

  /** What the draft has already, and what is there in part. */
  async learn() {
    try {
      const [files, uploads] = await Promise.all([fetch(texts.files), fetch(texts.uploads)]);
      for (const line of (await files.text()).split("\n").filter(Boolean)) {
        const [path, bytes, sha256] = JSON.parse(line);
        this.stored.set(path, [bytes, sha256]);
      }
      for (const each of (await uploads.json()).uploads) {
        this.unfinished.set(each.path, each);
      }
    } catch {
      /* then nothing is skipped, and the server says where each file is */
    }
    this.handles = await kept(texts.draft);
    this.show();
  }

  async take(files, after = () => {}) {
    const atTop = find("at-top").checked;
    this.walking += 1;
    find("problem").hidden = true;
    try {
      await this.known;
      for await (const [path, file] of files) {
        const named = atTop ? path.slice(path.indexOf("/") + 1) : path;
        this.unfinished.delete(named);
        this.uploader.add(named, file);
      }
    } catch (error) {
      this.problem(say(texts.unreadable, { why: error.message }));
    }
    this.walking -= 1;
    after();
    this.soon();
  }

  async goOn() {
    if (await allowed(this.handles)) {
      const handles = this.handles;
      this.handles = [];
      this.take(remembered(handles));
    }
  }

  stop() {
    for (const task of [...this.uploader.tasks.values()].filter((each) => each.state !== "done")) {
      this.uploader.cancel(task);
    }
    this.uploader.resume();
    this.discardKept();
  }

  discardKept() {
    this.handles = [];
    forget(texts.draft);
  }

  each(state, work) {
    [...this.uploader.tasks.values()].filter((task) => task.state === state).forEach(work);
  }

  problem(text) {
    find("problem").hidden = !text;
    find("problem-text").textContent = text;
  }

  soon(what) {
    if (what === "stored") {
      this.renewLater ??= setTimeout(() => this.renew(), RENEW);
    }
    this.later ??= setTimeout(() => {
      this.later = null;
      this.show();
    }, EVERY);
  }

  renew() {
    this.renewLater = null;
    document.body.dispatchEvent(new CustomEvent("draftchange"));
  }

  show() {
    const tasks = [...this.uploader.tasks.values()];
    this.showTotal(tasks);
    this.showLines(tasks);
    this.showUnfinished();
    if (tasks.length && tasks.every((task) => task.state === "done") && !this.walking) {
      this.finish();
    } else {
      this.isFinished = false;
    }
  }

  finish() {
    if (!this.isFinished) {
      this.isFinished = true;
      this.discardKept();
      clearTimeout(this.renewLater);
      this.renew();
    }
  }

  showTotal(tasks) {
    const done = tasks.filter((task) => task.state === "done");
    const failed = tasks.filter((task) => task.state === "failed");
    const all = tasks.reduce((sum, task) => sum + task.size, 0);
    const sent = tasks.reduce((sum, task) => sum + (task.state === "done" ? task.size : task.sent), 0);
    const moving = this.uploader.active && !this.uploader.paused;
    find("total").hidden = !tasks.length;
    Object.assign(find("bar"), { max: all || 1, value: all ? sent : done.length === tasks.length ? 1 : 0 });
    find("bar").classList.toggle("is-paused", this.uploader.paused);
    find("count").textContent = say(texts.count, { done: written(done.length), all: written(tasks.length), sent: size(sent), total: size(all) });
    find("state").textContent = this.state(tasks, failed, all - sent, moving);
    find("pause").hidden = !moving;
    find("resume").hidden = !this.uploader.paused || !tasks.some((task) => ["waiting", "paused", "checking"].includes(task.state));
    find("stop").hidden = tasks.every((task) => task.state === "done");
    find("retry").hidden = !failed.length;
    box.dataset.state = tasks.length && !moving && !this.uploader.paused && !failed.length && !this.walking ? "done" : moving ? "busy" : "idle";
    for (const button of document.querySelectorAll("[data-when-quiet]")) {
      button.disabled = moving || this.walking > 0;
    }
    if (this.uploader.problem) {
      this.problem(this.uploader.problem);
    }
  }

  state(tasks, failed, left, moving) {
    const speed = this.speed.of(this.uploader.taken);
    if (this.uploader.paused) {
      return texts.paused;
    }
    if (moving && this.uploader.link === "lost") {
      return texts.lost;
    }
    if (moving) {
      return speed ? say(texts.speed, { speed: size(speed), left: duration(left / speed) }) : texts.begins;
    }
    if (failed.length) {
      return say(texts.failed, { count: written(failed.length) });
    }
    const skipped = tasks.filter((task) => task.skipped).length;
    return skipped ? say(texts.skipped, { count: written(skipped) }) : texts.done;
  }

  /** Those that failed, those under way, and the next; a folder may have many thousands. */
  showLines(tasks) {
    const rank = { failed: 0, sending: 1, checking: 1, paused: 1, storing: 2, waiting: 3 };
    const open = tasks.filter((task) => task.state !== "done");
    const few = open.length > MOST_LINES ? [...open].sort((one, other) => rank[one.state] - rank[other.state]) : open;
    const shown = few.slice(0, MOST_LINES);
    const names = new Set(shown.map((task) => task.path));
    for (const [path, line] of this.lines) {
      if (!names.has(path)) {
        line.remove();
        this.lines.delete(path);
      }
    }
    shown.forEach((task) => this.showLine(task));
    find("more").hidden = open.length <= MOST_LINES;
    find("more").textContent = say(texts.more, { count: written(open.length - shown.length) });
  }

  showLine(task) {
    let line = this.lines.get(task.path);
    if (!line) {
      line = document.getElementById("upload-line").content.cloneNode(true).firstElementChild;
      this.lines.set(task.path, line);
      find("lines").append(line);
      line.querySelector("[data-name]").textContent = line.querySelector("[data-name]").title = task.path;
      const cancel = line.querySelector("[data-cancel]");
      cancel.setAttribute("aria-label", say(texts.cancel, { name: task.path }));
      cancel.addEventListener("click", () => this.uploader.cancel(task));
    }
    Object.assign(line.querySelector("progress"), { max: task.size || 1, value: task.sent });
    line.querySelector("progress").hidden = task.state === "failed" || task.state === "waiting";
    line.querySelector("[data-size]").textContent = task.sent && task.sent < task.size ? `${size(task.sent)} / ${size(task.size)}` : size(task.size);
    line.querySelector("[data-error]").hidden = !task.error;
    line.querySelector("[data-error-text]").textContent = task.error;
    line.dataset.state = task.state;
  }

  showUnfinished() {
    const there = [...this.unfinished.values()].slice(0, MOST_LINES);
    const canGoOn = Boolean(this.handles?.length) && !this.uploader.tasks.size;
    find("unfinished").hidden = !there.length && !canGoOn;
    find("go-on").hidden = !canGoOn;
    find("again").hidden = canGoOn;
    find("unfinished-lines").replaceChildren(...there.map((each) => this.unfinishedLine(each)));
  }

  unfinishedLine({ path, at, size: bytes }) {
    const line = document.getElementById("upload-line").content.cloneNode(true).firstElementChild;
    line.querySelector("[data-name]").textContent = line.querySelector("[data-name]").title = path;
    Object.assign(line.querySelector("progress"), { max: bytes || 1, value: at, className: "upload-bar is-paused" });
    line.querySelector("[data-size]").textContent = `${size(at)} / ${size(bytes)}`;
    const cancel = line.querySelector("[data-cancel]");
    cancel.setAttribute("aria-label", say(texts.forget, { name: path }));
    cancel.addEventListener("click", () => this.forget(path));
    return line;
  }

  async forget(path) {
    await fetch(texts.discard, { method: "POST", headers: { "X-CSRFToken": csrf }, body: new URLSearchParams({ path }) });
    this.unfinished.delete(path);
    this.show();
  }
}

new Page();
