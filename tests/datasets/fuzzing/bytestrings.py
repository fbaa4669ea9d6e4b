"""Changes bytes at random: flipped, cut, doubled, moved, or overwritten with numbers that programs stumble over."""

from random import Random

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)


def changed(random: Random, data: bytes, times: int = 4) -> bytes:
    """`data` with up to `times` changes."""
    found = bytearray(data)
    for _ in range(random.randint(1, times)):
        random.choice(_CHANGES)(random, found)
    return bytes(found)


def _flip(random: Random, data: bytearray) -> None:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _overwrite(random: Random, data: bytearray) -> None:
    size = random.choice((1, 2, 4, 8))
    at = random.randrange(len(data) + 1)
    number = random.choice(NUMBERS) % 2 ** (8 * size)
    data[at : at + size] = number.to_bytes(size, random.choice(("little", "big")))


def _cut(random: Random, data: bytearray) -> None:
    start, end = _span(random, data)
    del data[start:end]


def _cut_off(random: Random, data: bytearray) -> None:
    del data[random.randrange(len(data) + 1) :]


def _double(random: Random, data: bytearray) -> None:
    start, end = _span(random, data)
    data[start:start] = data[start:end]


def _insert(random: Random, data: bytearray) -> None:
    at = random.randrange(len(data) + 1)
    data[at:at] = random.randbytes(random.choice((1, 2, 4, 22, 46, 512)))


def _swap(random: Random, data: bytearray) -> None:
    start, end = _span(random, data)
    piece = bytes(data[start:end])
    del data[start:end]
    at = random.randrange(len(data) + 1)
    data[at:at] = piece


def _span(random: Random, data: bytearray) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.choice((1, 2, 4, 16, 100, 512, 1024)))


_CHANGES = (_flip, _flip, _flip, _overwrite, _overwrite, _overwrite, _cut, _cut_off, _double, _insert, _swap)
