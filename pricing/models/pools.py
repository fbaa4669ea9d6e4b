"""A pool: machines of one kind, sold in identical units, slot by slot."""

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from era_platform.common import clock
from era_platform.common.money import MAX_AMOUNT
from pricing.domain import Limits


class Pool(models.Model):
    """Prices are micro-credits per unit and slot. `book_number` is the number of the book's last entry;
    its row is the lock that every change to the book takes first."""

    slug = models.SlugField(_("short name"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    slot_seconds = models.PositiveIntegerField(_("slot (seconds)"), validators=[MinValueValidator(1)])
    horizon_slots = models.PositiveIntegerField(_("horizon (slots)"), validators=[MinValueValidator(1)])
    units = models.PositiveIntegerField(_("units"), validators=[MinValueValidator(1)])
    headroom_units = models.PositiveIntegerField(
        _("head-room (units)"),
        default=0,
        help_text=_("Kept from sale in every slot, for attempts that are run again after a node was lost."),
    )
    unit_cpus = models.DecimalField(_("CPUs per unit"), max_digits=8, decimal_places=3)
    unit_memory_mib = models.PositiveIntegerField(_("memory per unit (MiB)"))
    unit_gpus = models.PositiveIntegerField(_("GPUs per unit"), default=0)
    floor_price = models.BigIntegerField(_("floor price"), validators=[MinValueValidator(0)])
    list_price = models.BigIntegerField(_("list price"), validators=[MinValueValidator(0)])
    ceiling_price = models.BigIntegerField(_("ceiling price"), validators=[MinValueValidator(0)])
    uses_forecast = models.BooleanField(
        _("forecast"),
        default=True,
        help_text=_("Prices follow what is asked for, made anew each hour; otherwise only how much is sold."),
    )
    min_units = models.PositiveIntegerField(
        _("least units"), default=1, validators=[MinValueValidator(1)], help_text=_("In one request.")
    )
    max_units = models.PositiveIntegerField(
        _("most units"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("In one request. Empty: as many as there are."),
    )
    min_slots = models.PositiveIntegerField(
        _("shortest run (slots)"), default=1, validators=[MinValueValidator(1)], help_text=_("Of one request.")
    )
    max_slots = models.PositiveIntegerField(
        _("longest run (slots)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Of one request. Empty: up to the horizon."),
    )
    grace_seconds = models.PositiveIntegerField(
        _("grace (seconds)"),
        default=5,
        help_text=_("How long before the end of its slot a job is asked to stop; at the end it is killed."),
    )
    is_open = models.BooleanField(_("open for sale"), default=True)
    closed_reason = models.CharField(_("why it is not"), max_length=200, blank=True, default="", db_default="")
    book_number = models.BigIntegerField(_("book number"), default=0, editable=False)
    forecast_version = models.PositiveIntegerField(_("forecast version"), default=0, editable=False)
    refund_policy = models.ForeignKey(
        "pricing.RefundPolicy", models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("pool")
        verbose_name_plural = _("pools")
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    floor_price__gte=0,
                    list_price__gte=models.F("floor_price"),
                    ceiling_price__gte=models.F("list_price"),
                ),
                name="pool_prices_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(slot_seconds__gte=1, horizon_slots__gte=1, units__gte=1),
                name="pool_sizes_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(min_units__gte=1, min_slots__gte=1)
                & (models.Q(max_units__isnull=True) | models.Q(max_units__gte=models.F("min_units")))
                & (models.Q(max_slots__isnull=True) | models.Q(max_slots__gte=models.F("min_slots"))),
                name="pool_limits_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def slot_now(self) -> int:
        """The slot that is running."""
        return clock.slot_at(clock.now(), self.slot_seconds)

    @property
    def limits(self) -> Limits:
        """How large a request may be."""
        return Limits(self.min_units, self.max_units, self.min_slots, self.max_slots)

    def clean(self) -> None:
        if None not in (self.floor_price, self.list_price, self.ceiling_price) and not (
            self.floor_price <= self.list_price <= self.ceiling_price
        ):
            raise ValidationError(_("Prices must be in order: floor ≤ list ≤ ceiling."))
        if None not in (self.units, self.horizon_slots, self.ceiling_price) and (
            self.units * self.horizon_slots * self.ceiling_price > MAX_AMOUNT
        ):
            raise ValidationError(
                _("All units over the whole horizon at the ceiling price come to more than can be counted.")
            )
        if None not in (self.units, self.headroom_units) and self.headroom_units > self.units:
            raise ValidationError(
                {
                    "headroom_units": _("A pool of {units} units has no {headroom} to keep from sale.").format(
                        units=self.units, headroom=self.headroom_units
                    )
                }
            )
        if self.slot_seconds and self.grace_seconds >= self.slot_seconds:
            raise ValidationError({"grace_seconds": _("The grace must be shorter than a slot.")})
        errors = {
            **_out_of_order("units", least=self.min_units, most=self.max_units, there_are=self.units),
            **_out_of_order("slots", least=self.min_slots, most=self.max_slots, there_are=self.horizon_slots),
        }
        if errors:
            raise ValidationError(errors)


def _out_of_order(name: str, *, least: int | None, most: int | None, there_are: int | None) -> dict[str, str]:
    """What is wrong with a least and a most, by field. A most beyond what there is does no harm."""
    if not isinstance(least, int) or not isinstance(most, int | None):
        return {}  # that is told already
    if there_are is not None and least > there_are:
        text = _("{least} is more than the {all} there are: no request could be taken.")
        return {f"min_{name}": text.format(least=least, all=there_are)}
    if most is not None and most < least:
        return {f"max_{name}": _("{most} is less than the least, {least}.").format(most=most, least=least)}
    return {}
