// A WebSocket that comes back by itself, waiting longer each time, with some chance in it.
export class SteadySocket {
  /** `address()` gives the path each time it connects, so that it can carry on from an offset. */
  constructor(address, { message, link = () => {}, wanted = () => true }) {
    Object.assign(this, { address, message, link, wanted, waits: 0, ended: false });
    this.connect();
    addEventListener("online", () => this.hurry());
    addEventListener("pagehide", () => this.end());
    addEventListener("pageshow", (event) => event.persisted && this.resume());
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.address()}`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.addEventListener("open", () => {
      if (this.ended) {
        socket.close();
      } else {
        this.link("open");
      }
    });
    socket.addEventListener("message", (event) => {
      this.waits = 0;
      if (socket === this.socket) {
        this.message(event.data);
      }
    });
    socket.addEventListener("close", () => socket === this.socket && this.lost());
  }

  lost() {
    if (this.ended || !this.wanted()) {
      this.link("closed");
      return;
    }
    this.link("lost");
    const wait = Math.min(30_000, 500 * 2 ** this.waits++) * (0.5 + Math.random());
    this.timer = setTimeout(() => this.connect(), wait);
  }

  hurry() {
    if (!this.ended && this.socket.readyState === WebSocket.CLOSED) {
      clearTimeout(this.timer);
      this.waits = 0;
      this.connect();
    }
  }

  resume() {
    this.ended = false;
    this.hurry();
  }

  end() {
    this.ended = true;
    clearTimeout(this.timer);
    // Closing one that is still being opened is an error in the console; it is closed when it opens.
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.close();
    }
  }
}
