"""What an empty installation begins with, so that a newcomer can submit a job at once. Embedded mode only."""

import os
from decimal import Decimal

import psutil
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.services.demo import ensure_people
from era_platform.common.money import MICRO
from pricing.models import Pool
from pricing.services.pools import create_pool

UNITS_PER_CPU = 4
DAYS = 7


def ensure_demo() -> None:
    """Make what is missing of it; what is there stays as people have left it."""
    if not settings.ERA_EMBEDDED:
        raise ImproperlyConfigured("The demo accounts have known passwords: they are made in embedded mode only.")
    ensure_people()
    if not Pool.objects.exists():
        _local_pool()


def _local_pool() -> None:
    """This machine: a unit is a quarter of a CPU and its share of three quarters of the memory."""
    units = (os.cpu_count() or 1) * UNITS_PER_CPU
    create_pool(
        actor=None,
        slug="local",
        name="This machine",
        slot_seconds=60,
        horizon_slots=DAYS * 24 * 60,
        units=units,
        unit_cpus=Decimal(1) / UNITS_PER_CPU,
        unit_memory_mib=max(psutil.virtual_memory().total * 3 // 4 // units // 2**20, 64),
        floor_price=MICRO // 100,
        list_price=MICRO // 50,
        ceiling_price=MICRO // 10,
        grace_seconds=5,
    )
