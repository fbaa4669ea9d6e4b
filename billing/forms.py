"""What people choose about what they want to see of their spending."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.months import Month
from billing.selectors.spending import By
from era_platform.common.errors import InvalidInput

LABELS = {
    By.PROJECT: gettext_lazy("Project"),
    By.MEMBER: gettext_lazy("Member"),
    By.POOL: gettext_lazy("Pool"),
    By.WEEK: gettext_lazy("Week"),
}
LONGEST = timedelta(days=3 * 366)


class SpendingForm(forms.Form):
    """Days in UTC, both included; this month where nothing is said."""

    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    by = forms.ChoiceField(
        label=gettext_lazy("By"),
        required=False,
        choices=[(by.value, label) for by, label in LABELS.items()],
    )

    def clean(self) -> dict[str, Any]:
        given, now = super().clean() or {}, Month.now()
        given["since"] = given.get("since") or now.begins.date()
        given["until"] = given.get("until") or max(now.last_day, given["since"])
        given["by"] = By(given.get("by") or By.PROJECT)
        if given["until"] < given["since"]:
            text = _("%(until)s is before %(since)s.")
            raise forms.ValidationError(text, params={"since": given["since"], "until": given["until"]})
        if given["until"] - given["since"] > LONGEST or given["until"].year > 9_000:
            raise forms.ValidationError(_("At most three years can be shown at once."))
        return given

    def insist(self) -> None:
        """Raises InvalidInput for the first thing that is wrong."""
        if not self.is_valid():
            field, told = next(iter(self.errors.items()))
            raise InvalidInput(" ".join(map(str, told)), field="" if field == "__all__" else field)

    def span(self) -> tuple[datetime, datetime]:
        """[from, to) as moments."""
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        return _begin(since), _begin(until + timedelta(days=1))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
