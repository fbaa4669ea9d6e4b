// Sizes, durations and speeds, as people read them.
const UNITS = ["KiB", "MiB", "GiB", "TiB"];
const SPAN = 6000; // milliseconds that a speed is measured over

export function size(bytes) {
  if (bytes < 1024) {
    return `${bytes.toFixed(0)} B`;
  }
  const power = Math.min(UNITS.length, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${UNITS[power - 1]}`;
}

export function duration(seconds) {
  const rounded = Math.max(1, Math.round(seconds));
  const parts = [
    [Math.floor(rounded / 86_400), "d"],
    [Math.floor(rounded / 3600) % 24, "h"],
    [Math.floor(rounded / 60) % 60, "min"],
    [rounded % 60, "s"],
  ].filter(([count]) => count);
  return parts.slice(0, 2).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** Bytes a second, over the last moments. */
export class Speed {
  constructor() {
    this.seen = [];
  }

  /** `bytes` is all that has gone through so far; 0 as long as there is too little to tell. */
  of(bytes, now = performance.now()) {
    this.seen.push([now, bytes]);
    this.seen = this.seen.filter(([at]) => now - at < SPAN);
    const [at, before] = this.seen[0];
    return now - at > 300 ? ((bytes - before) / (now - at)) * 1000 : 0;
  }
}
