"""What was answered to a request that carried an Idempotency-Key, so that it can be answered again."""

from django.db import models
from django_scopes import ScopedManager

from era_platform.common import clock


class IdempotencyKey(models.Model):
    organization = models.ForeignKey("accounts.Organization", models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    reference = models.UUIDField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="idempotency_key_unique")]

    def __str__(self) -> str:
        return self.key
