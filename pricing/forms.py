"""What people fill in to ask the market: how much, how long, in which window, worth what."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from era_platform.common import clock, money
from pricing.domain import MAX_CONFIGURATIONS, MAX_DURATION, MAX_NODES, MAX_UNITS, Ask, Configuration

SECONDS = {"minutes": 60, "hours": 3_600, "days": 86_400}
_ALSO = ("units", "duration_amount", "duration_unit")


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


class ConfigurationForm(forms.Form):
    """One way to run: how much, for how long."""

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

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "duration_amount" in cleaned and "duration_unit" in cleaned:
            seconds = round(cleaned["duration_amount"] * SECONDS[cleaned["duration_unit"]])
            if not 1 <= seconds <= MAX_DURATION:
                self.add_error("duration_amount", _("This must be between one second and a year."))
            cleaned["duration"] = seconds
        return cleaned


class AskForm(ConfigurationForm):
    """What to ask the market; `also` are rows of further configurations, any one of which will do."""

    earliest = forms.DateTimeField(label=gettext_lazy("Not before"), required=False, widget=MomentInput)
    deadline = forms.DateTimeField(label=gettext_lazy("Done by"), widget=MomentInput)
    nodes = forms.IntegerField(
        label=gettext_lazy("Nodes"),
        required=False,
        min_value=1,
        max_value=MAX_NODES,
        help_text=gettext_lazy("Machines that work together; the units are split evenly over them."),
    )
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

    @cached_property
    def also_rows(self) -> list[ConfigurationForm]:
        """Further configurations as filled in, row by row; empty rows are left out."""
        if not self.is_bound:
            rows = self.initial.get("also", [])
        else:
            data = cast(QueryDict, self.data)
            columns = [data.getlist(f"also_{name}") for name in _ALSO]
            rows = [dict(zip(_ALSO, row, strict=True)) for row in zip(*columns, strict=False)]
        return [ConfigurationForm(row) for row in rows if row["units"] or row["duration_amount"]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        rows = self.also_rows
        are_valid = [row.is_valid() for row in rows]  # each of them, so that each says what is wrong
        if not all(are_valid):
            self.add_error(None, _("Another way to run is not filled in right."))
        elif len(rows) >= MAX_CONFIGURATIONS:
            self.add_error(None, _("At most {most} ways to run fit into one request.").format(most=MAX_CONFIGURATIONS))
        elif "units" in cleaned and "duration" in cleaned:
            ways = [(row["units"], row["duration"]) for row in [cleaned, *(row.cleaned_data for row in rows)]]
            if len(set(ways)) < len(ways):
                self.add_error(None, _("The same way to run is given twice."))
            cleaned["also"] = ways[1:]
        return cleaned

    def ask(self) -> Ask:
        given = self.cleaned_data
        return Ask(
            also=tuple(Configuration(units, duration, given["value"]) for units, duration in given["also"]),
            units=given["units"],
            duration=given["duration"],
            deadline=given["deadline"],
            earliest=given["earliest"],
            value=given["value"],
            step=given["nodes"] or 1,
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
