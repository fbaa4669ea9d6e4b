"""Operators see all datasets, and set quotas on the record."""

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from accounts.models import AuditEvent
from datasets.models import Usage
from tests.datasets.ways import a_dataset, published
from tests.factories import Tenant, a_user, signed_in


@pytest.fixture
def operator(ours: Tenant) -> Client:
    published(ours, a_dataset(ours, tags=["images"]))
    return signed_in(a_user("operator@example.com", is_staff=True))


@pytest.mark.parametrize("name", ["dataset", "version", "usage"])
def test_each_list_and_each_record_opens(operator: Client, ours: Tenant, name: str) -> None:
    page = f"/admin/datasets/{name}/"
    listing = operator.get(page, {"q": "ours"})
    assert listing.status_code == 200
    assert "ours" in listing.content.decode()
    address = next(part for part in listing.content.decode().split('"') if "/change/" in part).split("?")[0]
    assert operator.get(address).status_code == 200
    assert operator.post(address.replace("change", "delete"), {"post": "yes"}).status_code == 403


def test_a_quota_is_set_and_taken_back_on_the_record(operator: Client, ours: Tenant) -> None:
    page = f"/admin/datasets/usage/{ours.organization.pk}/change/"
    assert operator.post(page, {"quota": "5000", "stored": "0"}).status_code == 302
    with scopes_disabled():
        usage = Usage.objects.get()
        assert (usage.quota, usage.stored) == (5000, len(b"what it is"))
        event = AuditEvent.objects.get(action="storage.quota_changed")
    assert (event.actor.email, event.detail) == ("operator@example.com", {"before": None, "quota": 5000})  # type: ignore[union-attr]
    assert operator.post(page, {"quota": ""}).status_code == 302
    with scopes_disabled():
        assert Usage.objects.get().quota is None


def test_an_organization_that_stores_nothing_yet_can_be_given_a_quota(operator: Client, theirs: Tenant) -> None:
    answer = operator.post("/admin/datasets/usage/add/", {"organization": theirs.organization.pk, "quota": "7"})
    assert answer.status_code == 302
    with scopes_disabled():
        assert Usage.objects.get(pk=theirs.organization.pk).quota == 7


def test_nobody_else_gets_there(ours: Tenant) -> None:
    assert ours.client("owner").get("/admin/datasets/usage/").status_code == 302
