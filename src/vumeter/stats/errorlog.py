"""Which errors there were, where, how many of late, and since when."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from vumeter.model.frame import ErrorCount
from vumeter.model.measure import ErrorKind, ScenarioCounts, Tally

ERROR_WINDOW_S = 60
"""What `ErrorCount.window` counts over."""


class _Key(NamedTuple):
    """What makes a row of its own."""

    kind: ErrorKind
    status: int | None
    endpoint: str


class ErrorLog:
    """Counts errors of the last minute; remembers for ever only when each was first and last."""

    def __init__(self) -> None:
        self._newest_second = 0
        self._seconds: deque[tuple[int, dict[_Key, int]]] = deque()
        self._window: dict[_Key, int] = {}
        self._first_second: dict[_Key, int] = {}
        self._last_second: dict[_Key, int] = {}

    def add(
        self, second: int, tallies: Mapping[str, Tally], scenarios: Mapping[str, ScenarioCounts]
    ) -> None:
        """Count the errors of *second*."""
        self._newest_second = second
        while self._seconds and self._seconds[0][0] <= second - ERROR_WINDOW_S:
            for key, number in self._seconds.popleft()[1].items():
                self._window[key] -= number
        counts = dict(_errors(tallies, scenarios))
        if counts:
            self._seconds.append((second, counts))
        for key, number in counts.items():
            self._window[key] = self._window.get(key, 0) + number
            self._first_second.setdefault(key, second)
            self._last_second[key] = second

    def rows(
        self, totals: Mapping[str, Tally], scenario_totals: Mapping[str, ScenarioCounts]
    ) -> tuple[ErrorCount, ...]:
        """Return what is to be shown of these, most in the window first."""
        rows = [self._row(key, total) for key, total in _errors(totals, scenario_totals)]
        rows.sort(key=lambda row: (-row.window, -row.last_second, -row.total, row.endpoint))
        return tuple(rows)

    def _row(self, key: _Key, total: int) -> ErrorCount:
        # Errors that only a late snapshot told of were in no second: the one in which they
        # were first seen in the totals stands for it.
        first_second = self._first_second.setdefault(key, self._newest_second)
        return ErrorCount(
            kind=key.kind,
            status=key.status,
            endpoint=key.endpoint,
            window=self._window.get(key, 0),
            total=total,
            first_second=first_second,
            last_second=self._last_second.setdefault(key, first_second),
        )


def _errors(
    tallies: Mapping[str, Tally], scenarios: Mapping[str, ScenarioCounts]
) -> Iterator[tuple[_Key, int]]:
    for scenario, counts in scenarios.items():
        if counts.script_errors:
            yield _Key(ErrorKind.SCRIPT, None, f"{scenario}()"), counts.script_errors
    for endpoint, tally in tallies.items():
        for kind, number in tally.errors.items():
            if number and kind is not ErrorKind.STATUS:
                yield _Key(kind, None, endpoint), number
        for status, number in tally.statuses.items():
            if number and status >= 400:
                yield _Key(ErrorKind.STATUS, status, endpoint), number
