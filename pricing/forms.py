"""What people fill in to ask the market: how much, how long, in which window, worth what."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from era_platform.common import clock, money
from pricing.domain import MAX_DURATION, MAX_UNITS, Ask

SECONDS = {"minutes": 60, "hours": 3_600, "days": 86_400}


class MomentInput(forms.DateTimeInput):
    """A field for a moment. It is UTC as the page comes; moments-input.js then shows it in the reader's zone."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                return str(value)
        if not isinstance(value, datetime):
            return None
        in_utc = value.astimezone(UTC) if value.tzinfo else value
        return str(in_utc.strftime("%Y-%m-%dT%H:%M"))


class AskForm(forms.Form):
    units = forms.IntegerField(label=gettext_lazy("Units"), min_value=1, max_value=MAX_UNITS, initial=1)
    duration_amount = forms.DecimalField(
        label=gettext_lazy("For how long"), min_value=Decimal("0.01"), max_digits=12, decimal_places=4, initial=5
    )
    duration_unit = forms.ChoiceField(
        label=gettext_lazy("Unit of time"),
        choices=[
            ("minutes", gettext_lazy("minutes")),
            ("hours", gettext_lazy("hours")),
            ("days", gettext_lazy("days")),
        ],
    )
    earliest = forms.DateTimeField(label=gettext_lazy("Not before"), required=False, widget=MomentInput)
    deadline = forms.DateTimeField(label=gettext_lazy("Done by"), widget=MomentInput)
    value = forms.CharField(
        label=gettext_lazy("Worth to you, in credits"),
        max_length=30,
        help_text=gettext_lazy("You never pay more than the price. Nobody but the market looks at this."),
    )

    def clean_value(self) -> int | None:
        """Micro-credits; None where it is left out."""
        text = self.cleaned_data["value"]
        if not text:
            return None
        try:
            value = money.parse_credits(text)
        except ValueError as error:
            raise forms.ValidationError(
                _("“%(value)s” is not an amount of credits, like 12.50."), params={"value": text}
            ) from error
        if value < 0:
            raise forms.ValidationError(_("This must be 0 or more."))
        return value

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "duration_amount" in cleaned and "duration_unit" in cleaned:
            seconds = round(cleaned["duration_amount"] * SECONDS[cleaned["duration_unit"]])
            if not 1 <= seconds <= MAX_DURATION:
                self.add_error("duration_amount", _("This must be between one second and a year."))
            cleaned["duration"] = seconds
        return cleaned

    def ask(self) -> Ask:
        given = self.cleaned_data
        return Ask(
            units=given["units"],
            duration=given["duration"],
            deadline=given["deadline"],
            earliest=given["earliest"],
            value=given["value"],
        )


class QuoteForm(AskForm):
    """An ask that may leave out what it is worth: then only the price is wanted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].required = False


def duration_parts(seconds: int) -> dict[str, Any]:
    """Seconds as the two fields show them, in the largest unit that divides them."""
    for unit, size in reversed(SECONDS.items()):
        if seconds % size == 0:
            return {"duration_amount": seconds // size, "duration_unit": unit}
    return {"duration_amount": (Decimal(seconds) / 60).quantize(Decimal("0.0001")), "duration_unit": "minutes"}


def default_deadline(slot_seconds: int) -> datetime:
    """Where nothing was said: a day from now or thirty slots, whichever is later, to the minute."""
    later = clock.now() + max(timedelta(days=1), timedelta(seconds=30 * slot_seconds))
    return later.replace(second=0, microsecond=0)
