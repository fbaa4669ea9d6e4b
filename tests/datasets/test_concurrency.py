"""Many at once: nothing is lost, nothing counted twice, and nothing half there."""

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django_scopes import scopes_disabled
from pytest_django.fixtures import Settings

from datasets import store
from datasets.models import Upload, Version
from datasets.services import drafts, files, sweep, trees, uploads
from datasets.services.check import differences
from era_platform.common.errors import Conflict, Problem, QuotaExceeded
from tests.datasets.ways import a_dataset, a_draft, arrived, content_of, published, put, stored
from tests.factories import Tenant, a_tenant

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 6


@pytest.fixture
def tenant() -> Tenant:
    return a_tenant("ours")


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each gives, or the Problem that it raises; as many as there are threads begin at the same moment."""
    barrier = threading.Barrier(min(THREADS, len(works)))

    def run(number: int) -> Any:
        try:
            if number < THREADS:
                barrier.wait(60)
            return works[number]()
        except Problem as problem:
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(run, range(len(works))))


def problems(results: list[Any]) -> list[Problem]:
    return [one for one in results if isinstance(one, Problem)]


def all_is_well(*, swept: bool = True) -> None:
    if swept:
        sweep.sweep_disk()
    assert list(differences(with_bytes=True, with_loose=swept)) == []


def test_the_same_paths_and_contents_from_all_sides_are_there_once(tenant: Tenant) -> None:
    draft = a_draft(tenant)

    def add(seed: int) -> Callable[[], None]:
        names = [f"{number}" for number in range(30)]
        random.Random(seed).shuffle(names)
        return lambda: put(tenant, draft, {name: f"content {int(name) % 7}".encode() for name in names})

    assert problems(at_once([add(seed) for seed in range(18)])) == []
    assert content_of(draft) == {f"{number}": f"content {number % 7}".encode() for number in range(30)}
    assert stored(tenant) == 7 * len(b"content 0")
    all_is_well()


def test_of_many_that_want_the_last_room_exactly_those_get_it_for_whom_there_is_some(
    tenant: Tenant, settings: Settings
) -> None:
    settings.ERA_DATASET_QUOTA_BYTES = 100
    draft = a_draft(tenant)

    def announce(number: int) -> Upload:
        return uploads.open(actor=tenant.member, version=draft, path=f"announced {number}", size=7)

    def add(number: int) -> None:
        put(tenant, draft, {f"added {number}": f"{number:07}".encode()})

    results = at_once([lambda n=n: (announce if n % 2 else add)(n) for n in range(24)])  # type: ignore[misc]
    assert {type(one) for one in problems(results)} == {QuotaExceeded}
    with scopes_disabled():
        assert stored(tenant) + 7 * Upload.objects.count() == 98
    all_is_well()


def test_a_file_added_while_its_draft_is_published_is_in_it_or_refused(tenant: Tenant) -> None:
    draft = a_draft(tenant, contents={"first": b"0"})

    def add(number: int) -> Callable[[], str]:
        def work() -> str:
            put(tenant, draft, {f"{number}": f"{number}".encode()})
            return f"{number}"

        return work

    publish = lambda: drafts.publish(actor=tenant.member, version=draft)  # noqa: E731
    results = at_once([add(1), add(2), publish, publish, *(add(number) for number in range(3, 20))])
    [version] = [one for one in results if isinstance(one, Version)]
    assert set(content_of(version)) == {"first", *(one for one in results if isinstance(one, str))}
    assert version.files == len(content_of(version))
    assert all(isinstance(one, Conflict) for one in problems(results))
    all_is_well()


def test_a_draft_abandoned_while_it_is_filled_is_gone(tenant: Tenant) -> None:
    draft = a_draft(tenant, contents={"first": b"0"})
    adds = [lambda n=n: put(tenant, draft, {f"{n}": f"{n}".encode()}) for n in range(12)]
    results = at_once([*adds[:3], lambda: drafts.abandon(actor=tenant.member, version=draft), *adds[3:]])
    assert all(isinstance(one, Conflict) for one in problems(results))
    all_is_well()
    assert stored(tenant) == 0


def test_sweeping_takes_nothing_from_those_who_add_at_the_same_time(tenant: Tenant) -> None:
    """The same few contents come and go, and it is swept all the time."""
    draft = a_draft(tenant)

    def come_and_go(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(8):
            name, content = f"{seed}", f"{chance.randrange(4)}".encode()
            put(tenant, draft, {name: content})
            if chance.random() < 0.5:
                drafts.remove_files(actor=tenant.member, version=draft, paths=[name])
        put(tenant, draft, {f"{seed}": b"kept"})

    def sweep_always() -> None:
        for _ in range(15):
            sweep.sweep_disk()

    results = at_once([sweep_always, *(lambda s=s: come_and_go(s) for s in range(5))])
    assert problems(results) == []
    assert set(content_of(draft).values()) == {b"kept"}
    all_is_well()


def test_several_who_make_the_same_folder_get_the_same_whole_one(tenant: Tenant) -> None:
    version = published(tenant, contents={f"{number % 5}/{number}": f"{number}".encode() for number in range(60)})
    paths = set(at_once([lambda: trees.materialise(version)] * 12))
    assert paths == {store.tree_path(tenant.organization.pk, version.pk)}
    assert [one.name for one in paths.pop().parent.iterdir()] == [str(version.pk)]
    all_is_well(swept=False)


def test_publishing_from_all_sides_gives_each_number_once(tenant: Tenant) -> None:
    dataset = a_dataset(tenant)
    begun = [a_draft(tenant, dataset, {"a": b"x"}) for _ in range(8)]
    results = at_once([lambda d=d: drafts.publish(actor=tenant.member, version=d) for d in begun])  # type: ignore[misc]
    assert sorted(version.number for version in results) == list(range(1, 9))


def test_a_path_that_two_use_as_file_and_as_folder_is_not_published(tenant: Tenant) -> None:
    """Whoever comes second is refused; where both come at once, publication is."""
    draft = a_draft(tenant)
    coming = [arrived(tenant, path, b"x") for path in ("a", "a/b")]
    at_once([lambda f=f: files.add(actor=tenant.member, version=draft, files=[f]) for f in coming])  # type: ignore[misc]
    if len(content_of(draft)) == 2:
        with pytest.raises(Problem, match="is a file"):
            drafts.publish(actor=tenant.member, version=draft)
    else:
        assert drafts.publish(actor=tenant.member, version=draft).files == 1
