"""Axes: where a value or a second stands in a chart, and what is written beside it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vumeter.tui.columns import Span
from vumeter.tui.format import axis_text, clock_text, local_text, number_text, zone_offset_s

GUTTER = 6
"""Cells left of every chart for its scale, so that charts above each other share their columns."""

_TICK_SECONDS = (5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400)
_TICK_CELLS = 14
_DAYS_FROM_S = 21_600
"""From which distance between labels on they name the day of the week."""
_LOG_STEPS = {10: 0, 30: 1, 20: 2, 50: 2, 70: 3, 15: 3}
"""Tenths of the round values within a decade, each with its rank: the roundest first."""
_SPARSE_FROM_HEIGHT = 6
_LINEAR_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAxis:
    """A logarithmic axis from *bottom_us* to *top_us*, both of them round."""

    bottom_us: int
    top_us: int

    def scale(self, rows: int) -> Callable[[float], int]:
        """Return the function from a value to the row, of *rows*, that it stands in."""
        bottom_us, top_us = self.bottom_us, self.top_us
        rows_per_e = (rows - 1) / math.log(top_us / bottom_us)

        def row(us: float) -> int:
            if us <= bottom_us:
                return 0
            return round(math.log(min(us, top_us) / bottom_us) * rows_per_e)

        return row


def log_axis(least_us: int, greatest_us: int) -> LogAxis:
    """
    Return the axis between the nearest round values that holds both.

    >>> log_axis(88_000, 2_100_000)
    LogAxis(bottom_us=70000, top_us=3000000)
    """
    ticks = [tick for tick, _ in _log_ticks()]
    bottom = max((tick for tick in ticks if tick <= least_us), default=ticks[0])
    top = next(tick for tick in ticks if tick >= greatest_us and tick > bottom)
    return LogAxis(bottom_us=bottom, top_us=top)


def _log_ticks() -> list[tuple[int, int]]:
    """Return round values from 1 µs to beyond an hour, the histograms' range, with a rank."""
    return sorted(
        (step * 10**decade // 10, rank)
        for decade in range(11)
        for step, rank in _LOG_STEPS.items()
        if step * 10**decade % 10 == 0
    )


def log_labels(axis: LogAxis, height: int) -> dict[int, str]:
    """
    Return what to write beside which row, counted from the top.

    The ends of the axis come first, then what is roundest; in a tall chart, a label that
    would stand right above or below another is left out.
    """
    inside = [tick for tick in _log_ticks() if axis.bottom_us < tick[0] < axis.top_us]
    ends = [(axis.top_us, 0), (axis.bottom_us, 0)]
    distance = 2 if height >= _SPARSE_FROM_HEIGHT else 1
    row_of = axis.scale(height)
    labels: dict[int, str] = {}
    for tick, _ in [*ends, *sorted(inside, key=lambda tick: tick[1])]:
        row = height - 1 - row_of(tick)
        if all(abs(row - other) >= distance for other in labels):
            labels[row] = axis_text(tick)
    return labels


def linear_top(greatest: float) -> float:
    """
    Return the round number at or above *greatest* that a scale from zero ends at.

    >>> linear_top(458), linear_top(0), linear_top(12_001)
    (500.0, 1.0, 15000.0)
    """
    if greatest <= 1:
        return 1.0
    size = 10.0 ** math.floor(math.log10(greatest))
    return next(step * size for step in _LINEAR_STEPS if step * size >= greatest * (1 - 1e-9))


def linear_label(value: float) -> str:
    """
    Return a tick of a linear scale, as short as can be.

    >>> linear_label(500), linear_label(1500), linear_label(15_000)
    ('500', '1.5k', '15k')
    """
    text = number_text(value)
    if text[-1].isdigit() or "." not in text:
        return text
    return text[:-1].rstrip("0").rstrip(".") + text[-1]


def time_labels(span: Span, *, local_from_unix_ms: int | None = None) -> dict[int, str]:
    """
    Return what to write at which column of *span*: time at round distances.

    Run time; or local time, where *local_from_unix_ms* says when run time began.
    """
    least_s = _TICK_CELLS * span.seconds_per_column
    every_s = next((tick for tick in _TICK_SECONDS if tick >= least_s), _TICK_SECONDS[-1])
    ahead_s = 0
    if local_from_unix_ms is not None:
        ahead_s = local_from_unix_ms // 1000 + zone_offset_s(local_from_unix_ms)
    return {
        index: time_text(second, local_from_unix_ms=local_from_unix_ms, every_s=every_s)
        for index, second in enumerate(_column_ticks(span, every_s, ahead_s))
        if second is not None
    }


def time_text(second: int, *, local_from_unix_ms: int | None = None, every_s: int = 1) -> str:
    """
    Return a second of the run for an axis, or for what points at it.

    Args:
        second: Run time.
        local_from_unix_ms: When run time began, for local time; `None`: run time it is.
        every_s: The distance between two labels, which says how exact they must be.
    """
    if local_from_unix_ms is None:
        return run_time_text(second)
    at_unix_ms = local_from_unix_ms + 1000 * second
    if every_s >= _DAYS_FROM_S:
        return local_text(at_unix_ms, "%a %H:%M")
    return local_text(at_unix_ms, "%H:%M" if every_s % 60 == 0 else "%H:%M:%S")


def _column_ticks(span: Span, every_s: int, ahead_s: int) -> Sequence[int | None]:
    """
    Return for each column the second in it that is round, or `None`.

    Round is a multiple of *every_s* after *ahead_s* was added.
    """
    ticks: list[int | None] = []
    for column in span.columns:
        tick = -(-(column.first_second + ahead_s) // every_s) * every_s - ahead_s
        ticks.append(tick if tick < column.first_second + span.seconds_per_column else None)
    return ticks


def run_time_text(second: int) -> str:
    """
    Return run time for an axis: "1:30", "2:00:00", "3d 00:00".

    >>> run_time_text(90), run_time_text(7200), run_time_text(259_200)
    ('1:30', '2:00:00', '3d 00:00')
    """
    if second >= 86_400:
        return clock_text(second)[:-3]
    text = clock_text(second)
    return text.removeprefix("00:").removeprefix("0")
