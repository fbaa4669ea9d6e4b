"""How long to wait before a program that died is started again."""

from dataclasses import dataclass

FIRST, LONGEST = 0.5, 30.0
HEALTHY_AFTER = 20.0


@dataclass
class Backoff:
    """At once after a healthy run; then 0.5 s, 1 s, 2 s … up to 30 s while it keeps dying young."""

    failures: int = 0

    def after_run_of(self, seconds: float) -> float:
        """The pause in seconds before the next start, given how long the last run lasted."""
        if seconds >= HEALTHY_AFTER:
            self.failures = 0
        self.failures += 1
        return 0.0 if self.failures == 1 else min(FIRST * 2.0 ** (self.failures - 2), LONGEST)
