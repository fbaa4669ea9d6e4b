"""Sends the mails that are due."""

from collections.abc import Iterable

import structlog
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import smtp
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils.translation import override
from django_scopes import scopes_disabled

from notifications import texts
from notifications.models import Delivery
from notifications.services import claims

MOST = 100
TIMEOUT = 20.0

log = structlog.get_logger(__name__)


def send_due() -> int:
    """One turn; returns how many were sent."""
    with scopes_disabled():
        due = claims.claim(Delivery.Channel.MAIL, MOST)
        return _send(due) if due else 0


def _send(due: Iterable[Delivery]) -> int:
    connection = get_connection()
    if isinstance(connection, smtp.EmailBackend):
        connection.timeout = connection.timeout or TIMEOUT
    count = 0
    try:
        for delivery in due:
            count += _send_one(delivery, connection)
    finally:
        connection.close()
    return count


def _send_one(delivery: Delivery, connection: BaseEmailBackend) -> bool:
    try:
        mail = message(delivery, connection)
    except (LookupError, TypeError, ValueError) as error:  # a detail of another shape, as of another release
        log.exception("mail_not_written", delivery=delivery.pk)
        claims.failed(delivery, f"it can't be written: {error}")
        return False
    try:
        connection.open()
        mail.send()
    except OSError as error:  # SMTP's errors are, too
        log.warning("mail_not_sent", delivery=delivery.pk, error=str(error))
        connection.close()
        claims.failed(delivery, str(error) or type(error).__name__)
        return False
    claims.sent(delivery)
    return True


def message(delivery: Delivery, connection: BaseEmailBackend | None = None) -> EmailMessage:
    assert delivery.user
    notice = delivery.notice
    with override("en"):
        of = {"notice": notice, "lines": texts.lines(notice), "link": texts.full_link(notice)}
        subject = f"[{notice.organization.name}] {texts.headline(notice)}".replace("\n", " ").replace("\r", " ")
        body = render_to_string("notifications/mail.txt", of)
    # The same for each attempt, so that a mail program shows one that came twice once.
    named = {"Message-ID": f"<notice-{delivery.pk}@era-platform>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(subject, body, None, [delivery.user.email], headers=named, connection=connection)
