// A job's page: opens the terminal, at once or as soon as the page learns that the job has begun.
import { openLog } from "./log.js";

function openTerminal() {
  const box = document.getElementById("terminal");
  if (box && !box.dataset.opened) {
    box.dataset.opened = "yes";
    openLog(box, document.getElementById("log-link"));
  }
}

document.body.addEventListener("htmx:afterSettle", openTerminal);
openTerminal();
