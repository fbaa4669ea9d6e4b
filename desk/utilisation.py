"""The seed's formula of how well machines are used: no Django, no database.

    Σ over machines (mean CPU share · cpu + GPU share · gpu + memory share · memory) / machines,  cpu + gpu + memory = 1

Machines of a pool are alike, so the mean over them is the share of all that the pool has. Where there are no GPUs,
their ratio goes to the other two, in proportion to theirs.
"""

from typing import NamedTuple, Self


class Ratios(NamedTuple):
    """How much each part counts; they add up to 1."""

    cpu: float
    gpu: float
    memory: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """From “0.4,0.4,0.2” (CPU, GPU, memory). Raises ValueError, naming the value."""
        try:
            parts = [float(part) for part in text.split(",")]
        except ValueError:
            parts = []
        if len(parts) != 3 or not all(0 <= part <= 1 for part in parts) or abs(sum(parts) - 1) > 1e-9:
            raise ValueError(
                "ERA_UTILISATION_RATIOS must be three numbers from 0 to 1 (CPU, GPU, memory) that add up to 1,"
                f" not “{text[:60]}”"
            )
        return cls(*parts)


def utilisation(ratios: Ratios, *, cpu: float, memory: float, gpu: float | None) -> float:
    """From shares (0 to 1); `gpu` is None where there are none. 0 where nothing that is there counts."""
    if gpu is not None:
        return cpu * ratios.cpu + gpu * ratios.gpu + memory * ratios.memory
    whole = ratios.cpu + ratios.memory
    return (cpu * ratios.cpu + memory * ratios.memory) / whole if whole else 0.0
