"""Locust's three tables, `_stats`, `_stats_history` and `_failures`: its columns, in its order."""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from vumeter.export.rows import Row, Rows, Run, in_ms
from vumeter.export.tables import Cell, csv_line, guarded
from vumeter.model.frame import ErrorCount
from vumeter.model.measure import ErrorKind, Tally
from vumeter.stats import histogram
from vumeter.stats.errorlog import ErrorLog
from vumeter.stats.lookback import LookBack
from vumeter.stats.tally import TallySum, response_times

PERCENTS = (50, 66, 75, 80, 90, 95, 98, 99, 99.9, 99.99, 100)
"""Those that Locust writes."""

_PERCENT_COLUMNS = tuple(f"{percent:g}%" for percent in PERCENTS)

STATS_COLUMNS = (
    "Type",
    "Name",
    "Request Count",
    "Failure Count",
    "Median Response Time",
    "Average Response Time",
    "Min Response Time",
    "Max Response Time",
    "Average Content Size",
    "Requests/s",
    "Failures/s",
    *_PERCENT_COLUMNS,
)
HISTORY_COLUMNS = (
    "Timestamp",
    "User Count",
    "Type",
    "Name",
    "Requests/s",
    "Failures/s",
    *_PERCENT_COLUMNS,
    "Total Request Count",
    "Total Failure Count",
    "Total Median Response Time",
    "Total Average Response Time",
    "Total Min Response Time",
    "Total Max Response Time",
    "Total Average Content Size",
)
FAILURES_COLUMNS = ("Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen")

AGGREGATED = "Aggregated"

_METHODS = frozenset(
    {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"}
)


class Tables(NamedTuple):
    """The lines of the two tables that are of the whole run."""

    stats: tuple[str, ...]
    failures: tuple[str, ...]


class Locust:
    """
    Makes the tables while a run's rows go by.

    `history` is read first, line by line; then `tables` has the rest.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._totals: dict[str, TallySum] = {}
        self._everything = TallySum()
        self._errors = ErrorLog()

    def history(self, rows: Rows) -> Iterator[str]:
        """Yield `_stats_history`: a line for each row, of the last ten seconds and of the run."""
        yield csv_line(HISTORY_COLUMNS)
        window = _Window()
        for row in rows:
            everything = row.everything
            self._count(row, everything)
            window.slide(row, everything)
            yield csv_line(
                [
                    row.end_unix_ms // 1000,
                    row.vus,
                    "",
                    AGGREGATED,
                    *(f"{per_s:.6f}" for per_s in _rates(window.tally, window.span_s)),
                    *_percentiles(window.tally),
                    *_totals(self._everything.tally()),
                ]
            )

    def tables(self) -> Tables:
        """Return `_stats` and `_failures` of all rows that were read."""
        totals = {name: total.tally() for name, total in sorted(self._totals.items())}
        return Tables(
            stats=(
                csv_line(STATS_COLUMNS),
                *(self._stats(*type_and_name(name), tally) for name, tally in totals.items()),
                self._stats("", AGGREGATED, self._everything.tally()),
            ),
            failures=(
                csv_line(FAILURES_COLUMNS),
                *(self._failure(error) for error in self._errors.rows(totals, {})),
            ),
        )

    def _count(self, row: Row, everything: Tally) -> None:
        for name, tally in row.reading.tallies.items():
            self._totals.setdefault(name, TallySum()).add(tally)
        self._everything.add(everything)
        self._errors.add(row.reading.second, row.reading.tallies, {})

    def _stats(self, method: str, name: str, tally: Tally) -> str:
        return csv_line(
            [
                method,
                guarded(name),
                *_totals(tally),
                *_rates(tally, self._run.duration_s),
                *_percentiles(tally),
            ]
        )

    def _failure(self, error: ErrorCount) -> str:
        method, name = type_and_name(error.endpoint)
        is_status = error.kind is ErrorKind.STATUS
        return csv_line(
            [
                method,
                guarded(name),
                f"status {error.status}" if is_status else error.kind.value,
                error.total,
                self._seen(error.first_second),
                self._seen(error.last_second),
            ]
        )

    def _seen(self, second: int) -> str:
        moment = datetime.fromtimestamp(self._run.started_unix_ms / 1000 + second, UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class _Window:
    """The requests of the last `WINDOW_S` seconds, as a screen has them."""

    def __init__(self) -> None:
        self._look_back = LookBack()
        self._rows: deque[tuple[int, Tally]] = deque()
        self._sum = TallySum()

    @property
    def tally(self) -> Tally:
        return self._sum.tally()

    @property
    def span_s(self) -> int:
        return self._look_back.seconds

    def slide(self, row: Row, everything: Tally) -> None:
        self._rows.append((row.reading.second, everything))
        self._sum.add(everything)
        self._look_back.take(row.reading.second, span_s=row.reading.span_s)
        while self._rows[0][0] < self._look_back.first_second:
            self._sum.remove(self._rows.popleft()[1])


def type_and_name(name: str) -> tuple[str, str]:
    """
    Return a request's name as Locust has it, the method apart; "" where it has none.

    >>> type_and_name("GET /cart"), type_and_name("checkout")
    (('GET', '/cart'), ('', 'checkout'))
    """
    method, _, rest = name.partition(" ")
    return (method, rest) if method in _METHODS and rest else ("", name)


def _rates(tally: Tally, span_s: float) -> tuple[float, float]:
    if span_s <= 0:
        return 0.0, 0.0
    return tally.requests / span_s, sum(tally.errors.values()) / span_s


def _percentiles(tally: Tally) -> Iterable[Cell]:
    times = response_times(tally)
    if not times.counts:
        return ["N/A"] * len(PERCENTS)
    return [_whole(us) for us in histogram.percentiles_us(times, PERCENTS)]


def _totals(tally: Tally) -> list[Cell]:
    """Return count, failures, median, average, least, greatest, and the average size."""
    times = histogram.latency(response_times(tally))
    failures = sum(tally.errors.values())
    size = tally.received_bytes / tally.answered if tally.answered else 0.0
    if times is None:
        return [tally.requests, failures, 0, 0.0, 0, 0, size]
    return [
        tally.requests,
        failures,
        _whole(times.p50_us),
        in_ms(times.mean_us),
        in_ms(times.min_us),
        in_ms(times.max_us),
        size,
    ]


def _whole(us: int) -> int:
    """Return whole milliseconds, as Locust has its medians and percentiles."""
    return round(in_ms(us))
