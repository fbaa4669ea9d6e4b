"""Calendar months in UTC, by which money is accounted for."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Self

from django.utils.translation import gettext as _

from era_platform.common import clock
from era_platform.common.errors import NotFound


class Month(NamedTuple):
    """`text` is how addresses and files name it: 2026-11."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime) -> Self:
        moment = moment.astimezone(UTC)
        return cls(moment.year, moment.month)

    @classmethod
    def now(cls) -> Self:
        return cls.of(clock.now())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for what is no month of the years 1 to 9998."""
        begins = datetime.strptime(text, "%Y-%m")
        month = cls(begins.year, begins.month)
        if str(month) != text or begins.year > 9998:
            raise ValueError(f"{text!r:.40} is no month such as 2026-11")
        return month

    @classmethod
    def wanted(cls, text: str) -> Self:
        """The one that an address names. Raises NotFound."""
        try:
            return cls.parse(text)
        except ValueError as error:
            raise NotFound(_("{text} is no month such as 2026-11.").format(text=text[:20])) from error

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def begins(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return self.next.begins

    @property
    def next(self) -> Self:
        return type(self).of(self.begins + timedelta(days=31))

    @property
    def last_day(self) -> date:
        return (self.ends - timedelta(days=1)).date()
