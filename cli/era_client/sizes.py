"""Sizes in bytes, for people."""

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def show_size(size: float) -> str:
    """`512 B`, `3.4 MiB`."""
    power = 0
    while size >= 1024 and power < len(UNITS) - 1:
        size, power = size / 1024, power + 1
    return f"{size:.0f} {UNITS[power]}" if power == 0 or size >= 100 else f"{size:.1f} {UNITS[power]}"


def count_of(count: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
