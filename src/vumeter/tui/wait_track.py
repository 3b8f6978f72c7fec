"""What the database's sessions waited for, second by second, as far as it was shown."""

from collections.abc import Mapping

from vumeter.model.frame import Frame
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.tui.columns import Column

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

    def worst(self, column: Column, seconds: int) -> Mapping[str, float] | None:
        """Return the second of *column*, which has *seconds*, that most sessions were active in."""
        first = column.first_second
        known = (self._seconds.get(second) for second in range(first, first + seconds))
        return max(
            (waits for waits in known if waits is not None),
            key=lambda waits: sum(waits.values()),
            default=None,
        )


def waits_of(reading: PostgresReading | None) -> Mapping[str, float] | None:
    """Return a reading's sessions by wait class; `None`: they cannot be seen."""
    if reading is None or reading.state is not PostgresState.UP:
        return None
    return reading.active_by_wait
