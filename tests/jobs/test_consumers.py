"""WebSockets: the log's bytes from any offset, old and new alike, to those who may see them and to nobody else."""

import random
import uuid
from pathlib import Path

import pytest
from django_scopes import scope, scopes_disabled

from accounts.models import ApiToken, Membership
from era_platform.common import clock, storage
from jobs import consumers
from jobs.engines.base import Phase
from jobs.models import Job
from jobs.services import announce
from jobs.services.cancel import cancel
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.sockets import Socket, Sockets
from tests.jobs.ways import exited, reserved, running, seen

pytestmark = pytest.mark.django_db(transaction=True)


def log_file(job: Job, attempt: int = 1) -> Path:
    folder = storage.attempt_folder(job.pk, attempt)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "log"


def write(job: Job, text: bytes, attempt: int = 1) -> None:
    with log_file(job, attempt).open("ab") as log:
        log.write(text)


def path(job: Job, offset: object = 0) -> str:
    return f"/ws/v1/jobs/{job.pk}/logs?offset={offset}"


@pytest.fixture
def job(ours: Tenant, pool: Pool) -> Job:
    return running(ours, pool)


@pytest.fixture
def socket(sockets: Sockets, ours: Tenant, job: Job) -> Socket:
    write(job, b"stored\n")
    return sockets.connect(path(job), token=ours.token())


def test_what_is_stored_comes_first_and_what_is_written_then_follows(socket: Socket, job: Job) -> None:
    socket.until_log(b"stored\n")
    write(job, b"live\n")
    announce.log_grew(job.pk)
    socket.until_log(b"stored\nlive\n")


def test_what_nobody_announces_comes_all_the_same(socket: Socket, job: Job) -> None:
    socket.until_log(b"stored\n")
    write(job, b"quiet\n")
    socket.until_log(b"stored\nquiet\n")


def test_a_log_that_is_not_there_yet_is_waited_for(sockets: Sockets, ours: Tenant, job: Job) -> None:
    socket = sockets.connect(path(job), token=ours.token())
    socket.until_text(type="state", state="running")
    write(job, b"first\n")
    socket.until_log(b"first\n")


def test_a_job_without_an_attempt_is_followed_into_its_first(sockets: Sockets, ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    socket = sockets.connect(path(job), token=ours.token())
    socket.until_text(type="state", state="reserved")
    cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    socket.until_text(type="state", state="cancelled")
    assert socket.until_closed() == 1000


def test_the_end_is_told_when_all_is_sent(socket: Socket, job: Job) -> None:
    socket.until_log(b"stored\n")
    write(job, b"last\n")
    exited(job, 0)
    assert socket.until_closed() == 1000
    assert socket.log == b"stored\nlast\n"
    assert socket.texts == [
        {"type": "state", "state": "running"},
        {"type": "state", "state": "succeeded"},
        {"type": "end", "offset": 12},
    ]


def test_a_cancelled_job_s_log_goes_on_until_its_instance_has_ended(socket: Socket, ours: Tenant, job: Job) -> None:
    cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    socket.until_text(state="cancelled")
    write(job, b"last words\n")
    exited(job, 143)
    assert socket.until_closed() == 1000
    assert socket.log == b"stored\nlast words\n"


@pytest.mark.parametrize(("offset", "expected"), [(0, b"0123456789"), (3, b"3456789"), (10, b""), (99, b"")])
def test_it_begins_at_the_offset(sockets: Sockets, ours: Tenant, job: Job, offset: int, expected: bytes) -> None:
    write(job, b"0123456789")
    exited(job, 0)
    socket = sockets.connect(path(job, offset), token=ours.token())
    assert socket.until_closed() == 1000
    assert socket.log == expected
    assert socket.texts[-1] == {"type": "end", "offset": max(offset, 10)}


@pytest.mark.parametrize("offset", ["-1", "x", "", "1.5", "9" * 30, "٣"])
def test_what_is_no_offset_is_refused(sockets: Sockets, ours: Tenant, job: Job, offset: str) -> None:
    text = "".join(f"%{byte:02x}" for byte in offset.encode()) if offset else "%20"
    assert sockets.connect(path(job, text), token=ours.token()).until_closed() == 4400


def test_any_bytes_come_through_unchanged_in_frames_of_bounded_size(sockets: Sockets, ours: Tenant, job: Job) -> None:
    content = random.Random(1).randbytes(1_000_003)
    write(job, content)
    exited(job, 0)
    socket = sockets.connect(path(job), token=ours.token())
    socket.until_closed()
    assert socket.log == content
    assert max(socket.frames) <= 64 * 1024


def test_reconnecting_at_the_last_offset_gives_each_byte_once(sockets: Sockets, ours: Tenant, job: Job) -> None:
    received = b""
    for number in range(5):
        write(job, b"line %d\r" % number)
        socket = sockets.connect(path(job, len(received)), token=ours.token())
        socket.until_log(b"line %d\r" % number)
        received += socket.log
        socket.close()
    assert received == b"".join(b"line %d\r" % number for number in range(5))


def test_a_second_attempt_s_log_follows_the_first_s(socket: Socket, job: Job) -> None:
    socket.until_log(b"stored\n")
    seen(job, Phase.LOST)
    write(job, b"a ghost of the first\n")
    write(job, b"again\n", attempt=2)
    socket.until_log(b"stored\nagain\n")


def test_many_readers_get_the_same(sockets: Sockets, ours: Tenant, job: Job) -> None:
    readers = [sockets.connect(path(job), token=ours.token()) for _ in range(5)]
    for number in range(20):
        write(job, b"%d\n" % number)
        announce.log_grew(job.pk)
    exited(job, 0)
    assert {reader.until_closed() for reader in readers} == {1000}
    assert {reader.log for reader in readers} == {b"".join(b"%d\n" % number for number in range(20))}


@pytest.mark.parametrize("role", ["owner", "member", "viewer"])
def test_every_member_may_read_with_token_or_session(sockets: Sockets, ours: Tenant, job: Job, role: str) -> None:
    write(job, b"x")
    sockets.connect(path(job), token=ours.token(role)).until_log(b"x")
    sockets.connect(path(job), browser=ours.client(role)).until_log(b"x")


def test_another_tenant_s_job_and_none_at_all_look_the_same(
    sockets: Sockets, ours: Tenant, theirs: Tenant, job: Job
) -> None:
    write(job, b"secret")
    missing = f"/ws/v1/jobs/{uuid.uuid4()}/logs"
    for address in (path(job), missing):
        for caller in ({"token": theirs.token()}, {"browser": theirs.client()}):
            socket = sockets.connect(address, **caller)
            assert (socket.until_closed(), socket.log, socket.texts) == (4404, b"", [])


def test_without_a_token_or_session_that_works_nothing_is_told(sockets: Sockets, ours: Tenant, job: Job) -> None:
    write(job, b"secret")
    expired = ours.token()
    with scopes_disabled():
        ApiToken.objects.update(expires_at=clock.now())
    for caller in ({}, {"token": "wrong"}, {"token": expired}, {"token": "wrong", "browser": ours.client()}):
        socket = sockets.connect(path(job), **caller)
        assert (socket.until_closed(), socket.log, socket.texts) == (4401, b"", [])


def test_a_token_speaks_for_its_own_organization_only(sockets: Sockets, ours: Tenant, theirs: Tenant, job: Job) -> None:
    with scope(organization=ours.organization):
        Membership.objects.create(organization=ours.organization, user=theirs.member, role="viewer")
    assert sockets.connect(path(job), token=theirs.token()).until_closed() == 4404
    assert sockets.connect(path(job), browser=theirs.client()).receive()["type"] == "websocket.send"


@pytest.mark.parametrize("lost", ["token", "membership"])
def test_who_loses_the_right_to_see_is_cut_off(
    sockets: Sockets, ours: Tenant, job: Job, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    monkeypatch.setattr(consumers, "CHECK_AGAIN", 0.1)
    readers = [sockets.connect(where, token=ours.token()) for where in (path(job), events_of(ours))]
    readers[0].until_text(state="running")
    with scopes_disabled():
        if lost == "token":
            ApiToken.objects.update(revoked_at=clock.now())
        else:
            Membership.objects.filter(user=ours.member).delete()
    # Which of the two depends on whether the token or what it opens was looked at first after the change.
    assert {reader.until_closed() for reader in readers} <= {4401, 4404}


def events_of(tenant: Tenant) -> str:
    return f"/ws/v1/o/{tenant.slug}/events"


def test_an_organization_hears_of_its_own_jobs_and_of_no_others(
    sockets: Sockets, ours: Tenant, theirs: Tenant, pool: Pool
) -> None:
    listening = sockets.connect(events_of(ours), browser=ours.client())
    listening.until_text(type="joined")
    running(theirs, pool, name="theirs")
    mine = running(ours, pool, name="mine")
    listening.until_text(type="job", id=str(mine.pk), state="running", name="mine")
    told = [(text["id"], text["state"]) for text in listening.texts if text["type"] == "job"]
    assert told == [(str(mine.pk), state) for state in ("reserved", "starting", "running")]


def test_what_nobody_could_hear_is_told_as_missed(
    sockets: Sockets, ours: Tenant, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CHECK_AGAIN", 0.1)
    monkeypatch.setattr(announce, "appeared", lambda job: None)
    listening = sockets.connect(events_of(ours), token=ours.token())
    listening.until_text(type="joined")
    reserved(ours, pool, units=1)
    listening.until_text(type="missed")


@pytest.mark.parametrize("slug", ["theirs", "nobody"])
def test_another_organization_s_events_are_not_there(sockets: Sockets, ours: Tenant, theirs: Tenant, slug: str) -> None:
    for caller in ({"token": ours.token()}, {"browser": ours.client()}):
        assert sockets.connect(f"/ws/v1/o/{slug}/events", **caller).until_closed() == 4404
    assert sockets.connect(f"/ws/v1/o/{slug}/events").until_closed() == 4401
