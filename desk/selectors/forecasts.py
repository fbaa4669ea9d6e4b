"""What forecasts said beforehand beside what came: by pool over a period, or of one pool by day."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Max, QuerySet, Sum

from desk.models import ForecastDay
from desk.periods import Period
from pricing.models import Pool


@dataclass(frozen=True)
class Said:
    """Unit-hours; `hours` is of how many something was said, and `off` how much more came than that, in percent."""

    label: str
    price: int
    ahead: int
    hours: int
    said: float
    came: float

    @property
    def off(self) -> float | None:
        return 100 * (self.came - self.said) / self.said if self.said else None


def by_pool(period: Period) -> list[Said]:
    """Sums of each pool's days, in which the list price may have changed: the highest is told."""
    rows = _days(period).values_list("pool__slug").order_by("pool__slug")
    sums = rows.annotate(Max("price"), Max("ahead"), Sum("hours"), Sum("said"), Sum("came"))
    return [Said(*row) for row in sums if row[3]]


def by_day(period: Period, pool: Pool) -> list[Said]:
    """The newest first."""
    rows = _days(period).filter(pool=pool, hours__gt=0).order_by("-day")
    told: list[tuple[date, int, int, int, float, float]] = list(
        rows.values_list("day", "price", "ahead", "hours", "said", "came")
    )
    return [Said(f"{day:%Y-%m-%d}", *rest) for day, *rest in told]  # type: ignore[arg-type]


def _days(period: Period) -> QuerySet[ForecastDay]:
    return ForecastDay.objects.filter(day__gte=period.since, day__lte=period.until)
