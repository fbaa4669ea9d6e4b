"""Plays a recorded trace of jobs under different policies: `manage.py simulate --help`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pricing.simulation import report, traces, workload
from pricing.simulation.policies import Options
from pricing.simulation.run import NAMES, describe, simulate

YAHOO_LIKE = "yahoo-like"
WIDTH = 132  # of what is written to a file


class Command(BaseCommand):
    help = (
        "Play a trace of jobs under different policies and compare what they serve. Windows and values are drawn"
        " from the seed; no database is used."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--trace", type=Path, help=f"the file to read; not needed for --format {YAHOO_LIKE}")
        parser.add_argument("--format", required=True, choices=[*traces.FORMATS, YAHOO_LIKE])
        size = parser.add_mutually_exclusive_group(required=True)
        size.add_argument("--units", type=int, help="how many units the pool has")
        size.add_argument("--load", type=float, help="as many units as make this load of what is asked for")
        parser.add_argument("--slot", type=int, default=900, metavar="SECONDS")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--policies", default=",".join(NAMES), help="comma-separated; default: %(default)s")
        parser.add_argument("--past", type=float, default=0.5, help="part of the time that is only learnt from")
        parser.add_argument("--price", type=float, default=0.0, help="first-fit's price, credits a unit and hour")
        parser.add_argument("--refit", type=int, default=6 * 3_600, metavar="SECONDS", help="between two forecasts")
        parser.add_argument("--out", type=Path, required=True, help="folder for results.json, decisions and charts")

    def handle(self, *args: Any, **options: Any) -> None:
        names = _checked(options)
        try:
            market = workload.build(
                _jobs(options),
                seed=options["seed"],
                slot_seconds=options["slot"],
                units=options["units"],
                load=options["load"],
                past=options["past"],
            )
            console = Console(file=cast(IO[str], self.stdout), width=None if self.stdout.isatty() else WIDTH)
            with _bars(console) as bars:
                progress = {name: _teller(bars, name, len(market.sold_to)) for name in names}
                result = simulate(market, names, Options(options["price"], options["refit"]), progress)
            about = {
                "trace": options["trace"].name if options["trace"] else YAHOO_LIKE,
                "format": options["format"],
                "seed": options["seed"],
                "refit_seconds": options["refit"],
                **describe(market),
            }
            report.write(options["out"], market, result, about)
        except (ValueError, OSError, RuntimeError) as error:
            raise CommandError(str(error)) from error
        title = f"{about['trace']}: {about['requests']:,} requests, {about['units']:,} units, load {about['load']:.2f}"
        console.print(report.table(result, title))
        console.print(f"{options['out']}/results.json", highlight=False, soft_wrap=True)


def _checked(options: dict[str, Any]) -> list[str]:
    """The policies' names. Raises CommandError naming the first option that makes no sense."""
    names = list(dict.fromkeys(name.strip() for name in options["policies"].split(",") if name.strip()))
    unknown = [name for name in names if name not in NAMES]
    faults = {
        "--policies": f"{unknown[0]!r} is not one of {', '.join(NAMES)}"
        if unknown
        else not names and "names no policy",
        "--trace": options["trace"] is None and options["format"] != YAHOO_LIKE and "is missing",
        "--units": options["units"] is not None
        and options["units"] < 1
        and f"must be at least 1, not {options['units']}",
        "--load": options["load"] is not None
        and not options["load"] > 0
        and f"must be more than 0, not {options['load']}",
        "--slot": options["slot"] < 1 and f"must be at least 1 second, not {options['slot']}",
        "--seed": options["seed"] < 0 and f"must not be negative, as {options['seed']} is",
        "--past": not 0 <= options["past"] < 1 and f"must be from 0 to less than 1, not {options['past']}",
        "--price": not options["price"] >= 0 and f"must not be negative, as {options['price']} is",
        "--refit": options["refit"] < 1 and f"must be at least 1 second, not {options['refit']}",
    }
    for option, fault in faults.items():
        if fault:
            raise CommandError(f"{option} {fault}")
    return names


def _jobs(options: dict[str, Any]) -> list[traces.Job]:
    if options["format"] == YAHOO_LIKE:
        return traces.yahoo_like(options["seed"])
    return traces.read(options["trace"], options["format"])


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


def _teller(bars: Progress, name: str, total: int) -> Any:
    task = bars.add_task(name, total=total, start=True)
    return lambda done: bars.update(task, completed=done)
