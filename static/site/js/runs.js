// Undoes the run-length form in which the server tells rows of numbers, as points for a stepped line.

/** [[index, value], …] over `length` steps → [times], [values]; one point a run, one at the end and before each gap. */
export function points({ start, step, length, runs }) {
  const times = [];
  const values = [];
  for (const [index, value] of runs) {
    if (value === null && values.length && values.at(-1) !== null) {
      times.push(start + (index - 0.001) * step); // a line needs two points, and the gap begins at the next one
      values.push(values.at(-1));
    }
    times.push(start + index * step);
    values.push(value);
  }
  if (runs.length) {
    times.push(start + length * step);
    values.push(values.at(-1));
  }
  return [times, values];
}

/** The value that holds at `moment`, by halving. */
export function valueAt({ start, step, runs }, moment) {
  const index = Math.floor((moment - start) / step);
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle][0] <= index) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low ? runs[low - 1][1] : null;
}
