"""How pages show what previews say: bars, trees of JSON, numbers; and who may see a dataset."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets.models import Dataset
from era_platform.common.sizes import size

register = template.Library()

STEP, TALL = 5, 28
UNFOLDED = 2
"""So many levels of a tree are open from the start."""


@register.filter
def bars(counts: list[int]) -> SafeString:
    """A histogram, for the eye only: the numbers beside it say the same."""
    if not counts:
        return SafeString("")
    top = max(counts) or 1
    drawn = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}"/>',
        ((at * STEP, *_bar(count, top)) for at, count in enumerate(counts)),
    )
    return format_html(
        '<svg class="bars" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        len(counts) * STEP,
        TALL,
        drawn,
    )


def _bar(count: int, top: int) -> tuple[str, int, str]:
    """Top edge, width, height; what isn't nothing can be seen."""
    height = max(count / top * TALL, 1.0) if count else 0.0
    return f"{TALL - height:.1f}", STEP - 1, f"{height:.1f}"


@register.filter
def share(count: int, whole: int) -> str:
    """`12 %`."""
    if not whole:
        return "–"
    if 0 < count < whole / 100:
        return "< 1 %"
    if whole * 0.99 < count < whole:
        return "> 99 %"
    return f"{count / whole * 100:.0f} %"


@register.filter
def number(value: float | None) -> str:
    """At most six digits that say something: 0.123457, 12,345, 1.2e+09."""
    if value is None:
        return "–"
    if isinstance(value, int) or (value == int(value) and abs(value) < 1e9):
        return f"{int(value):,}"
    return f"{value:.6g}"


@register.filter
def growth(more: int) -> str:
    """`+1.5 MiB`, `−20 bytes`."""
    return f"{'−' if more < 0 else '+' if more else '±'}{size(abs(more))}"


@register.filter
def shape(lengths: list[int]) -> str:
    return " × ".join(f"{length:,}" for length in lengths) or _("a single value")


@register.filter
def json_tree(node: dict[str, Any]) -> SafeString:
    """A value with what is in it, to be folded and unfolded."""
    return _node(node, 0)


def _node(node: dict[str, Any], depth: int) -> SafeString:
    key = format_html('<span class="json-key">{}</span>: ', node["key"]) if depth else SafeString("")
    if "inner" not in node:
        return format_html('<div>{}<span class="json-{}">{}</span></div>', key, node["type"], node["text"])
    edges = ("{", "}") if node["type"] == "object" else ("[", "]")
    if not node["count"]:
        return format_html("<div>{}{}{}</div>", key, *edges)
    inner = format_html_join("", "{}", ((_node(each, depth + 1),) for each in node["inner"]))
    return format_html(
        "<details{}><summary>{}{} <small>{}</small></summary>{}{}</details>",
        SafeString(" open" if depth < UNFOLDED else ""),
        key,
        "".join(edges),
        _length(node),
        inner,
        _left_out(node["left_out"]),
    )


def _length(node: dict[str, Any]) -> str:
    if node["type"] == "object":
        return ngettext("{n} member", "{n} members", node["count"]).format(n=node["count"])
    return ngettext("{n} item", "{n} items", node["count"]).format(n=node["count"])


def _left_out(count: int) -> SafeString:
    if not count:
        return SafeString("")
    return format_html(
        "<div><small>{}</small></div>", ngettext("… and {n} more", "… and {n} more", count).format(n=count)
    )


@register.filter
def visibility_icon(value: str) -> str:
    return {Dataset.Visibility.PRIVATE: "lock", Dataset.Visibility.SHARED: "users-group"}.get(
        Dataset.Visibility(value), "world"
    )


@register.simple_tag(takes_context=True)
def asking(context: Context, **changed: Any) -> str:
    """The page's own query with some of it changed; what is empty is left out."""
    query = {**context["request"].GET.dict(), **{name.rstrip("_"): value for name, value in changed.items()}}
    return "?" + urlencode({name: value for name, value in query.items() if value not in ("", None, 0)})
