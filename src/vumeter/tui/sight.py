"""
What the charts look at: a window, the present or a stretch of the past, and a cursor in it.

Pure. While nobody travels the charts follow the run; the cursor holds them still.
"""

from dataclasses import dataclass, replace

from vumeter.tui.columns import Span
from vumeter.tui.history import History, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One way to look at the run's time."""

    window: Window = Window.ONE_MINUTE
    cursor_second: int | None = None
    """What the cursor stands on; `None`: there is none, and the charts follow the present."""
    end_second: int = -1
    """The newest second that is shown while there is a cursor."""
    is_local: bool = False
    """Whether the time axis shows local time; else run time."""

    @property
    def follows(self) -> bool:
        """Whether the charts show the present."""
        return self.cursor_second is None


def span_in(sight: Sight, history: History, *, columns: int, newest_second: int) -> Span:
    """
    Return what *sight* shows in at most that many columns, the cursor always among them.

    Args:
        sight: The way to look.
        history: The run's points.
        columns: How many there is room for, ≥ 1.
        newest_second: Where the present is, for charts that follow it.
    """
    if sight.cursor_second is None:
        return history.span(sight.window, columns=columns, end_second=newest_second)
    span = history.span(sight.window, columns=columns, end_second=sight.end_second)
    if span.columns and span.index_of(sight.cursor_second) is None:
        # A chart with less room than the one that the cursor is moved on shows less.
        end = _end_around(sight.cursor_second, span, history.newest_second, ahead=columns - 1)
        return history.span(sight.window, columns=columns, end_second=end)
    return span


def pointed(sight: Sight, second: int, *, history: History, columns: int) -> Sight:
    """Return *sight* with the cursor on *second*; the window moves as little as it must."""
    newest = history.newest_second
    if newest < 0:
        return sight
    second = min(max(second, 0), newest)
    end = newest if sight.follows else sight.end_second
    span = history.span(sight.window, columns=columns, end_second=end)
    if second < span.first_second:
        end = _end_around(second, span, newest, ahead=columns - 1)
    elif second >= span.end_second:
        end = second
    return replace(sight, cursor_second=second, end_second=end)


def moved(sight: Sight, by_columns: int, *, history: History, columns: int) -> Sight:
    """Return *sight* with the cursor so many columns later; from the present, it sets out there."""
    newest = history.newest_second
    at = newest if sight.cursor_second is None else sight.cursor_second
    end = newest if sight.follows else sight.end_second
    width_s = history.span(sight.window, columns=columns, end_second=end).seconds_per_column
    # On the first second of a column, so that the same number of steps leads back.
    second = (at // width_s + by_columns) * width_s
    return pointed(sight, second, history=history, columns=columns)


def widened(sight: Sight, window: Window, *, history: History, columns: int) -> Sight:
    """Return *sight* over another window; the cursor stays where it is, in the middle of it."""
    wider = replace(sight, window=window)
    if wider.cursor_second is None:
        return wider
    newest = history.newest_second
    span = history.span(window, columns=columns, end_second=newest)
    end = _end_around(wider.cursor_second, span, newest, ahead=columns // 2)
    return replace(wider, end_second=end)


def _end_around(second: int, span: Span, newest: int, *, ahead: int) -> int:
    """Return the end of a window in which *ahead* columns come after that of *second*."""
    width_s = span.seconds_per_column
    return min(newest, (second // width_s + ahead + 1) * width_s - 1)
