"""Traces are read as they are; what can't be read is named with file, line and value."""

from pathlib import Path

import pytest

from pricing.simulation.traces import Job, TraceError, read, yahoo_like

SWF = """; Version: 2.2
1 0 30 3600 4 3600 -1 4 4000 -1 1 1 1 -1 -1 1 -1 -1
2 60 30 -1 4 -1 -1 4 4000 -1 0 1 1 -1 -1 1 -1 -1
3 90 30 1800 -1 1800 -1 2 4000 -1 1 1 1 -1 -1 1 -1 -1
"""
ITP = "job_id,submission_time,duration,num_gpu\nb,50,100,2\na,10,200,1\n"


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "trace"


def test_swf_takes_those_that_ran_and_asked_processors_where_used_ones_are_unknown(trace: Path) -> None:
    trace.write_text(SWF)
    assert read(trace, "swf") == [Job(0, 3600, 4), Job(90, 1800, 2)]


def test_jobs_come_in_order_of_submission(trace: Path) -> None:
    trace.write_text(ITP)
    assert read(trace, "itp") == [Job(10, 200, 1), Job(50, 100, 2)]


def test_a_csv_may_say_what_jobs_are_worth(trace: Path) -> None:
    trace.write_text("submitted,duration,units,density\n0,60,1,2.5\n5,60,1,\n")
    assert [job.density for job in read(trace, "csv")] == [2.5, None]


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        ("csv", "submitted,duration\n1,2\n", r"trace:1: there is no column 'units', only submitted, duration"),
        ("csv", "", r"trace:1: there is no column 'submitted', only none"),
        ("csv", "submitted,duration,units\n1,x,1\n", r"trace:2: duration is 'x', not a number"),
        ("csv", "submitted,duration,units\n1,5,1\n1,0,1\n", r"trace:3: duration is '0', not more than 0"),
        ("csv", "submitted,duration,units\n1,5,1.5\n", r"trace:2: units is '1.5', not a whole number"),
        ("csv", "submitted,duration,units\nnan,5,1\n", r"trace:2: submitted is 'nan', not a number"),
        ("csv", "submitted,duration,units\n1,5,1\n", r"1 jobs are too few"),
        ("swf", "1 2 3\n", r"trace:1: 3 fields, at least 8 are needed"),
    ],
)
def test_what_cannot_be_read_is_named(trace: Path, form: str, text: str, said: str) -> None:
    trace.write_text(text)
    with pytest.raises(TraceError, match=said):
        read(trace, form)


def test_a_file_that_is_not_there_is_named(trace: Path) -> None:
    with pytest.raises(TraceError, match="No such file"):
        read(trace, "csv")


def test_the_yahoo_like_mix_has_six_classes_the_largest_of_them_cheap() -> None:
    jobs = yahoo_like(0)
    largest = max(jobs, key=lambda job: job.units * job.duration)
    assert 6 * 1_400 <= len(jobs) <= 6 * 1_500
    assert (largest.density, {job.density for job in jobs}) == (1.0, {1.0, 10.0})
    assert yahoo_like(0) == jobs != yahoo_like(1)
