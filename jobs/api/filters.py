"""What a list of jobs can be narrowed down to, and how it can be ordered."""

from datetime import datetime

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from era_platform.common.moments import parse_moment
from jobs.models import Job


class MomentFormField(forms.CharField):
    """ISO 8601 with a time zone."""

    def clean(self, value: object) -> datetime | None:
        text = super().clean(value)
        try:
            return parse_moment(text) if text else None
        except ValueError as error:
            message = _("Must be a moment with a time zone, such as 2030-01-01T12:00:00Z.")
            raise forms.ValidationError(message, "invalid") from error


class MomentFilter(django_filters.IsoDateTimeFilter):
    field_class = MomentFormField


class JobFilter(django_filters.FilterSet):
    """Filters hold together: a job is listed that passes each of them."""

    state = django_filters.MultipleChoiceFilter(choices=Job.States.choices, label=_("State; may be given repeatedly."))
    pool = django_filters.CharFilter("pool__slug", label=_("Short name of the pool."))
    project = django_filters.CharFilter("project__slug", label=_("Short name of the project."))
    batch = django_filters.UUIDFilter("batch", label=_("Id of the batch it belongs to."))
    search = django_filters.CharFilter("name", "icontains", max_length=120, label=_("A part of the name."))
    submitted_from = MomentFilter("submitted_at", "gte", label=_("Submitted at this moment or later."))
    submitted_to = MomentFilter("submitted_at", "lt", label=_("Submitted before this moment."))
    ordering = django_filters.OrderingFilter(
        fields={
            "submitted_at": "submitted_at",
            "name": "name",
            "state": "state",
            "price": "price",
            "start_at": "start",
            "end_at": "end",
            "deadline": "deadline",
            "batch_index": "batch_index",
        },
        label=_("A field, with - before it for descending; several with commas. By default -submitted_at."),
    )

    class Meta:
        model = Job
        fields: tuple[str, ...] = ()
