// SHA-256 of a file, in a worker; several files at a time take turns.
export class Hashing {
  /** `address` is that of hasher.js. */
  constructor(address) {
    this.worker = new Worker(address, { type: "module" });
    this.waiting = new Map();
    this.number = 0;
    this.turn = Promise.resolve();
    this.worker.addEventListener("message", ({ data }) => {
      this.waiting.get(data.number)(data.digest);
      this.waiting.delete(data.number);
    });
  }

  /** Of all of a small file. */
  whole(bytes) {
    return this.ask("whole", bytes);
  }

  /** Runs `work(add)` when it is this one's turn, and gives the digest of all that was added. */
  async digest(work) {
    const before = this.turn;
    let done;
    this.turn = new Promise((resolve) => (done = resolve));
    await before;
    try {
      await this.ask("begin");
      await work((bytes) => this.ask("add", bytes));
      return await this.ask("end");
    } finally {
      done();
    }
  }

  ask(op, bytes) {
    return new Promise((resolve) => {
      this.waiting.set(++this.number, resolve);
      this.worker.postMessage({ number: this.number, op, bytes });
    });
  }
}
