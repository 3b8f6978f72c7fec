"""What waits for the disk, within a bound: the oldest readings go first."""

from collections import deque

from vumeter.store.rows import Lost, Row, of_loss


class Backlog:
    """
    Rows that are not written yet.

    Where they weigh more than *limit_bytes*, the oldest of those without a key are given up;
    of readings among them it is remembered that they are lost.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._keyed: dict[str, Row] = {}
        self._others: deque[Row] = deque()
        self._others_bytes = 0
        self.lost: tuple[Lost, ...] = ()
        """Every second that was given up since the start."""

    def __bool__(self) -> bool:
        return bool(self._keyed or self._others)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All that is to be written."""
        return (*self._keyed.values(), *self._others)

    def add(self, row: Row) -> None:
        """Take one more row, and give up as many as it takes to keep within the bound."""
        if row.key:
            self._keyed[row.key] = row
            return
        self._others.append(row)
        self._others_bytes += row.size_bytes
        while self._others_bytes > self._limit_bytes:
            oldest = self._others.popleft()
            self._others_bytes -= oldest.size_bytes
            if oldest.second is not None:
                self.lose(oldest.second)

    def lose(self, second: int) -> None:
        """Write down that the reading of *second*, later than all that were lost, is missing."""
        lost = Lost(second, second)
        if self.lost and second <= self.lost[-1].last_second + 1:
            lost = Lost(self.lost[-1].first_second, second)
            self.lost = self.lost[:-1]
        self.lost += (lost,)
        self.add(of_loss(lost))

    def clear(self) -> None:
        """All of it is written."""
        self._keyed.clear()
        self._others.clear()
        self._others_bytes = 0
