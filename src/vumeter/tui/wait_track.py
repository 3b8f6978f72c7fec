"""What the database's sessions waited for, second by second: as it was shown, or asked for."""

from collections.abc import Mapping

from vumeter.model.frame import Frame
from vumeter.model.probes import PostgresReading, PostgresState

WAIT_CLASSES = (
    *("CPU", "IO", "Lock", "LWLock", "Client", "IPC", "Timeout", "BufferPin", "Extension"),
    *("Activity", "InjectionPoint"),
)
"""All that PostgreSQL knows, and CPU for waiting for nothing."""

_KEPT_S = 3600
"""An hour of seconds takes less than 2 MB."""


_PAGE_S = 600
"""What is asked for at once."""


class WaitTrack:
    """Average active sessions by wait class, of the newest hour."""

    def __init__(self) -> None:
        self._seconds: dict[int, Mapping[str, float]] = {}
        self._asked: set[int] = set()

    def add(self, frame: Frame) -> None:
        """Take in what *frame* says of its second."""
        waits = waits_of(frame.postgres)
        if waits is None or frame.second < 0:
            return
        self._seconds[frame.second] = waits
        while len(self._seconds) > _KEPT_S:
            del self._seconds[next(iter(self._seconds))]

    def wish(self, first_second: int, end_second: int) -> tuple[int, int] | None:
        """
        Return from which second to which to ask for the past; `None`: nothing is missing.

        What was asked for once counts as known. At most a page, the newest first.
        """
        first_second = max(0, first_second, end_second - _KEPT_S)
        missing = range(first_second, end_second)
        newest = next((it for it in reversed(missing) if not self._knows(it)), None)
        if newest is None:
            return None
        page = range(max(first_second, newest - _PAGE_S + 1), newest + 1)
        oldest = next(it for it in page if not self._knows(it))
        self._asked.update(page)
        return oldest, newest + 1

    def fill(self, found: Mapping[int, Mapping[str, float]]) -> None:
        """Take in seconds that were asked for."""
        self._seconds = dict(sorted({**found, **self._seconds}.items()))

    def ask_anew(self) -> None:
        """Wish again for what was asked for in vain."""
        self._asked.clear()

    def _knows(self, second: int) -> bool:
        return second in self._seconds or second in self._asked

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
