"""What is sold (pools), what is promised (the book), and what demand is expected (forecasts)."""

from pricing.models.book import BookEntry
from pricing.models.forecasts import Forecast
from pricing.models.pools import Pool

__all__ = ["BookEntry", "Forecast", "Pool"]
