"""Writes what a simulation found: results.json, each decision, charts, and a table for the terminal."""

import csv
import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # before pyplot: there may be no screen

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from rich.table import Table

from pricing.simulation.run import Result, Summary, in_use
from pricing.simulation.workload import Workload

COLUMNS = (
    "welfare_share",
    "lp_share",
    "revenue_share",
    "utilization",
    "accepted",
    "decision_us_p50",
    "decision_us_p99",
)


def write(folder: Path, workload: Workload, result: Result, about: dict[str, Any]) -> None:
    """Everything but the measured times is the same, byte for byte, for the same seed."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**about, "policies": result.as_json()}, indent=2)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    for name, outcome in result.outcomes.items():
        with (folder / f"decisions-{name}.csv").open("w", encoding="utf-8", newline="") as lines:
            rows = csv.writer(lines, lineterminator="\n")
            rows.writerow(("request", "start_slot", "price_micro"))
            rows.writerows(
                zip(range(len(outcome.starts)), outcome.starts.tolist(), outcome.prices.tolist(), strict=True)
            )
    _welfare_chart(folder / "welfare.png", result)
    _use_chart(folder / "utilization.png", workload, result)


def table(result: Result, title: str) -> Table:
    """For the terminal."""
    answer = Table(title=title)
    answer.add_column("policy")
    for column in COLUMNS:
        answer.add_column(column.replace("_", " "), justify="right")
    for name, summary in result.summaries.items():
        answer.add_row(name, *(_cell(summary, column) for column in COLUMNS))
    return answer


def _cell(summary: Summary, column: str) -> str:
    value = getattr(summary, column)
    if value is None:
        return "-"
    return (
        f"{value:,}" if isinstance(value, int) else f"{value:.1f}" if column.startswith("decision") else f"{value:.3f}"
    )


def _welfare_chart(path: Path, result: Result) -> None:
    figure, axes = plt.subplots(figsize=(7, 0.6 + 0.4 * len(result.summaries)), layout="constrained")
    names = list(result.summaries)[::-1]
    shares = [result.summaries[name].welfare_share for name in names]
    bars = axes.barh(names, shares, color=["#206bc4" if name == "era" else "#a8b5c4" for name in names])
    axes.bar_label(bars, fmt="%.3f", padding=3)
    axes.set(xlabel="part of the requested value that was served", xlim=(0, 1.1))
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def _use_chart(path: Path, workload: Workload, result: Result) -> None:
    figure, axes = plt.subplots(figsize=(9, 3.5), layout="constrained")
    for name, outcome in result.outcomes.items():
        use = in_use(workload, outcome.starts) / workload.units
        hours = [slot * workload.slot_seconds / 86_400 for slot in range(len(use))]
        axes.plot(hours, use, label=name, linewidth=1.4 if name == "era" else 0.7)
    axes.set(xlabel="days", ylabel="part of the units in use", ylim=(0, 1.05))
    axes.spines[["top", "right"]].set_visible(False)
    if result.outcomes:
        axes.legend(ncols=6, loc="upper center", bbox_to_anchor=(0.5, 1.15), frameon=False)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
