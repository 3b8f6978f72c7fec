"""A run in windows, as comparisons want it: what was counted in each of them, name by name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vumeter.model.measure import Histogram, Tally
from vumeter.stats import histogram
from vumeter.stats.tally import response_times

LENGTHS_S = (1, 2, 10, 20, 60, 120, 600, 1200, 3600, 7200, 21_600, 86_400)
"""Each holds whole ones of those before it, and of what a store keeps: 1, 10 and 60 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Requests of one name in one run, window by window."""

    histograms: Sequence[Mapping[int, int]]
    """Of response times: bucket → how many."""
    requests: Sequence[int]
    errors: Sequence[int]
    seconds: Sequence[float]
    """How long each is; the last one of a run may be shorter."""


def windows_of(tallies: Iterable[Tally], seconds: Sequence[float]) -> Windows:
    """Return *tallies*, one a window, as windows of so many *seconds* each."""
    return _windows(map(_counted, tallies), seconds)


class WindowLog:
    """
    One run as it goes on, in at most so many windows: when they get too many, they merge.

    Only the first *most_names* names are kept apart; all requests, under the empty name, are
    always whole.
    """

    def __init__(self, *, most_windows: int, most_names: int) -> None:
        self.length_s = LENGTHS_S[0]
        self._most_windows = most_windows
        self._most_names = most_names
        self._names: set[str] = set()
        self._others: set[str] = set()
        self._rows: dict[int, _Row] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are kept apart."""
        return tuple(sorted(self._names))

    @property
    def left_out(self) -> int:
        """How many names are not kept apart."""
        return len(self._others)

    def add(self, second: int, tallies: Mapping[str, Tally], *, seconds: float) -> None:
        """Count what was seen in so many *seconds* from *second* on."""
        self.lengthen(next((it for it in LENGTHS_S if it >= seconds), LENGTHS_S[-1]))
        found = {name: _counted(tally) for name, tally in tallies.items()}
        row = _Row(seconds, {"": _merged(found.values()), **self._kept(found)})
        place = second // self.length_s
        self._rows[place] = _joined([self._rows[place], row] if place in self._rows else [row])
        while len(self._rows) > self._most_windows and self.length_s < LENGTHS_S[-1]:
            self.lengthen(LENGTHS_S[LENGTHS_S.index(self.length_s) + 1])

    def lengthen(self, length_s: int) -> None:
        """Let windows be at least so long."""
        if length_s <= self.length_s:
            return
        together: dict[int, list[_Row]] = {}
        for place, row in self._rows.items():
            together.setdefault(place * self.length_s // length_s, []).append(row)
        self._rows = {place: _joined(rows) for place, rows in together.items()}
        self.length_s = length_s

    def copy(self) -> "WindowLog":
        """Return the log as it is, for another thread: what is added later is not in it."""
        copied = WindowLog(most_windows=self._most_windows, most_names=self._most_names)
        copied.length_s = self.length_s
        copied._names, copied._others = set(self._names), set(self._others)
        copied._rows = dict(self._rows)
        return copied

    def windows(self) -> dict[str, Windows]:
        """Return all of it by name, all requests first."""
        rows = [self._rows[place] for place in sorted(self._rows)]
        seconds = [row.seconds for row in rows]
        return {
            name: _windows([row.counted.get(name, _NOTHING) for row in rows], seconds)
            for name in ("", *self.names)
        }

    def _kept(self, found: "Mapping[str, _Counted]") -> "dict[str, _Counted]":
        for name in found.keys() - self._names - self._others:
            (self._names if len(self._names) < self._most_names else self._others).add(name)
        return {name: each for name, each in found.items() if name in self._names}


@dataclass(frozen=True, slots=True)
class _Counted:
    requests: int
    errors: int
    times: Histogram


@dataclass(frozen=True, slots=True)
class _Row:
    seconds: float
    counted: Mapping[str, _Counted]


_NOTHING = _Counted(0, 0, Histogram())


def _counted(tally: Tally) -> _Counted:
    return _Counted(tally.requests, sum(tally.errors.values()), response_times(tally))


def _merged(several: Iterable[_Counted]) -> _Counted:
    each = tuple(several)
    if len(each) == 1:
        return each[0]
    return _Counted(
        sum(it.requests for it in each),
        sum(it.errors for it in each),
        histogram.merge(it.times for it in each),
    )


def _joined(rows: Sequence[_Row]) -> _Row:
    if len(rows) == 1:
        return rows[0]
    names = dict.fromkeys(name for row in rows for name in row.counted)
    return _Row(
        sum(row.seconds for row in rows),
        {name: _merged(row.counted[name] for row in rows if name in row.counted) for name in names},
    )


def _windows(counted: Iterable[_Counted], seconds: Sequence[float]) -> Windows:
    each = tuple(counted)
    return Windows(
        histograms=[it.times.counts for it in each],
        requests=[it.requests for it in each],
        errors=[it.errors for it in each],
        seconds=seconds,
    )
