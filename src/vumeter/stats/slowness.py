"""The slowest requests, one for each name and second: those of a time, in bounded number."""

from collections import deque
from collections.abc import Iterable, Mapping

from vumeter.model.measure import Slow

SLOWEST_SHOWN = 3
"""Of each name."""

MOST_NAMES = 20
"""In one reading, those with the slowest requests."""


def slower(parts: Iterable[Mapping[str, Slow]]) -> dict[str, Slow]:
    """Return the slowest of each name in *parts*, of at most `MOST_NAMES` names."""
    found: dict[str, Slow] = {}
    for part in parts:
        for name, slow in part.items():
            if name not in found or slow.service_us > found[name].service_us:
                found[name] = slow
    kept = sorted(found, key=lambda name: found[name].service_us, reverse=True)[:MOST_NAMES]
    return {name: found[name] for name in kept}


class SlowLog:
    """The slowest requests of a window, by name."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, Mapping[str, Slow]]] = deque()

    def add(self, second: int, slowest: Mapping[str, Slow]) -> None:
        """Take those of a second, or of a span that begins with it."""
        self._seconds.append((second, slowest))

    def forget(self, *, before: int) -> None:
        """Forget what is of an earlier second."""
        while self._seconds and self._seconds[0][0] < before:
            self._seconds.popleft()

    def of(self, name: str) -> tuple[Slow, ...]:
        """Return the slowest requests called *name*, the slowest first."""
        found = [slowest[name] for _, slowest in self._seconds if name in slowest]
        found.sort(key=lambda slow: slow.service_us, reverse=True)
        return tuple(found[:SLOWEST_SHOWN])
