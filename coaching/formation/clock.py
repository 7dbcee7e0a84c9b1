"""How long the search may go on."""

import time


class Clock:
    """Runs from 0 to 1 by whichever limit ends first: seconds or steps. Only steps repeat exactly."""

    def __init__(self, *, seconds: float | None, steps: int | None) -> None:
        self.started = time.perf_counter()
        self.seconds = seconds
        self.steps = steps

    @property
    def elapsed(self) -> float:
        return time.perf_counter() - self.started

    def progress(self, steps: int = 0) -> float:
        """1 or more: the time is up."""
        parts = [0.0]
        if self.seconds is not None:
            parts.append(self.elapsed / self.seconds if self.seconds > 0 else 1.0)
        if self.steps is not None:
            parts.append(steps / self.steps if self.steps > 0 else 1.0)
        return max(parts)
