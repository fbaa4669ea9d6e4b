"""What demand is to be expected, learnt from every request, accepted or refused. Without Django.

A forecast says for each slot how many units are expected to be demanded at or above each price, from now
until that slot begins. It is chosen by back-test: of a family of such curves, the one whose prices would
have served the recent past best (`fit`). A pool without a past starts from its list price (`pricing.prior`)
and is handed over as requests come in.
"""

from pricing.forecasting.curves import Forecast, season_of
from pricing.forecasting.fit import Fit, fit
from pricing.forecasting.history import History

__all__ = ["Fit", "Forecast", "History", "fit", "season_of"]
