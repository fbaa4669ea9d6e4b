"""`manage.py simulate`: files, their contents, the same for the same seed; and what it says of bad options."""

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

TIMES = ("decision_us_p50", "decision_us_p99")


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw = np.random.default_rng(2)
    path = tmp_path_factory.mktemp("traces") / "jobs.csv"
    rows = zip(
        np.sort(draw.uniform(0, 5 * 86_400, 200)), draw.uniform(600, 20_000, 200), draw.integers(1, 5, 200), strict=True
    )
    path.write_text("submitted,duration,units\n" + "".join(f"{at},{lasts},{units}\n" for at, lasts, units in rows))
    return path


def simulate(trace: Path | None, out: Path, *more: str) -> None:
    where = [f"--trace={trace}"] if trace else []
    call_command(
        "simulate",
        "--format=csv",
        f"--out={out}",
        "--refit=86400",
        *where,
        *more,
        stdout=(out.parent / "said").open("w"),
    )


def test_results_decisions_and_charts_are_written(trace: Path, tmp_path: Path) -> None:
    simulate(trace, tmp_path / "out", "--units=4", "--policies=first-fit,era,lp-bound")
    found = json.loads((tmp_path / "out/results.json").read_text())
    assert (found["units"], list(found["policies"])) == (4, ["first-fit", "era", "lp-bound"])
    assert set(found["policies"]["era"]) >= {
        "welfare_share",
        "lp_share",
        "revenue_share",
        "utilization",
        "accepted",
        *TIMES,
    }
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "decisions-era.csv",
        "decisions-first-fit.csv",
        "results.json",
        "utilization.png",
        "welfare.png",
    ]
    assert "era" in (tmp_path / "said").read_text()


def test_the_same_seed_gives_the_same_files_but_for_measured_times(trace: Path, tmp_path: Path) -> None:
    for name in ("one", "two", "other"):
        simulate(trace, tmp_path / name, "--units=4", f"--seed={int(name == 'other')}", "--policies=backfill,era")

    def contents(name: str) -> dict[str, object]:
        files = {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        results = json.loads(files.pop("results.json"))
        for policy in results["policies"].values():
            for time in TIMES:
                policy.pop(time)
        return {**files, "results": results}

    assert contents("one") == contents("two") != contents("other")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--units=0"], "--units must be at least 1, not 0"),
        (["--load=0"], "--load must be more than 0, not 0.0"),
        (["--units=4", "--slot=0"], "--slot must be at least 1 second, not 0"),
        (["--units=4", "--past=1"], "--past must be from 0 to less than 1, not 1.0"),
        (["--units=4", "--policies=era,magic"], "--policies 'magic' is not one of"),
        (["--units=4", "--policies=,"], "--policies names no policy"),
        (["--units=4", "--seed=-1"], "--seed must not be negative, as -1 is"),
        (["--units=4", "--price=-1"], "--price must not be negative"),
        (["--units=4", "--load=1"], "not allowed with argument"),
        ([], "one of the arguments --units --load is required"),
    ],
)
def test_bad_options_are_named_and_nothing_is_written(trace: Path, tmp_path: Path, more: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        simulate(trace, tmp_path / "out", *more)
    assert not (tmp_path / "out").exists()


def test_a_trace_is_needed(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--trace is missing"):
        simulate(None, tmp_path / "out", "--units=4")
