// Brings files into a draft: one after the other, the next ones while the last are being stored; over breaks and pauses.
import { HOPELESS, Line, Lost, Refused } from "./line.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const BUSY_TRIES = 30;
const IDLE = 1000;

/** A file on its way. `state`: waiting, checking, sending, storing, paused, failed, done. */
export class Task {
  constructor(path, file) {
    Object.assign(this, { path, file, size: file.size, sent: 0, state: "waiting", error: "", tries: 0 });
  }
}

class Stopped extends Error {}

export class Uploader {
  /** `told` hears of every change; `stored` maps paths to [size, sha256] of what the draft has. */
  constructor({ address, draft, hashing, stored, told }) {
    Object.assign(this, { address, draft, hashing, stored, told });
    this.tasks = new Map();
    this.queue = [];
    this.paused = false;
    this.link = "idle"; // idle, open, lost, closed
    this.wait = FIRST_WAIT;
    this.taken = 0;
    this.running = false;
    this.problem = "";
    addEventListener("online", () => this.hurry?.());
  }

  add(path, file) {
    const before = this.tasks.get(path);
    if (before && !["done", "failed"].includes(before.state)) {
      return;
    }
    const task = new Task(path, file);
    this.tasks.set(path, task);
    this.queue.push(task);
    this.run();
  }

  retry(task) {
    Object.assign(task, { state: "waiting", error: "", sent: 0 });
    this.queue.push(task);
    this.run();
  }

  cancel(task) {
    task.cancelled = true;
    this.queue = this.queue.filter((each) => each !== task);
    this.tasks.delete(task.path);
    this.told();
  }

  pause() {
    this.paused = true;
    this.line?.wake();
    this.told();
  }

  resume() {
    this.paused = false;
    this.problem = "";
    this.run();
  }

  get active() {
    return [...this.tasks.values()].some((task) => ["waiting", "checking", "sending", "storing"].includes(task.state));
  }

  async run() {
    if (this.running) {
      this.line?.wake();
      this.told();
      return;
    }
    this.running = true;
    while (!this.paused && (this.queue.length || this.storing)) {
      await this.oneLine();
    }
    this.running = false;
    this.told();
  }

  /** As much as one connection lasts for. */
  async oneLine() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const line = new Line(`${scheme}//${location.host}${this.address}`, this.draft, { took: (bytes) => this.took(bytes) });
    this.line = line;
    this.pending = new Set();
    try {
      await line.ready;
      this.link = "open";
      this.told();
      await this.work(line);
      line.close();
      this.link = "idle";
    } catch (error) {
      line.close();
      this.giveBack();
      await this.broken(error);
    }
  }

  async work(line) {
    while (!this.paused) {
      const task = this.queue.shift();
      if (task) {
        await this.bring(line, task);
      } else if (this.pending.size) {
        await line.until(() => this.queue.length || !this.pending.size || this.paused);
      } else if (!(await this.more())) {
        return;
      }
    }
    await line.until(() => !this.pending.size);
  }

  /** Whether something new comes within a moment: a connection is worth keeping for that long. */
  async more() {
    await new Promise((resolve) => setTimeout(resolve, IDLE));
    return this.queue.length > 0;
  }

  get storing() {
    return this.pending?.size ?? 0;
  }

  took(bytes) {
    this.taken += bytes;
    this.wait = FIRST_WAIT;
    this.told();
  }

  async bring(line, task) {
    try {
      await (task.size <= line.limits.frame ? this.bringSmall(line, task) : this.bringLarge(line, task));
    } catch (error) {
      this.notBrought(task, error);
    }
  }

  notBrought(task, error) {
    if (error instanceof Lost) {
      this.queue.unshift(task);
      task.state = "waiting";
      throw error;
    }
    if (error instanceof Stopped) {
      return;
    }
    if (error instanceof Refused && ["busy", "wrong_offset"].includes(error.code) && ++task.tries < BUSY_TRIES) {
      task.state = "waiting";
      setTimeout(() => this.retry(task), IDLE);
      return;
    }
    task.state = "failed";
    task.error = error.message;
    this.told();
  }

  async bringSmall(line, task) {
    task.state = "checking";
    const content = await task.file.arrayBuffer();
    const sha256 = await this.hashing.whole(content);
    if (task.cancelled || this.isThere(task, sha256)) {
      return;
    }
    task.state = "sending";
    const { stored } = await line.put(task.path, content, sha256);
    this.follow(task, stored);
  }

  async bringLarge(line, task) {
    task.state = "checking";
    this.told();
    if (this.stored.get(task.path)?.[0] === task.size && (await this.isSame(task))) {
      return;
    }
    const { id, offset } = await line.begin(task.path, task.size);
    task.state = "sending";
    task.sent = offset;
    const sha256 = await this.hashing.digest((add) => this.send(line, task, id, offset, add));
    this.follow(task, line.finish(id, sha256).stored);
  }

  /** Sends from `offset` on what the file holds, and adds all of it to the digest. */
  async send(line, task, id, offset, add) {
    for (let at = 0; at < task.size; ) {
      await this.heed(line, task, id);
      const end = at < offset ? Math.min(offset, at + 4 * line.limits.frame) : Math.min(task.size, at + line.limits.frame);
      const content = await task.file.slice(at, end).arrayBuffer();
      const added = add(content);
      if (at >= offset) {
        await line.data(id, at, content);
        task.sent = end;
      }
      await added;
      at = end;
      this.told();
    }
  }

  async heed(line, task, id) {
    if (task.cancelled) {
      await line.leave(id, true);
      throw new Stopped();
    }
    if (this.paused) {
      await line.leave(id, false);
      task.state = "paused";
      this.queue.unshift(task);
      throw new Stopped();
    }
  }

  async isSame(task) {
    const sha256 = await this.hashing.digest(async (add) => {
      for (let at = 0; at < task.size; at += 4 * 1024 * 1024) {
        await add(await task.file.slice(at, at + 4 * 1024 * 1024).arrayBuffer());
      }
    });
    return this.isThere(task, sha256);
  }

  isThere(task, sha256) {
    const there = this.stored.get(task.path);
    if (there?.[0] !== task.size || there[1] !== sha256) {
      return false;
    }
    this.finished(task, sha256);
    task.skipped = true;
    return true;
  }

  follow(task, stored) {
    task.state = "storing";
    task.sent = task.size;
    this.pending.add(task);
    const settled = (work) => (value) => {
      if (this.pending.delete(task)) {
        work(value);
      }
      this.line.wake();
    };
    stored.then(
      settled((sha256) => this.finished(task, sha256)),
      settled((error) => {
        try {
          this.notBrought(task, error);
        } catch {
          /* the connection is lost, and the file back in the queue */
        }
      }),
    );
  }

  finished(task, sha256) {
    task.state = "done";
    task.sent = task.size;
    this.stored.set(task.path, [task.size, sha256]);
    this.told("stored");
  }

  /** What was sent and not stored is sent again. */
  giveBack() {
    for (const task of this.pending) {
      task.state = "waiting";
      this.queue.unshift(task);
    }
    this.pending.clear();
  }

  async broken(error) {
    if (error instanceof Refused || HOPELESS.has(error.code)) {
      this.paused = true;
      this.link = "closed";
      this.problem = error.message;
      return;
    }
    this.link = "lost";
    this.told();
    const wait = this.wait * (0.5 + Math.random() / 2);
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
    await new Promise((resolve) => {
      this.hurry = resolve;
      setTimeout(resolve, wait);
    });
  }
}
