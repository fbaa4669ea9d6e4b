"""`manage.py create_pool`: puts machines up for sale."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from era_platform.common.money import parse_credits
from pricing.services.pools import create_pool


class Command(BaseCommand):
    help = "Make a pool and put its units up for sale from now on. Prices are credits per unit and slot."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", default="")
        parser.add_argument("--units", type=int, required=True)
        parser.add_argument("--headroom-units", type=int, default=0, help="of these, kept from sale")
        parser.add_argument("--slot-seconds", type=int, default=300)
        parser.add_argument("--horizon-slots", type=int, default=8640)
        parser.add_argument("--unit-cpus", type=Decimal, default=Decimal(1))
        parser.add_argument("--unit-memory-mib", type=int, default=2048)
        parser.add_argument("--unit-gpus", type=int, default=0)
        parser.add_argument("--floor-price", default="0.01")
        parser.add_argument("--list-price", default="0.02")
        parser.add_argument("--ceiling-price", default="0.10")
        parser.add_argument("--grace-seconds", type=int, default=5)

    def handle(self, *args: Any, **options: Any) -> None:
        fields = {name: options[name] for name in _FIELDS}
        try:
            prices: dict[str, Any] = {name: parse_credits(options[name]) for name in _PRICES}
            pool = create_pool(actor=None, **{**fields, "name": options["name"] or options["slug"]}, **prices)
        except ValidationError as error:
            raise CommandError("; ".join(f"{name}: {' '.join(said)}" for name, said in _said(error).items())) from error
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{pool.slug}: {pool.units} units in slots of {pool.slot_seconds} s")


_PRICES = ("floor_price", "list_price", "ceiling_price")
_FIELDS = (
    "slug",
    "units",
    "headroom_units",
    "slot_seconds",
    "horizon_slots",
    "unit_cpus",
    "unit_memory_mib",
    "unit_gpus",
    "grace_seconds",
)


def _said(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {"pool": error.messages}
