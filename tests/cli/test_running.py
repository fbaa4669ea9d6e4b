"""The client and a running platform: the README's tour as typed, and what goes wrong on the way."""

import io
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from era_client import Client, Conflict, JobSpec, NotFound, NotSignedIn, UsageError, submissions
from era_client.commands import completing
from era_client.logs import LogEnd, LogText
from tests.cli.conftest import Run
from tests.cli.touring import installed, walk
from tests.platform import PROJECT, Platform, eventually

pytestmark = pytest.mark.engine

CTRL_C_COUNTS = "import signal; signal.signal(2, signal.default_int_handler); from era_client.__main__ import main"
"""Also where the tests run in the background, whose programs begin with it ignored."""


def a_spec(**fields: object) -> JobSpec:
    """A job of one unit within the next half hour that says hello."""
    usual = {
        "pool": "local",
        "units": 1,
        "duration": 10,
        "deadline": datetime.now(UTC) + timedelta(minutes=30),
        "value": "1",
        "name": "hello",
        "command": ("echo", "hello"),
    }
    return JobSpec(**usual | fields)  # type: ignore[arg-type]


# --- installed from a wheel alone ------------------------------------------------------------------


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("installed"))


def test_the_tour_of_the_readme_works_as_typed_from_a_wheel_alone(
    platform: Platform, token: str, programs: Path, tmp_path: Path
) -> None:
    walked = walk(tmp_path, programs, platform.url, token)
    signing_in, _writing, buying, fetching, keeping, reading, from_python, files = walked
    assert "Signed in" in signing_in
    assert "demo@example.com" in signing_in
    assert "Reserved: hello" in buying
    assert "epoch 0\nepoch 1\nepoch 2\n" in buying
    assert "\n42\n" in fetching
    assert "the same" in fetching
    assert "demo/digits@1\n" in keeping
    assert "+ train/b.csv" in keeping
    assert "everybody who is signed in" in keeping
    assert "demo/all@1" in reading
    assert "all.csv  18 B" in reading
    assert "epoch 2\nresult.txt 3\n" in from_python
    assert "'before/train/a.csv'" in files
    assert "'before/train/b.csv'" not in files


def test_the_wheel_brings_nothing_of_the_platform(programs: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(programs / "python"), "list", "--format=json"],
        check=True,
        capture_output=True,
        text=True,
    )
    names = {package["name"].lower() for package in json.loads(listed.stdout)}
    assert "era-client" in names
    assert names & {"django", "celery", "channels", "numpy", "psycopg", "docker"} == set()


# --- from Python -----------------------------------------------------------------------------------


def test_a_job_from_quote_to_outputs(client: Client, tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "run.sh").write_text('echo "ünits: $ERA_UNITS"; printf %s "$WORD" > "$ERA_OUTPUT_DIR/word.txt"\n')
    spec = a_spec(command=("sh", "run.sh"), env={"WORD": "done"}, units=2)
    assert client.quote(spec).accepted
    job = client.jobs.submit(spec, code=code)
    assert (job.state, job.units) == ("reserved", 2)
    assert b"".join(client.jobs.log(job.id, follow=True)) == "ünits: 2\n".encode()
    ended = client.jobs.wait(job.id)
    assert (ended.state, ended.exit_code) == ("succeeded", 0)
    assert ended.paid
    assert job.price
    assert job.price / 2 < ended.paid <= job.price, "half of what it leaves unused comes back"
    [file] = client.jobs.outputs(job.id)
    got = client.jobs.fetch_output(job.id, file, tmp_path / "got")
    assert got.read_text() == "done"
    got.write_text("DONE")
    os.utime(got, (file.modified.timestamp(),) * 2)
    assert client.jobs.fetch_output(job.id, file, tmp_path / "got").read_text() == "DONE"  # is there already
    os.utime(got, (1, 1))
    assert client.jobs.fetch_output(job.id, file, tmp_path / "got").read_text() == "done"
    assert client.jobs.read_output(job.id, "word.txt") == b"done"
    assert b"".join(client.jobs.log(job.id, offset=2)) == b"nits: 2\n"
    assert client.jobs.receipt(job.id)["verification"]["equal"]


def test_the_same_key_buys_once(client: Client) -> None:
    spec = a_spec(earliest=datetime.now(UTC) + timedelta(minutes=5))
    jobs = {client.jobs.submit(spec, key="era-test-once").id for _ in range(2)}
    assert len(jobs) == 1
    cancelled = client.jobs.cancel(jobs.pop())
    assert (cancelled.state, client.jobs.cancel(cancelled.id).state) == ("cancelled", "cancelled")


@pytest.mark.usefixtures("signed_in")
def test_cancelling_tells_what_comes_back_before_and_after(run: Run, client: Client) -> None:
    job = client.jobs.submit(a_spec(earliest=datetime.now(UTC) + timedelta(minutes=5)))
    asked = run("cancel", job.id, "--dry-run")
    assert f"{job.price} credits would come back" in asked.out
    assert client.jobs.get(job.id).state == "reserved"
    told = run("cancel", job.id)
    assert told.out == f"Cancelled: {job.name} ({job.id}); {job.price} credits came back\n"


def test_a_rejected_job_says_why_and_what_would_do(client: Client) -> None:
    job = client.jobs.submit(a_spec(value="0"))
    assert (job.state, job.reason) == ("rejected", "price_above_value")
    assert job.alternatives[0].price == job.price


def test_a_log_goes_on_after_its_connection_was_cut(client: Client) -> None:
    job = client.jobs.submit(a_spec(command=("sh", "-c", "for i in 1 2 3 4 5; do echo $i; sleep 0.3; done")))
    events = client.jobs.follow(job.id)
    came = b"".join(event.data for event in _until(events, b"2\n"))
    events.close()  # type: ignore[attr-defined]
    rest = list(client.jobs.follow(job.id, offset=len(came)))
    assert came + b"".join(event.data for event in rest if isinstance(event, LogText)) == b"1\n2\n3\n4\n5\n"
    assert rest[-1] == LogEnd(10)


def _until(events: object, line: bytes) -> list[LogText]:
    taken: list[LogText] = []
    for event in events:  # type: ignore[attr-defined]
        if isinstance(event, LogText):
            taken.append(event)
            if b"".join(one.data for one in taken).endswith(line):
                break
    return taken


def test_a_job_is_found_by_the_beginning_of_its_id(client: Client) -> None:
    job = client.jobs.submit(a_spec(value="0"))
    assert (
        client.jobs.find(job.id[:13]).id == client.jobs.find("last").id == client.jobs.find(job.id.upper()).id == job.id
    )
    with pytest.raises(NotFound):
        client.jobs.find("ffffffff-ffff")
    with pytest.raises(UsageError, match="first 4 letters"):
        client.jobs.find("ab")


@pytest.mark.usefixtures("signed_in")
def test_a_sweep_with_code_is_many_jobs_of_one_archive(
    run: Run, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text("print(1)\n")
    Path("job.yaml").write_text(
        "pool: local\nname: lr={lr}\ncommand: [python, train.py, '{lr}']\nunits: 1\nduration: 10s\n"
        "earliest: +5m\ndeadline: +1h\nvalue: 1\nsweep: {lr: [0.1, 0.01]}\n"
    )
    told = run("submit", "--json")
    assert told.code == 0, told.err
    jobs = [client.jobs.get(one["id"]) for one in told.json["results"]]
    assert [job.name for job in jobs] == ["lr=0.1", "lr=0.01"]
    assert len({job.raw["code"]["id"] for job in jobs}) == 1
    for job in jobs:
        client.jobs.cancel(job.id)


def test_a_token_that_is_not_valid_is_told_as_such(platform: Platform) -> None:
    with Client(platform.url, "wrong") as stranger:
        with pytest.raises(NotSignedIn):
            stranger.pools()
        with pytest.raises(NotSignedIn):
            list(stranger.jobs.follow("00000000-0000-0000-0000-000000000000"))


def test_datasets_go_up_and_come_down_and_only_what_differs_is_sent(client: Client, tmp_path: Path) -> None:
    there = tmp_path / "data"
    (there / "sub").mkdir(parents=True)
    (there / "a.txt").write_text("a")
    (there / "sub" / "b.bin").write_bytes(os.urandom(3_000_000))
    (there / ".eraignore").write_text("*.tmp\n")
    (there / "x.tmp").write_text("stays here")
    client.datasets.create("pushed", description="# Pushed", tags=("test",))
    first = client.datasets.push(there, "demo/pushed", note="first")
    assert (first.version.number, first.version.files, first.sent) == (1, 2, 2)

    (there / "a.txt").unlink()
    (there / "c.txt").write_text("c")
    second = client.datasets.push(there, "demo/pushed")
    assert (second.version.number, second.sent, second.removed, second.unchanged) == (2, 1, 1, 1)
    assert not client.datasets.push(there, "demo/pushed").changed
    assert [version.state for version in client.datasets.versions("demo/pushed")] == ["published", "published"]

    pulled = client.datasets.pull("demo/pushed@1", tmp_path / "one")
    assert (pulled.files, (tmp_path / "one" / "a.txt").read_text()) == (2, "a")
    assert (tmp_path / "one" / "sub" / "b.bin").read_bytes() == (there / "sub" / "b.bin").read_bytes()
    assert client.datasets.pull("demo/pushed@1", tmp_path / "one").bytes_received == 0
    client.datasets.pull("demo/pushed", tmp_path / "part", prefix="sub")
    assert [path.name for path in (tmp_path / "part").rglob("*") if path.is_file()] == ["b.bin"]

    assert client.datasets.diff("demo/pushed@2", "1")["changed"] == 0
    assert {file.path for file in client.datasets.files("demo/pushed@2")} == {"c.txt", "sub/b.bin"}
    client.datasets.delete("demo/pushed")
    with pytest.raises(NotFound):
        client.datasets.get("demo/pushed")


def test_a_dataset_is_made_in_ones_own_organization_only(client: Client) -> None:
    with pytest.raises(NotFound, match="nobody/new"):
        client.datasets.ensure("nobody/new")
    with pytest.raises(NotFound):
        client.datasets.get("demo/new")
    assert client.datasets.ensure("demo/new")[1]
    assert not client.datasets.ensure("demo/new")[1]


def test_a_draft_that_was_left_open_is_published_by_the_next_push(client: Client, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("a")
    client.datasets.create("open")
    client.datasets.push(tmp_path / "data", "demo/open")
    (tmp_path / "data" / "b.txt").write_text("b")
    assert client.datasets.push(tmp_path / "data", "demo/open", publish=False).version.state == "draft"
    pushed = client.datasets.push(tmp_path / "data", "demo/open")
    assert (pushed.changed, pushed.version.number, pushed.sent) == (True, 2, 0)


def test_a_push_that_broke_off_goes_on_in_the_same_draft(client: Client, tmp_path: Path) -> None:
    there = tmp_path / "data"
    there.mkdir()
    (there / "a.txt").write_text("a")
    client.datasets.create("broken")
    pushed = client.datasets.push(there, "demo/broken", publish=False)
    (there / "b.txt").write_text("b")
    again = client.datasets.push(there, "demo/broken")
    assert (again.version.id, again.version.number, again.sent, again.unchanged) == (pushed.version.id, 1, 1, 1)
    with pytest.raises(Conflict):
        client.datasets.publish(f"demo/broken@{pushed.version.id}")


# --- as a command ----------------------------------------------------------------------------------

ASK = ("--pool", "local", "--units", "1", "--duration", "10s", "--deadline", "+30m")


@pytest.mark.usefixtures("signed_in")
def test_with_json_there_is_one_document_and_nothing_else(run: Run) -> None:
    told = run("submit", *ASK, "--value", "1", "--json", "--wait", "--", "echo", "hi")
    assert (told.code, told.err) == (0, "")
    assert (told.json["state"], told.json["name"]) == ("succeeded", "echo hi")
    assert told.json["receipt"].endswith(f"{told.json['id']}/receipt")
    lines = [json.loads(line) for line in run("logs", "-f", told.json["id"], "--json").out.splitlines()]
    assert {"type": "text", "offset": 0, "text": "hi\n"} in lines
    assert lines[-1] == {"type": "end", "offset": 3}


@pytest.mark.usefixtures("signed_in")
def test_what_the_market_rejects_ends_with_5_and_a_table_of_what_would_do(run: Run) -> None:
    for told in (run("quote", *ASK, "--value", "0"), run("submit", *ASK, "--value", "0", "--", "true")):
        assert told.code == 5
        assert "it costs more than it is worth to you" in told.out
        assert "pay up to" in told.out


@pytest.mark.usefixtures("signed_in")
def test_a_job_that_fails_ends_with_1_or_with_its_own_code(run: Run) -> None:
    told = run("submit", *ASK, "--value", "1", "-q", "-f", "--", "sh", "-c", "echo no; exit 7")
    job, *log = told.out.splitlines()
    assert (told.code, log) == (1, ["no"])
    assert run("logs", "-f", job, "--exit-code").code == 7


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(platform: Platform, token: str, client: Client) -> None:
    job = client.jobs.submit(a_spec(command=("sh", "-c", "echo begun; sleep 60"), duration=60))
    command = [sys.executable, "-c", f"{CTRL_C_COUNTS}; main()", "logs", "-f", job.id]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "cli"), "ERA_URL": platform.url, "ERA_TOKEN": token}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(30) == 130
    assert f"era logs -f {job.id} --offset 6" in said
    client.jobs.cancel(job.id)
    eventually(lambda: client.jobs.get(job.id).is_over, what="it is cancelled")


@pytest.mark.usefixtures("signed_in")
def test_a_submission_without_an_answer_is_asked_about_again(run: Run, client: Client) -> None:
    """The answer is lost on the way: what is kept is sent again, and buys nothing twice."""
    spec = a_spec(earliest=datetime.now(UTC) + timedelta(minutes=5))
    kept, _packed = submissions.begin(spec.body(), None, lambda: client.me.limits, key="era-lost")
    bought = client.jobs.send(kept.body, key=kept.key)
    told = run("submit", "--again", "era-lost", "--json")
    assert (told.code, told.json["id"]) == (0, bought.id)
    assert run("submit", "--again", "era-lost").code == 2
    client.jobs.cancel(bought.id)


@pytest.mark.usefixtures("signed_in")
def test_what_others_named_cannot_steer_the_terminal(run: Run, client: Client) -> None:
    client.datasets.create("odd", description="\x1b[31mred\x07")
    shown = run("datasets", "show", "odd").out
    assert "red" in shown
    assert not {"\x1b", "\x07"} & set(shown)


@pytest.mark.usefixtures("signed_in")
def test_a_thing_that_is_not_there_ends_with_4(run: Run) -> None:
    told = run("datasets", "pull", "demo/nothing", "--json")
    assert told.code == 4
    assert told.json["error"]["code"] == "not_found"


@pytest.mark.usefixtures("signed_in")
def test_the_shell_is_offered_what_there_is(client: Client) -> None:
    newest = next(client.jobs.list(most=1))
    assert (newest.id, f"{newest.name}, {newest.state}") in completing.jobs(newest.id[:4])
    assert completing.pools("lo") == [("local", "local")]
    assert completing.datasets("nobody/") == []


def test_signing_in_keeps_the_token_and_signing_out_forgets_it(
    run: Run, platform: Platform, token: str, home: Path
) -> None:
    kept = home / "config" / "profiles.json"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdin", io.StringIO(token + "\n"))
        assert "for demo (owner)" in run("login", platform.url, "--token-stdin").out
    assert token in kept.read_text()
    assert run("whoami", "--json").json["user"] == "demo@example.com"
    assert run("logout").code == 0
    assert token not in kept.read_text()
    assert run("whoami").code == 3


def test_a_wrong_token_is_not_kept(run: Run, platform: Platform, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong\n"))
    assert run("login", platform.url, "--token-stdin").code == 3
    assert not (home / "config" / "profiles.json").exists()
