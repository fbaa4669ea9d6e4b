"""Every trace at every load with every seed: what each policy serves, as the tables of docs/scheduling.md.

    python -m benchmarks.scheduling --traces FOLDER --out FOLDER

`FOLDER` holds msft-itp-2021/*.csv and hpc2n-sample/*.swf. A cell that is in `--out` already is not played again.
"""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from statistics import mean
from typing import Any

LOADS, SEEDS = (0.7, 1.0, 1.7), (0, 1, 2)
RIVALS = ("best-fixed", "backfill", "utilization", "basic-econ")
COLUMNS = ("first-fit", "best-fixed", "backfill", "utilization", "basic-econ", "era")

Cell = tuple[Path, float, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    traces = sorted([*options.traces.glob("msft-itp-2021/*.csv"), *options.traces.glob("hpc2n-sample/*.swf")])
    if not traces:
        sys.exit(f"there are no traces in {options.traces}")
    cells = list(product(traces, LOADS, SEEDS))
    with ThreadPoolExecutor(options.processes) as pool:
        results = list(pool.map(lambda cell: play(cell, options.out), cells))
    print(table(results))
    print()
    print(verdict(results))


def play(cell: Cell, out: Path) -> dict[str, Any]:
    """results.json of one cell."""
    trace, load, seed = cell
    folder = out / f"{trace.stem}-{load}-{seed}"
    if not (folder / "results.json").exists():
        form = "swf" if trace.suffix == ".swf" else "itp"
        command = (
            f"manage.py simulate --format {form} --load {load} --seed {seed} --slot 900 --out {folder} --trace {trace}"
        )
        subprocess.run([sys.executable, *command.split()], check=True, stdout=subprocess.DEVNULL)
        print(f"{folder.name} is played", file=sys.stderr, flush=True)
    return {"cell": folder.name, **json.loads((folder / "results.json").read_text(encoding="utf-8"))}


def table(results: list[dict[str, Any]]) -> str:
    """Part of the bound that each policy serves; utilization beside those that are compared by it."""
    head = ["trace", "load", "seed", "units", "bound", *COLUMNS, "use: first-fit", "backfill", "era"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for result in results:
        policies = result["policies"]
        shares = [f"{policies[name]['lp_share']:.3f}" for name in COLUMNS]
        uses = [f"{policies[name]['utilization']:.2f}" for name in ("first-fit", "backfill", "era")]
        trace, load, seed = result["cell"].rsplit("-", 2)
        bound = f"{policies['lp-bound']['welfare_share']:.3f}"
        lines.append(f"| {' | '.join([trace, load, seed, str(result['units']), bound, *shares, *uses])} |")
    return "\n".join(lines)


def verdict(results: list[dict[str, Any]]) -> str:
    """What is reached, and where not."""
    shares = {each["cell"]: {name: each["policies"][name]["lp_share"] for name in COLUMNS} for each in results}
    below = [cell for cell, share in shares.items() if share["era"] < 0.8]
    worst = min(shares, key=lambda cell: shares[cell]["era"])
    era = mean(share["era"] for share in shares.values())
    lines = [f"era: mean {era:.3f} of the bound, worst {shares[worst]['era']:.3f} ({worst})"]
    lines.append(f"below 0.8 in {len(below)} of {len(shares)}: {', '.join(below)}")
    for rival in RIVALS:
        lost = [cell for cell, share in shares.items() if share["era"] < share[rival]]
        lines.append(f"below {rival} in {len(lost)}: {', '.join(lost)}")
    uses = [{name: each["policies"][name]["utilization"] for name in COLUMNS} for each in results]
    for rival in ("first-fit", "backfill"):
        lines.append(f"utilization above {rival} in {sum(use['era'] > use[rival] for use in uses)} of {len(uses)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
