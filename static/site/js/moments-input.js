// Fields for moments: they come in UTC, are shown in the reader's zone, and go back in UTC.
import { utc, zone } from "./moments.js";

function pad(number) {
  return String(number).padStart(2, "0");
}

export function asLocalInput(moment) {
  const date = `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
  return `${date}T${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
}

export class MomentField {
  constructor(input, changed) {
    this.input = input;
    this.sent = document.createElement("input");
    Object.assign(this.sent, { type: "hidden", name: input.name });
    input.removeAttribute("name");
    input.after(this.sent);
    this.hint = document.createElement("div");
    this.hint.className = "form-hint";
    this.hint.id = `${input.id}_zone`;
    input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), this.hint.id].filter(Boolean).join(" "));
    this.sent.after(this.hint);
    this.moment = input.value ? new Date(`${input.value}Z`) : null;
    input.addEventListener("input", () => {
      this.take(input.value ? new Date(input.value) : null);
      changed();
    });
  }

  set moment(moment) {
    this.input.value = moment ? asLocalInput(moment) : "";
    this.take(moment);
  }

  take(moment) {
    this.sent.value = moment ? moment.toISOString() : "";
    this.hint.textContent = moment ? `${zone} · ${utc(moment)}` : zone;
  }
}
