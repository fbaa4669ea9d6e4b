"""Notices reach people's mail, their page, and webhooks: each once, later where it fails, given up in the end."""

import hashlib
import hmac
import itertools
import json
import time
from typing import Any

import pytest
from django_scopes import scopes_disabled
from pytest_django import Settings

from accounts.models import User
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput
from notifications import calls
from notifications.models import Delivery, Kind, Webhook
from notifications.selectors.preferences import Ways
from notifications.services import claims, fan_out, mails, outbox, preferences, webhook_calls, webhooks
from tests.factories import Tenant
from tests.notifications.servers import Hook, Post

pytestmark = pytest.mark.django_db


def told(
    tenant: Tenant, kind: Kind = Kind.FAILED, *, person: User | None = None, key: str = "a", **detail: Any
) -> None:
    """A notice that has been passed on."""
    by = person.pk if person else None
    outbox.tell(kind, organization=tenant.organization, key=key, person=by, **({"name": "train"} | detail))
    fan_out.fan_out()


def ways() -> set[tuple[str, str]]:
    with scopes_disabled():
        rows = Delivery.objects.select_related("user", "webhook")
        return {(row.channel, row.user.email if row.user else str(row.webhook)) for row in rows}


def only() -> Delivery:
    with scopes_disabled():
        return Delivery.objects.get(channel="webhook")


def test_whom_it_is_about_is_told_and_nobody_else(ours: Tenant, theirs: Tenant) -> None:
    told(ours, person=ours.member)
    assert ways() == {("mail", "member@ours.example.com"), ("page", "member@ours.example.com")}


def test_owners_are_told_of_what_is_about_nobody_or_somebody_who_left(ours: Tenant, theirs: Tenant) -> None:
    told(ours, key="nobody")
    told(ours, key="left", person=theirs.member)
    assert {address for _way, address in ways()} == {"owner@ours.example.com"}


def test_a_member_s_budget_is_told_to_the_member_and_the_owners(ours: Tenant) -> None:
    told(ours, Kind.BUDGET, person=ours.member, percent=80)
    assert {address for _way, address in ways()} == {"owner@ours.example.com", "member@ours.example.com"}


def test_a_second_notice_of_the_same_and_a_second_turn_make_no_second_delivery(ours: Tenant) -> None:
    told(ours, person=ours.member)
    told(ours, person=ours.member)
    with scopes_disabled():
        assert Delivery.objects.count() == 2


def test_what_a_person_chose_holds_before_what_the_owners_chose(ours: Tenant) -> None:
    nothing, mail = {Kind.FAILED: Ways(False, False)}, {Kind.FAILED: Ways(True, False)}
    preferences.choose(actor=ours.owner, organization=ours.organization, ways=nothing, for_all=True)
    preferences.choose(actor=ours.member, organization=ours.organization, ways=mail)
    preferences.choose(actor=ours.member, organization=ours.organization, ways=mail)  # twice
    told(ours, key="member", person=ours.member)
    told(ours, key="viewer", person=ours.viewer)
    assert ways() == {("mail", "member@ours.example.com")}


def test_a_mail_goes_through_a_real_server_and_says_what_and_where(ours: Tenant, post: Post) -> None:
    told(ours, person=ours.member, exit_code=3)
    assert (mails.send_due(), mails.send_due()) == (1, 0)
    [message] = post.messages
    assert "To: member@ours.example.com" in message
    assert "Exit code: 3" in message
    assert "/o/ours/notices/" in message


def test_a_mail_that_is_refused_holds_up_no_other_and_is_tried_again(ours: Tenant, post: Post) -> None:
    told(ours, Kind.BUDGET, person=ours.member, percent=50)
    post.refused = {"member@ours.example.com"}
    assert mails.send_due() == 1
    post.refused = set()
    assert mails.send_due() == 0
    clock.advance(31)
    assert mails.send_due() == 1
    assert len(post.messages) == 2


def test_what_cannot_be_written_holds_up_no_other(ours: Tenant, mailoutbox: list[Any]) -> None:
    told(ours, Kind.MAINTENANCE, key="odd", person=ours.member, moved=3)
    told(ours, key="right", person=ours.member)
    assert mails.send_due() == 1
    assert len(mailoutbox) == 1
    with scopes_disabled():
        odd = Delivery.objects.get(channel="mail", notice__key="odd")
    assert (odd.state, odd.error) == ("waiting", "it can't be written: 'int' object is not iterable")


def test_a_name_with_a_line_break_makes_no_header_of_a_mail(ours: Tenant, mailoutbox: list[Any]) -> None:
    told(ours, person=ours.member, name="a\nBcc: x@example.com")
    assert mails.send_due() == 1
    assert "\n" not in mailoutbox[0].subject


def test_a_webhook_is_called_once_with_a_signature_that_its_secret_verifies(
    ours: Tenant, hook: Hook, webhook: Webhook
) -> None:
    told(ours, person=ours.member, exit_code=3)
    assert (webhook_calls.send_due(), webhook_calls.send_due()) == (1, 0)
    [(path, headers, body)] = hook.calls
    moment, mac = (part.split("=")[1] for part in headers["ERA-Signature"].split(","))
    signed = hmac.new(webhook.secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    assert mac == signed.hexdigest()
    assert abs(int(moment) - clock.timestamp()) < 2
    sent = json.loads(body)
    assert (path, sent["kind"], sent["organization"], sent["detail"]["exit_code"]) == ("/era", "failed", "ours", 3)


def test_both_secrets_sign_until_a_day_after_a_new_one(ours: Tenant, webhook: Webhook) -> None:
    renewed = webhooks.rotate(actor=ours.owner, webhook=webhook)
    assert renewed.secret != webhook.secret
    assert renewed.previous_secret == webhook.secret
    assert webhook_calls.signature(renewed, b"x").count("v1=") == 2
    clock.advance(24 * 3600)
    assert webhook_calls.signature(renewed, b"x").count("v1=") == 1


def test_only_kinds_that_a_webhook_asks_for_go_there_and_nothing_of_others(
    ours: Tenant, theirs: Tenant, hook: Hook
) -> None:
    webhooks.add(actor=ours.owner, organization=ours.organization, url=hook.url, kinds=["budget"])
    told(ours, Kind.FAILED, key="a")
    told(theirs, Kind.BUDGET, key="b")
    told(ours, Kind.BUDGET, key="c")
    assert webhook_calls.send_due() == 1


def test_what_fails_is_tried_later_and_later_then_given_up_and_can_be_sent_again(
    ours: Tenant, hook: Hook, webhook: Webhook
) -> None:
    hook.status = 500
    told(ours)
    waits = []
    while only().state == "waiting":
        due = only().next_at
        waits.append((due - clock.now()).total_seconds())
        clock.wait_until(due)
        webhook_calls.send_due()
    assert len(hook.calls) == claims.MOST_ATTEMPTS
    assert only().error == "it answered 500"
    assert all(later >= earlier for earlier, later in itertools.pairwise(waits))
    hook.status = 200
    assert webhooks.send_again(actor=ours.owner, delivery=only())
    assert not webhooks.send_again(actor=ours.owner, delivery=only())
    webhook_calls.send_due()
    assert only().state == "sent"


def test_a_delivery_whose_sender_died_is_taken_again_after_a_while(ours: Tenant, webhook: Webhook) -> None:
    told(ours)
    with scopes_disabled():
        assert len(claims.claim(Delivery.Channel.WEBHOOK, 10)) == 1
        assert claims.claim(Delivery.Channel.WEBHOOK, 10) == []
        clock.advance(claims.LEASE.total_seconds())
        assert len(claims.claim(Delivery.Channel.WEBHOOK, 10)) == 1


def test_a_redirect_is_not_followed(ours: Tenant, hook: Hook, webhook: Webhook) -> None:
    hook.status, hook.location = 302, f"{hook.url}/elsewhere"
    told(ours)
    webhook_calls.send_due()
    assert [path for path, *_rest in hook.calls] == ["/era"]
    assert only().error == "it answered 302"


def test_an_answer_that_drips_in_for_ever_is_cut(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "ALL_SECONDS", 0.3)
    hook.drip = True
    began = time.monotonic()
    with pytest.raises(calls.CallFailed):
        calls.post(hook.url, b"{}", {})
    assert time.monotonic() - began < 3


def test_private_addresses_are_not_called_whatever_name_they_go_by(
    hook: Hook, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ERA_WEBHOOK_PRIVATE = False
    port = hook.server_address[1]
    for host in ("localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"):
        with pytest.raises(calls.CallFailed, match=r"not a public address|getaddrinfo|Name or service|resolution"):
            calls.post(f"https://{host}:{port}/", b"{}", {})
    assert hook.calls == []


NOT_PUBLIC = (
    "10.0.0.1 192.168.1.1 172.16.0.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255"
    " ::1 fe80::1 fe80::1%eth0 fc00::1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1::"
)


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_an_address_that_is_not_public(address: str) -> None:
    assert not calls.is_public(address)


def test_addresses_that_are_public() -> None:
    assert calls.is_public("8.8.8.8")
    assert calls.is_public("2001:4860:4860::8888")


BAD_URLS = (
    "",
    "example.com",
    "ftp://example.com",
    "http://example.com",
    "https://",
    "https://u:p@example.com/",
    "https://example.com/\r\nX: 1",
    "https://example.com/é",
    "https://example.com:99999/",
    "https://[::1/",
    "https://" + "a" * 500,
)


@pytest.mark.parametrize("url", BAD_URLS)
def test_what_is_no_address_to_call_is_refused(ours: Tenant, url: str) -> None:
    with pytest.raises(InvalidInput):
        webhooks.add(actor=ours.owner, organization=ours.organization, url=url)


def test_one_address_once_and_a_kind_that_is_none(ours: Tenant, webhook: Webhook) -> None:
    with pytest.raises(Conflict, match="already"):
        webhooks.add(actor=ours.owner, organization=ours.organization, url=webhook.url)
    with pytest.raises(InvalidInput, match="“lunch”"):
        webhooks.add(actor=ours.owner, organization=ours.organization, url=webhook.url + "2", kinds=["lunch"])


def test_nothing_goes_to_a_webhook_that_was_removed(ours: Tenant, hook: Hook, webhook: Webhook) -> None:
    told(ours)
    webhooks.remove(actor=ours.owner, webhook=webhook)
    told(ours, key="later")
    assert webhook_calls.send_due() == 0
    assert hook.calls == []
