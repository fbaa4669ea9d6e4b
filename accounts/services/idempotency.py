"""Makes a write that carries an Idempotency-Key happen once, however often it is sent."""

import hashlib
import json
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import IdempotencyKey, Organization
from era_platform.common.errors import IdempotencyMismatch


def claim(organization: Organization, key: str, body: object, *, reference: UUID) -> UUID | None:
    """Take `key` for what `reference` will name, within the caller's transaction; None where it is ours.

    Where it was taken before: what it named then. A request that is under way with the same key is
    waited for. Raises IdempotencyMismatch where the key came with another body.
    """
    digest = _digest(body)
    try:
        with transaction.atomic():
            IdempotencyKey.objects.create(organization=organization, key=key, digest=digest, reference=reference)
    except IntegrityError:
        return _earlier(organization, key, digest)
    return None


def find(organization: Organization, key: str, body: object) -> UUID | None:
    """What `key` named before, if it was taken. Raises IdempotencyMismatch where it came with another body."""
    if not key or not IdempotencyKey.objects.filter(organization=organization, key=key).exists():
        return None
    return _earlier(organization, key, _digest(body))


def _digest(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()


def _earlier(organization: Organization, key: str, digest: str) -> UUID:
    found = IdempotencyKey.objects.get(organization=organization, key=key)
    if found.digest != digest:
        raise IdempotencyMismatch(
            _("The key {key} came before with another request.").format(key=repr(key[:80])), field="Idempotency-Key"
        )
    return found.reference
