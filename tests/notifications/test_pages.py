"""The pages and the API of notices: one's own, read and unread, and webhooks whose secret is shown once."""

import pytest
from django_scopes import scopes_disabled

from accounts.models import AuditEvent
from notifications.models import Delivery, Kind, Webhook
from notifications.services import fan_out, outbox
from tests.factories import Tenant
from tests.notifications.servers import Hook

pytestmark = pytest.mark.django_db


def told(tenant: Tenant, key: str, name: str = "train") -> None:
    organization, person = tenant.organization, tenant.member.pk
    outbox.tell(Kind.FAILED, organization=organization, key=key, person=person, name=name)
    fan_out.fan_out()


def test_one_s_own_notices_are_listed_and_counted_and_others_are_not(ours: Tenant, theirs: Tenant) -> None:
    told(ours, "a", "<b>mine</b>")
    told(theirs, "b", "foreign")
    page = ours.client().get(ours.page("notices/")).content.decode()
    assert "&lt;b&gt;mine&lt;/b&gt;" in page
    assert "foreign" not in page
    assert ">1<" in ours.client().get(ours.page("notices/unread/")).content.decode()
    assert "badge" not in ours.client("viewer").get(ours.page("notices/unread/")).content.decode()


def test_reading_reaches_as_far_as_the_list_did(ours: Tenant) -> None:
    told(ours, "a")
    with scopes_disabled():
        newest = Delivery.objects.filter(channel="page").latest("pk").pk
    told(ours, "b")
    ours.client().post(ours.page("notices/read/"), {"until": newest})
    with scopes_disabled():
        assert Delivery.objects.filter(channel="page", read_at=None).count() == 1
    assert ours.client().post(ours.page("notices/read/"), {"until": "x"}).status_code == 400


def test_what_is_chosen_on_the_page_is_what_is_sent(ours: Tenant) -> None:
    ours.client().post(ours.page("notices/settings/"), {"page": ["failed"]})
    assert 'value="failed" aria-label="Page: Job failed" checked' in (
        ours.client().get(ours.page("notices/settings/")).content.decode()
    )
    told(ours, "a")
    with scopes_disabled():
        assert list(Delivery.objects.values_list("channel", flat=True)) == ["page"]


def test_a_secret_is_shown_once_and_is_not_in_lists_nor_the_audit_log(ours: Tenant, hook: Hook) -> None:
    owner = ours.client("owner")
    made = owner.post(ours.page("webhooks/"), {"url": hook.url, "kinds": ["failed"]}).content.decode()
    with scopes_disabled():
        secret = Webhook.objects.get().secret
        assert secret not in str(list(AuditEvent.objects.values("target", "detail")))
    assert secret in made
    assert secret not in owner.get(ours.page("webhooks/")).content.decode()
    assert "secret" not in ours.api("owner").get("/api/v1/webhooks").json()[0]


def test_an_address_that_can_t_be_called_is_named_on_the_page_and_in_the_api(ours: Tenant) -> None:
    page = ours.client("owner").post(ours.page("webhooks/"), {"url": "ftp://x"})
    assert page.status_code == 400
    assert "ftp://x" in page.content.decode()
    answer = ours.api("owner").post("/api/v1/webhooks", {"url": "ftp://x"}, content_type="application/json")
    assert (answer.status_code, answer.json()["field"]) == (400, "url")


def test_the_api_lists_what_the_page_does(ours: Tenant) -> None:
    told(ours, "a")
    [notice] = ours.api().get("/api/v1/notices").json()["results"]
    assert (notice["kind"], notice["detail"], notice["read_at"]) == ("failed", {"name": "train"}, None)


def test_what_was_given_up_is_listed_for_owners_and_sent_again(ours: Tenant, hook: Hook, webhook: Webhook) -> None:
    told(ours, "a")
    with scopes_disabled():
        Delivery.objects.filter(channel="webhook").update(state="dead", error="it answered 500")
        dead = Delivery.objects.get(channel="webhook")
    owner = ours.client("owner")
    assert "it answered 500" in owner.get(ours.page("webhooks/")).content.decode()
    assert owner.post(ours.page(f"webhooks/deliveries/{dead.pk}/again/")).status_code == 302
    with scopes_disabled():
        dead.refresh_from_db()
        assert dead.state == "waiting"
