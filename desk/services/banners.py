"""Puts banners up and takes them down."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import staff
from accounts.models import StaffRole, User
from accounts.services import audit
from desk.models import Banner
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput, NotFound


def put_up(
    *, actor: User, text: str, level: Banner.Level, since: datetime | None = None, until: datetime | None = None
) -> Banner:
    """Show `text` from `since` (None: now) until `until` (None: until taken down). Raises Forbidden, InvalidInput."""
    staff.require(actor, StaffRole.OPERATOR)
    now = clock.now()
    start = since or now
    if not text.strip():
        raise InvalidInput(_("A banner needs a text."), field="text")
    if until is not None and until <= max(start, now):
        raise InvalidInput(
            _("A banner must end after it begins, and not in the past, as {moment} does.").format(
                moment=until.isoformat()
            ),
            field="until",
        )
    with transaction.atomic():
        banner = Banner.objects.create(text=text.strip(), level=level, starts_at=start, ends_at=until, created_by=actor)
        audit.record("banner.put_up", actor=actor, target=banner.pk, text=banner.text, level=str(level))
    return banner


def take_down(*, actor: User, banner_id: int) -> Banner:
    """Show it no longer, or never. Raises Forbidden, NotFound, or Conflict where it is over already."""
    staff.require(actor, StaffRole.OPERATOR)
    with transaction.atomic():
        banner = Banner.objects.select_for_update().filter(pk=banner_id).first()
        if banner is None:
            raise NotFound(_("There is no banner {id}.").format(id=banner_id))
        if banner.is_over:
            raise Conflict(_("The banner “{banner}” is over.").format(banner=banner))
        banner.ends_at = max(clock.now(), banner.starts_at)
        if banner.starts_at > clock.now():
            banner.starts_at = banner.ends_at = clock.now()
        banner.save(update_fields=["starts_at", "ends_at"])
        audit.record("banner.taken_down", actor=actor, target=banner.pk, text=banner.text)
    return banner
