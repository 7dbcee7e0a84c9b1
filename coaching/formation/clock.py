"""How long the search may go on."""

import time

DEFAULT_SECONDS = 2.0


class Clock:
    """Runs from 0 to 1 by whichever limit ends first: seconds, or steps spent. Only steps repeat exactly."""

    def __init__(self, *, seconds: float | None, steps: int | None, ago: float = 0.0) -> None:
        """`ago`: so many seconds have passed already."""
        self.started = time.perf_counter() - ago
        self.seconds = seconds
        self.steps = steps
        self.spent = 0

    @property
    def elapsed(self) -> float:
        return time.perf_counter() - self.started

    def spend(self, steps: int) -> None:
        """Count work that is done; the same work counts the same on every machine."""
        self.spent += steps

    def progress(self) -> float:
        """1 or more: the time is up."""
        parts = [0.0]
        if self.seconds is not None:
            parts.append(self.elapsed / self.seconds if self.seconds > 0 else 1.0)
        if self.steps is not None:
            parts.append(self.spent / self.steps if self.steps > 0 else 1.0)
        return max(parts)

    def steps_left(self, steps_a_second: int) -> float:
        """About how much work there is time for."""
        left = [float("inf")]
        if self.seconds is not None:
            left.append((self.seconds - self.elapsed) * steps_a_second)
        if self.steps is not None:
            left.append(float(self.steps - self.spent))
        return min(left)
