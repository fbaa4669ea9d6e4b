"""Calls the webhooks that are due, several at once; only the calls themselves run in threads."""

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from django_scopes import scopes_disabled

from era_platform.common import clock
from notifications import calls, texts
from notifications.models import Delivery, Notice, Webhook
from notifications.services import claims

MOST, AT_ONCE = 64, 16

log = structlog.get_logger(__name__)


def send_due() -> int:
    """One turn; returns how many were taken."""
    with scopes_disabled():
        due = claims.claim(Delivery.Channel.WEBHOOK, MOST)
        if not due:
            return 0
        ready = [_ready(delivery) for delivery in due]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            errors = list(pool.map(_call, ready))
        for delivery, error in zip(due, errors, strict=True):
            if error:
                log.info("webhook_failed", delivery=delivery.pk, attempts=delivery.attempts, error=error)
                claims.failed(delivery, error)
            else:
                claims.sent(delivery)
        return sum(not error for error in errors)


def _call(ready: tuple[str, bytes, dict[str, str]]) -> str:
    try:
        calls.post(*ready)
    except calls.CallFailed as error:
        return str(error)
    return ""


def _ready(delivery: Delivery) -> tuple[str, bytes, dict[str, str]]:
    webhook = delivery.webhook
    assert webhook
    body = json.dumps(payload(delivery.notice), ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "ERA-Platform-Webhook/1",
        "ERA-Event": delivery.notice.kind,
        "ERA-Delivery": str(delivery.pk),
        "ERA-Signature": signature(webhook, body),
    }
    return webhook.url, body, headers


def payload(notice: Notice) -> dict[str, Any]:
    """What is sent, and what the API lists."""
    return {
        "id": notice.pk,
        "kind": notice.kind,
        "at": notice.at.isoformat().replace("+00:00", "Z"),
        "organization": notice.organization.slug,
        "job": str(notice.job) if notice.job else None,
        "link": texts.full_link(notice),
        "detail": notice.detail,
    }


def signature(webhook: Webhook, body: bytes) -> str:
    """`t=<Unix seconds>,v1=<hex>`, with a second `v1` by the secret before, as long as that counts."""
    now = clock.now()
    moment = str(int(now.timestamp()))
    secrets = [webhook.secret]
    if webhook.previous_secret and webhook.previous_until and now < webhook.previous_until:
        secrets.append(webhook.previous_secret)
    signed = moment.encode() + b"." + body
    macs = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={moment}", *(f"v1={mac}" for mac in macs)])
