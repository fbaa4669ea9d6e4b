"""What months, amounts of money and payments are called."""

from django.utils.dates import MONTHS

from billing.months import Month

NO_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf"
THREE_DECIMALS = "bhd jod kwd omr tnd"
DECIMALS = dict.fromkeys(NO_DECIMALS.split(" "), 0) | dict.fromkeys(THREE_DECIMALS.split(" "), 3)
"""Of currencies that have not two; https://docs.stripe.com/currencies"""


def month_label(month: Month) -> str:
    return f"{MONTHS[month.number]} {month.year}"


def money_label(money: int, currency: str) -> str:
    """`money` of the currency's smallest unit: 1250, "eur" → "12.50 EUR"."""
    decimals = DECIMALS.get(currency, 2)
    whole, rest = divmod(money, 10**decimals)
    amount = f"{whole}.{rest:0{decimals}d}" if decimals else str(whole)
    return f"{amount} {currency.upper()}"
