// A job's log in a terminal: what is stored from an offset on, then what comes, nothing twice and nothing left out.
import { Terminal } from "../../vendor/xterm/lib/xterm.mjs";
import { FitAddon } from "../../vendor/xterm-fit/lib/addon-fit.mjs";
import { SteadySocket } from "./socket.js";

const COLUMNS = 80;
const SETTLED_AFTER = 1000; // milliseconds from a job's end until its money is counted, with room to spare

/** A terminal in `box` that only shows; jobs write \n, and a bare \r still goes back to the line's beginning. */
function newTerminal(box) {
  const terminal = new Terminal({
    convertEol: true,
    disableStdin: true,
    scrollback: 100_000,
    fontSize: 13,
    lineHeight: 1.25,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--tblr-font-monospace"),
    cursorBlink: false,
    cursorInactiveStyle: "none",
    screenReaderMode: true,
    minimumContrastRatio: 4.5,
    theme: { background: "#10181a", foreground: "#dbe6e4", cursor: "#10181a", selectionBackground: "#35575c" },
  });
  // Tab must leave the terminal: it reads, it doesn't type.
  terminal.attachCustomKeyEventHandler((event) => event.key !== "Tab");
  terminal.open(box);
  keepFitting(terminal, box);
  return terminal;
}

/** Progress bars are drawn for 80 columns; a narrow screen scrolls sideways rather than break them. */
function keepFitting(terminal, box) {
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  fit.fit();
  const cell = box.querySelector(".xterm-screen").getBoundingClientRect().width / terminal.cols;
  box.style.minWidth = `${Math.ceil(cell * COLUMNS + 20)}px`;
  fit.fit();
  new ResizeObserver(() => fit.fit()).observe(box);
}

/** Follow the log of the job that `box` names; `link` says how the line is. */
export function openLog(box, link) {
  const terminal = newTerminal(box);
  let offset = 0;
  let over = false;

  function write(bytes) {
    offset += bytes.byteLength;
    box.dataset.offset = String(offset);
    terminal.write(bytes);
  }

  /** The rest of the page shows what the socket told; it may have been made a moment too early. */
  function refresh() {
    document.body.dispatchEvent(new CustomEvent(`jobchange-${box.dataset.job}`));
  }

  function told(news) {
    if (news.type === "end") {
      over = true;
      setTimeout(refresh, SETTLED_AFTER);
    } else if (news.type === "state" && news.state !== box.dataset.state) {
      box.dataset.state = news.state;
      refresh();
    }
  }

  new SteadySocket(() => `${box.dataset.socket}?offset=${offset}`, {
    message(data) {
      if (typeof data === "string") {
        told(JSON.parse(data));
      } else {
        write(new Uint8Array(data));
      }
    },
    link(state) {
      link.dataset.link = over ? "closed" : state;
      link.textContent = over ? link.dataset.closed : (link.dataset[state] ?? "");
    },
    wanted: () => !over,
  });
}
