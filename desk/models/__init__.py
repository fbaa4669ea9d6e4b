"""What the desk keeps of its own: sums of days and hours, and banners."""

from desk.models.banners import Banner
from desk.models.compared import ComparisonDay, QueueBook
from desk.models.forecasts import ForecastDay
from desk.models.nodes import NodeDay, NodeHour
from desk.models.rollups import PoolDay, PoolHour, RefusalDay

__all__ = [
    "Banner",
    "ComparisonDay",
    "ForecastDay",
    "NodeDay",
    "NodeHour",
    "PoolDay",
    "PoolHour",
    "QueueBook",
    "RefusalDay",
]
