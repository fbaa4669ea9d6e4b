"""Numbers of bytes, as people read them."""

from django.utils.translation import ngettext


def size(count: int | None) -> str:
    """`512 bytes`, `1.5 MiB`."""
    if count is None:
        return "–"
    if count < 1024:
        return ngettext("{n} byte", "{n} bytes", count).format(n=count)
    value = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if value < 1024:
            return f"{value:.1f} {unit}"
    return f"{value / 1024:.1f} TiB"
