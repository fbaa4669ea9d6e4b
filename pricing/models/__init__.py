"""What is sold (pools), what is promised (the book), and what demand is expected (forecasts)."""

from pricing.models.book import BookEntry
from pricing.models.forecasts import Forecast
from pricing.models.outages import Outage
from pricing.models.pools import Pool
from pricing.models.refunds import RefundPolicy
from pricing.models.snapshots import BookSnapshot

__all__ = ["BookEntry", "BookSnapshot", "Forecast", "Outage", "Pool", "RefundPolicy"]
