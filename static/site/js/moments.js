// Shows every <time data-moment> in the reader's own zone and language; its title stays in UTC.
const language = document.documentElement.lang || "en";
const day = { year: "numeric", month: "short", day: "numeric" };
const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const styles = {
  full: { weekday: "short", day: "numeric", month: "short", ...clock },
  short: { day: "numeric", month: "short", ...clock },
  clock: { ...clock, second: "2-digit" },
  day,
};
// Starts and ends of slots: seconds only where a slot doesn't begin with the minute.
styles.slot = styles.full;
styles["slot-short"] = styles.short;
const exactly = {
  slot: new Intl.DateTimeFormat(language, { ...styles.full, second: "2-digit" }),
  "slot-short": new Intl.DateTimeFormat(language, { ...styles.short, second: "2-digit" }),
};
const written = Object.fromEntries(Object.entries(styles).map(([name, parts]) => [name, new Intl.DateTimeFormat(language, parts)]));
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const steps = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86400, "hour", 3600],
  [Infinity, "day", 86400],
];

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function ago(moment, now = Date.now()) {
  const seconds = (moment - now) / 1000;
  const [, unit, size] = steps.find(([limit]) => Math.abs(seconds) < limit);
  return relative.format(Math.round(seconds / size), unit);
}

export function local(moment, style = "full") {
  const exact = moment.getUTCSeconds() !== 0 && exactly[style];
  return (exact || written[style]).format(moment);
}

export function utc(moment) {
  return `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

export function showMoments(root = document) {
  for (const element of root.querySelectorAll("time[data-moment]")) {
    const moment = new Date(element.dateTime);
    const style = element.dataset.moment;
    const text = style === "ago" ? ago(moment) : local(moment, style in written ? style : "full");
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }
}

export function keepMoments() {
  showMoments();
  setInterval(showMoments, 15_000);
  document.body.addEventListener("htmx:afterSettle", () => showMoments());
}
