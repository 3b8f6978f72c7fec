"""What the database's sessions waited for, second by second, as far as it was shown."""

from collections.abc import Mapping

from vumeter.model.frame import Frame
from vumeter.model.probes import PostgresReading, PostgresState

_KEPT_S = 3600
"""An hour of seconds takes less than 2 MB."""


class WaitTrack:
    """Average active sessions by wait class, of the newest hour that frames were seen of."""

    def __init__(self) -> None:
        self._seconds: dict[int, Mapping[str, float]] = {}

    def add(self, frame: Frame) -> None:
        """Take in what *frame* says of its second."""
        waits = waits_of(frame.postgres)
        if waits is None or frame.second < 0:
            return
        self._seconds[frame.second] = waits
        while len(self._seconds) > _KEPT_S:
            del self._seconds[next(iter(self._seconds))]

    def worst(
        self, first_second: int, *, columns: int, seconds: int
    ) -> list[Mapping[str, float] | None]:
        """
        Return of each of *columns* the second that most sessions were active in.

        Args:
            first_second: At which the first column begins.
            columns: How many there are.
            seconds: That each has.
        """
        found: list[Mapping[str, float] | None] = [None] * columns
        # Columns may be of many more seconds than are kept.
        span = range(first_second, first_second + columns * seconds)
        known = span if len(span) < len(self._seconds) else [*self._seconds]
        for second in known:
            waits = self._seconds.get(second)
            if waits is None or second not in span:
                continue
            index = (second - first_second) // seconds
            if _sessions(waits) > _sessions(found[index]):
                found[index] = waits
        return found


def _sessions(waits: Mapping[str, float] | None) -> float:
    return -1.0 if waits is None else sum(waits.values())


def waits_of(reading: PostgresReading | None) -> Mapping[str, float] | None:
    """Return a reading's sessions by wait class; `None`: they cannot be seen."""
    if reading is None or reading.state is not PostgresState.UP:
        return None
    return reading.active_by_wait
