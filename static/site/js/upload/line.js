// One connection of the transfer protocol (docs/transfer.md), as far as bringing files in needs it.
const encoder = new TextEncoder();
export const HOPELESS = new Set([1007, 1009, 4400, 4401, 4404]); // close codes after which trying again is of no use

export class Lost extends Error {
  constructor(code, reason) {
    super(reason || `the connection was lost (${code})`);
    this.code = code;
  }
}

export class Refused extends Error {
  constructor({ code, detail }) {
    super(detail);
    this.code = code;
  }
}

export class Line {
  /** `took(bytes)` hears of content that has gone through. */
  constructor(address, draft, { took }) {
    this.took = took;
    this.answers = new Map();
    this.stored = new Map();
    this.idle = [];
    this.number = 0;
    this.limits = null;
    this.ready = this.wait("opened");
    this.ready.catch(() => {});
    this.lost = null;
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("message", ({ data }) => this.hear(JSON.parse(data), draft));
    this.socket.addEventListener("close", ({ code, reason }) => this.end(new Lost(code, reason)));
  }

  hear(news, draft) {
    if (news.op === "ready") {
      this.limits = news;
      this.room = news.chunk;
      this.tell({ op: "open", version: draft });
    } else if (news.op === "opened") {
      this.answer("opened", news);
    } else if (news.op === "got") {
      this.room += news.bytes;
      this.took(news.bytes);
    } else if (news.op === "stored") {
      news.ids.forEach((id, at) => this.settle(id, news.sha256[at]));
    } else if (news.op === "failed") {
      this.fail(news);
    } else {
      this.answer(news.id, news);
    }
    this.wake();
  }

  fail(news) {
    const why = new Refused(news);
    if (news.id === undefined) {
      this.end(why);
      this.close();
      return;
    }
    this.answers.get(news.id)?.reject(why);
    this.answers.delete(news.id);
    this.stored.get(news.id)?.reject(why);
    this.stored.delete(news.id);
  }

  settle(id, sha256) {
    this.stored.get(id)?.resolve(sha256);
    this.stored.delete(id);
  }

  wait(key, map = this.answers) {
    const waiting = new Promise((resolve, reject) => map.set(key, { resolve, reject }));
    waiting.catch(() => {}); // whoever awaits it hears of it all the same
    return waiting;
  }

  answer(key, news) {
    this.answers.get(key)?.resolve(news);
    this.answers.delete(key);
  }

  end(why) {
    this.lost ??= why;
    for (const map of [this.answers, this.stored]) {
      map.forEach(({ reject }) => reject(this.lost));
      map.clear();
    }
    this.wake();
  }

  close() {
    this.socket.close();
  }

  wake() {
    this.idle.splice(0).forEach((resolve) => resolve());
  }

  /** Until the server has told enough for `is()` to be true. */
  async until(is) {
    while (!this.lost && !is()) {
      await new Promise((resolve) => this.idle.push(resolve));
    }
    if (this.lost) {
      throw this.lost;
    }
  }

  tell(news) {
    this.socket.send(JSON.stringify(news));
  }

  async send(header, content) {
    await this.until(() => this.room >= content.byteLength || this.room === this.limits.chunk);
    const words = encoder.encode(JSON.stringify(header));
    const frame = new Uint8Array(4 + words.length + content.byteLength);
    new DataView(frame.buffer).setUint32(0, words.length);
    frame.set(words, 4);
    frame.set(new Uint8Array(content), 4 + words.length);
    this.room -= content.byteLength;
    this.socket.send(frame);
  }

  /** Send a small file; gives what comes when it is stored. */
  async put(path, content, sha256) {
    await this.until(() => this.stored.size < this.limits.pipeline);
    const id = ++this.number;
    const stored = this.wait(id, this.stored);
    await this.send({ op: "put", id, path, size: content.byteLength, sha256 }, content);
    return { stored };
  }

  /** Announce a large file: its number, and how much of it is there. */
  async begin(path, size) {
    await this.until(() => this.limits);
    const id = ++this.number;
    const at = this.wait(id);
    this.tell({ op: "begin", id, path, size });
    return { id, offset: (await at).offset };
  }

  data(id, offset, content) {
    return this.send({ op: "data", id, offset }, content);
  }

  finish(id, sha256) {
    const stored = this.wait(id, this.stored);
    this.tell({ op: "end", id, sha256 });
    return { stored };
  }

  /** Stop a large file; what is there stays, unless it is to be discarded. */
  async leave(id, discard) {
    const left = this.wait(id);
    this.tell(discard ? { op: "leave", id, discard } : { op: "leave", id });
    await left;
  }
}
