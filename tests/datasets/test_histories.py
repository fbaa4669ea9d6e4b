"""Whatever is done to datasets in whatever order, they have what a simple model of them has, and so has the disk."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django_scopes import scopes_disabled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.models import Dataset, Version
from datasets.services import datasets, drafts, sweep, trees, uploads
from datasets.services.check import differences
from era_platform.common.errors import Conflict, InvalidInput
from tests.datasets.ways import a_dataset, content_of, put, stored
from tests.factories import Tenant

PATHS = st.sampled_from(["a", "b", "c/d", "c/e", "c", "b/x/y"])
CONTENTS = st.sampled_from([b"", b"1", b"22", b"333", b"4444"])
FILES = st.dictionaries(PATHS, CONTENTS, min_size=1, max_size=4)
WHICH = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("begin"), WHICH),
    st.tuples(st.just("put"), WHICH, FILES),
    st.tuples(st.just("put"), WHICH, FILES),
    st.tuples(st.just("remove"), WHICH, PATHS),
    st.tuples(st.just("announce"), WHICH, PATHS),
    st.tuples(st.just("publish"), WHICH),
    st.tuples(st.just("abandon"), WHICH),
    st.tuples(st.just("delete"), WHICH),
    st.tuples(st.just("lay out"), WHICH),
    st.tuples(st.just("sweep")),
)
Model = dict[str, bytes]


@dataclass
class World:
    """A dataset, and what its drafts and versions should have."""

    tenant: Tenant
    dataset: Dataset
    drafts: list[tuple[Version, Model]] = field(default_factory=list)
    published: list[tuple[Version, Model]] = field(default_factory=list)

    def take(self, step: tuple[object, ...]) -> None:
        name, *given = step
        work: Callable[..., None] = getattr(self, str(name).replace(" ", "_"))
        work(*given)

    def draft(self, which: int) -> tuple[Version, Model] | None:
        return self.drafts[which % len(self.drafts)] if self.drafts else None

    def begin(self, which: int) -> None:
        base, files = self.published[which % len(self.published)] if self.published and which else (None, {})
        begun = drafts.begin(actor=self.tenant.member, dataset=self.dataset, base=base)
        self.drafts.append((begun, dict(files)))

    def put(self, which: int, files: Model) -> None:
        if found := self.draft(which):
            version, model = found
            try:
                put(self.tenant, version, files)
            except InvalidInput:
                assert clashes(model | files)
            else:
                model.update(files)
                assert not clashes(model)

    def remove(self, which: int, path: str) -> None:
        if found := self.draft(which):
            version, model = found
            removed = drafts.remove_files(actor=self.tenant.member, version=version, paths=[path], prefix=path)
            gone = [one for one in model if one == path or one.startswith(f"{path}/")]
            assert removed == len(gone)
            for one in gone:
                del model[one]

    def announce(self, which: int, path: str) -> None:
        if found := self.draft(which):
            version, model = found
            try:
                uploads.open(actor=self.tenant.member, version=version, path=path, size=10)
            except InvalidInput:
                assert clashes({**model, path: b""})

    def publish(self, which: int) -> None:
        if found := self.draft(which):
            version, model = found
            if not model:
                with pytest.raises(Conflict):
                    drafts.publish(actor=self.tenant.member, version=version)
                return
            self.drafts.remove(found)
            self.published.append((drafts.publish(actor=self.tenant.member, version=version), model))

    def abandon(self, which: int) -> None:
        if found := self.draft(which):
            self.drafts.remove(found)
            drafts.abandon(actor=self.tenant.member, version=found[0])

    def delete(self, which: int) -> None:
        if self.published:
            version, _model = self.published.pop(which % len(self.published))
            datasets.delete_version(actor=self.tenant.owner, version=version)

    def lay_out(self, which: int) -> None:
        if self.published:
            version, model = self.published[which % len(self.published)]
            tree = trees.materialise(version)
            assert {str(one.relative_to(tree)) for one in tree.rglob("*") if one.is_file()} == set(model)

    def sweep(self) -> None:
        sweep.sweep_loosened()


def clashes(files: Model) -> bool:
    return any(other.startswith(f"{path}/") for path in files for other in files)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=25))
def test_rows_disk_and_model_agree(ours: Tenant, steps: list[tuple[object, ...]]) -> None:
    world = World(ours, a_dataset(ours))
    for step in steps:
        world.take(step)
    versions = world.drafts + world.published
    assert [content_of(version) for version, _model in versions] == [model for _version, model in versions]
    sweep.sweep_disk()
    assert list(differences(with_bytes=True, with_loose=True)) == []
    assert stored(ours) == sum(map(len, {content for _version, model in versions for content in model.values()}))
    datasets.delete(actor=ours.owner, dataset=world.dataset)
    sweep.sweep_disk()
    assert stored(ours) == 0
    with scopes_disabled():
        assert not Version.objects.filter(deleted_at=None).exists()
