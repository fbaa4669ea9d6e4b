"""How far jobs' events and starts have been told of."""

from django.db import models


class EventMark(models.Model):
    """One row. All events up to `event`, and all starts up to `soon`, are in the outbox."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    event = models.BigIntegerField()
    soon = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="event_mark_is_one")]

    def __str__(self) -> str:
        return f"{self.event}, {self.soon}"
