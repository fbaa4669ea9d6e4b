"""How pages write amounts, moments, durations, sizes, icons and form fields: each in one place only."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, RadioSelect, Select
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.words import transfer_label
from era_platform.common import money
from era_platform.common.sizes import size
from era_platform.icons import drawing
from pricing.refund_words import sentences
from pricing.selectors.refund_policies import policy_of

register = template.Library()
register.filter("size", size)
register.filter("transfer_label", transfer_label)

STATE_ICONS = {
    "rejected": "circle-x",
    "reserved": "calendar-check",
    "starting": "loader-2",
    "running": "loader-2",
    "succeeded": "circle-check",
    "failed": "alert-triangle",
    "timed_out": "clock-x",
    "cancelled": "ban",
}


@register.simple_tag
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """An icon drawn in the page; silent for screen readers unless it has a label."""
    naming = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html('<svg class="icon {}" {} {}</svg>', extra, naming, drawing(name))


@register.filter(name="credits")
def credits_(micro: int | None, style: str = "") -> SafeString:
    """`12.34 credits`, from micro-credits: exact, or rounded (`brief`) with the exact amount as its title."""
    if micro is None:
        return SafeString("–")
    exact = money.format_credits(micro)
    return format_html(
        '<span class="amount"{}>{} <span class="amount-unit">{}</span></span>',
        format_html(' title="{}"', exact) if style == "brief" else "",
        _brief(micro) if style == "brief" else exact,
        _("credits"),
    )


def _brief(micro: int) -> str:
    """Two decimals, or four below one credit: 0.012857 is not 0.01 to whoever compares prices."""
    unit = 10_000 if abs(micro) >= money.MICRO else 100
    return money.format_credits(round(micro / unit) * unit)


@register.filter
def amount(micro: int | None) -> str:
    """The bare number of credits, for fields and attributes."""
    return "" if micro is None else money.format_credits(micro)


@register.filter
def moment(at: datetime | str | None, style: str = "full") -> SafeString:
    """A time that the page shows in the reader's zone: `full`, `short`, `clock` or `ago`. UTC without JavaScript."""
    if at is None or at == "":
        return SafeString("–")
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    return format_html(
        '<time datetime="{}" data-moment="{}" title="{}">{}</time>',
        when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        style,
        when.strftime("%Y-%m-%d %H:%M:%S UTC"),
        when.strftime("%Y-%m-%d %H:%M UTC"),
    )


@register.filter
def duration(value: float | timedelta | None) -> str:
    """`1 d 2 h`, `5 min`, `40 s`: the two largest parts."""
    if value is None:
        return "–"
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    parts = (
        (seconds // 86_400, _("{n} d")),
        (seconds // 3_600 % 24, _("{n} h")),
        (seconds // 60 % 60, _("{n} min")),
        (seconds % 60, _("{n} s")),
    )
    said = [text.format(n=count) for count, text in parts if count]
    return " ".join(said[:2]) or _("{n} s").format(n=0)


@register.inclusion_tag("parts/state.html")
def state(value: str) -> dict[str, Any]:
    """A job's state: a word, a colour and a shape."""
    return {"value": str(value), "icon_name": STATE_ICONS[str(value)], "label": state_label(value)}


@register.filter
def state_label(value: str) -> str:
    return {
        "rejected": _("Rejected"),
        "reserved": _("Reserved"),
        "starting": _("Starting"),
        "running": _("Running"),
        "succeeded": _("Succeeded"),
        "failed": _("Failed"),
        "timed_out": _("Timed out"),
        "cancelled": _("Cancelled"),
    }[str(value)]


@register.inclusion_tag("parts/field.html")
def field(bound: BoundField, *, optional: bool | None = None, **attrs: Any) -> dict[str, Any]:
    """A field with its label, hint and errors, tied together for screen readers."""
    widget = bound.field.widget
    attrs["class"] = f"{_widget_class(widget)} {attrs.pop('extra', '')} {'is-invalid' if bound.errors else ''}".strip()
    if not bound.label and "aria-label" not in attrs and widget.attrs.get("placeholder"):
        attrs["aria-label"] = widget.attrs["placeholder"]
    attrs = {name.replace("_", "-"): value for name, value in attrs.items()}
    return {
        "bound": bound,
        "is_optional": not bound.field.required if optional is None else optional,
        "control": bound.as_widget(attrs=attrs),
        "is_check": isinstance(widget, CheckboxInput),
        "is_group": isinstance(widget, RadioSelect),
    }


def _widget_class(widget: Any) -> str:
    if isinstance(widget, CheckboxInput | RadioSelect):
        return "form-check-input"
    return "form-select" if isinstance(widget, Select) else "form-control"


@register.filter
def initial_of(text: str) -> str:
    """The first letter, for the little mark beside a name."""
    return str(text).strip()[:1] or "?"


@register.filter
def minus(left: int | None, right: int | None) -> int:
    return (left or 0) - (right or 0)


@register.simple_tag(takes_context=True)
def nav_link(context: Context, name: str, symbol: str, text: str) -> SafeString:
    """A link of the side bar; marked where the page shown is it or below it."""
    request = context["request"]
    url = reverse(name, args=[request.organization.slug])
    is_below = name != "overview" and request.path.startswith(url)
    return _link(url, symbol, text, is_here=request.path == url or is_below)


@register.simple_tag(takes_context=True)
def account_link(context: Context, name: str, symbol: str, text: str) -> SafeString:
    """The same, to a page about one's own account."""
    url = reverse(name)
    return _link(url, symbol, text, is_here=context["request"].path.startswith(url))


def _link(url: str, symbol: str, text: str, *, is_here: bool) -> SafeString:
    return format_html(
        '<a class="nav-link" href="{}" {}>{}<span>{}</span></a>',
        url,
        SafeString('aria-current="page"' if is_here else ""),
        icon(symbol),
        text,
    )


@register.filter
def refund_words(policy_id: int | None) -> list[str]:
    """What a refund policy says, a sentence for each case."""
    return sentences(policy_of(policy_id))
