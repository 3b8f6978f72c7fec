"""The endpoints, one a row, with what each does to the whole."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

from textual.reactive import var

from vumeter.model.comparison import Comparison, Metric
from vumeter.model.frame import WINDOW_S, Endpoint, Frame
from vumeter.tui.comparison_words import DELTAS, compared_name, delta_text, held_to, line_of
from vumeter.tui.format import change_text, latency_text, number_text, percent_text
from vumeter.tui.terminal import DEFAULT_LOOK, Ink, Look
from vumeter.tui.widgets.bars import spark
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import FramePanel, sentence

SPARK_SECONDS = 30
_SPARK_FROM_WIDTH = 100
_ALL_FROM_WIDTH = 60
_DELTA_WIDTH = 8
_DELTAS_AND_SPARK_FROM_WIDTH = 140
_NAME_WIDTH_MIN = 12
_FIGURE_WIDTH = 7
_RISE_RATIO = 1.25
"""A p95 that grew by more than this is pointed at."""


class SortKey(StrEnum):
    """What the table can be sorted by; the greatest first, names from A."""

    RPS = "rps"
    P50 = "p50"
    P95 = "p95"
    P99 = "p99"
    ERRORS = "err%"
    CHANGE = "Δp95"
    NAME = "name"


def _change_ratio(endpoint: Endpoint) -> float:
    latency = endpoint.window.latency
    return latency.p95_us / endpoint.previous_p95_us if latency and endpoint.previous_p95_us else 0


_ORDERS: dict[SortKey, Callable[[Endpoint], float]] = {
    SortKey.P50: lambda endpoint: endpoint.window.latency.p50_us if endpoint.window.latency else -1,
    SortKey.P95: lambda endpoint: endpoint.window.latency.p95_us if endpoint.window.latency else -1,
    SortKey.P99: lambda endpoint: endpoint.window.latency.p99_us if endpoint.window.latency else -1,
    SortKey.ERRORS: lambda endpoint: endpoint.window.error_ratio,
    SortKey.CHANGE: _change_ratio,
}
"""Without `RPS`, which is the order in which a frame brings them, and `NAME`."""


class EndpointTable(FramePanel):
    """
    Endpoints with rates, percentiles, errors and the change of p95.

    *sort*, *filter_text* and *selected* (a row of what is shown) are the cockpit's to set.
    The selection stays on its endpoint when the order changes, and the table scrolls so
    that it is in view; `selected_name` is what it is on.
    """

    sort: var[SortKey] = var(SortKey.RPS, init=False)
    filter_text: var[str] = var("", init=False)
    selected: var[int] = var(0, init=False)

    def __init__(
        self,
        *,
        look: Look = DEFAULT_LOOK,
        divided: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(look=look, divided=divided, id=id, classes=classes)
        self._rows: list[Endpoint] = []
        self._top = 0
        self._p95s_us: dict[str, deque[float | None]] = {}

    @property
    def selected_name(self) -> str | None:
        """The endpoint that the selection is on; `None` when the table is empty."""
        return self._rows[self.selected].name if self._rows else None

    @property
    def row_count(self) -> int:
        """How many endpoints pass the filter."""
        return len(self._rows)

    def show(self, frame: Frame) -> None:
        """Show the endpoints of *frame*."""
        self._remember(frame)
        self._frame = frame
        self._arrange()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the heading and the rows in view."""
        head = self._heading(width)
        if not self._rows:
            return [head, sentence(self.look, self._why_empty())]
        room = max(1, height - 1)
        self._top = min(max(self._top, self.selected - room + 1), self.selected)
        self._top = max(0, min(self._top, len(self._rows) - room))
        rows = [
            endpoint_line(
                endpoint,
                width=width,
                look=self.look,
                is_selected=index == self.selected,
                past_p95s_us=self._p95s_us.get(endpoint.name, ()),
                comparison=self._comparison,
            )
            for index, endpoint in enumerate(self._rows[self._top : self._top + room], self._top)
        ]
        return [head, *rows, *self._gone(width)][: max(len(rows) + 1, height)]

    @property
    def _comparison(self) -> Comparison | None:
        return None if self.frame is None else self.frame.comparison

    def _gone(self, width: int) -> Iterator[Line]:
        """Yield what the baseline has, and this run has not."""
        comparison = self._comparison
        if comparison is None or self.filter_text:
            return
        for name in comparison.only_a:
            line = Line(self.look).add(" ").add(name, Ink.DIM)
            yield line.add(f"  only in {held_to(comparison)}", Ink.WARN).crop_to(width)

    def validate_selected(self, selected: int) -> int:
        """Keep the selection on a row that there is."""
        return max(0, min(selected, len(self._rows) - 1))

    def watch_sort(self) -> None:
        """Arrange the rows in the new order."""
        self._arrange()

    def watch_filter_text(self) -> None:
        """Arrange the rows that pass the new filter."""
        self._arrange()

    def watch_selected(self) -> None:
        """Draw the selection, in view."""
        self.repaint()

    def _arrange(self) -> None:
        name = self.selected_name
        endpoints = () if self.frame is None else self.frame.endpoints
        self._rows = arranged(
            endpoints,
            sort=self.sort,
            filter_text=self.filter_text,
            comparison=self._comparison,
        )
        index = next((i for i, row in enumerate(self._rows) if row.name == name), self.selected)
        self.set_reactive(EndpointTable.selected, self.validate_selected(index))
        self.repaint()

    def _remember(self, frame: Frame) -> None:
        """Keep the newest p95s of each endpoint of *frame*, and of no other."""
        passed_s = 1 if self.frame is None else frame.second - self.frame.second
        if passed_s < 0:
            # A stored run was wound back.
            self._p95s_us, passed_s = {}, 1
        if passed_s == 0:
            return
        # A frame's p95 is that of its last ten seconds: it holds for those not seen.
        seen_s = min(passed_s, WINDOW_S)
        missed_s = min(passed_s - seen_s, SPARK_SECONDS)
        past = self._p95s_us
        self._p95s_us = {}
        for endpoint in frame.endpoints:
            values = past.get(endpoint.name) or deque(maxlen=SPARK_SECONDS)
            latency = endpoint.window.latency
            values.extend([None] * missed_s)
            values.extend([None if latency is None else latency.p95_us] * seen_s)
            self._p95s_us[endpoint.name] = values

    def _heading(self, width: int) -> Line:
        total = 0 if self.frame is None else len(self.frame.endpoints)
        left = Line(self.look).add(f"{self.look.glyphs.rule} ", Ink.RULE)
        left.add("endpoints ", Ink.TITLE)
        if self.filter_text:
            left.add(f'"{self.filter_text}" {len(self._rows)} of {total} ', Ink.ACTIVE)
        elif total > 1:
            left.add(f"{number_text(total)} ", Ink.DIM)
        comparison = self._comparison
        if comparison is not None:
            left.add(f"so far vs {held_to(comparison)} ", Ink.TITLE)
        return _headed(
            left, width=width, look=self.look, sort=self.sort, has_deltas=comparison is not None
        )

    def _why_empty(self) -> str:
        if self.filter_text:
            return f'no endpoint contains "{self.filter_text}"; / changes the filter'
        return "waiting for the first response"


def arranged(
    endpoints: Sequence[Endpoint],
    *,
    sort: SortKey,
    filter_text: str = "",
    comparison: Comparison | None = None,
) -> list[Endpoint]:
    """Return the endpoints whose name contains *filter_text*, in either case, in order."""
    wanted = filter_text.casefold()
    rows = [row for row in endpoints if wanted in row.name.casefold()] if wanted else [*endpoints]
    if sort is SortKey.NAME:
        rows.sort(key=lambda endpoint: endpoint.name)
    elif sort is SortKey.CHANGE and comparison is not None:
        rows.sort(key=lambda endpoint: _rise(comparison, endpoint), reverse=True)
    elif sort in _ORDERS:
        rows.sort(key=_ORDERS[sort], reverse=True)
    return rows


def endpoint_line(
    endpoint: Endpoint,
    *,
    width: int,
    look: Look,
    is_selected: bool,
    past_p95s_us: Sequence[float | None],
    comparison: Comparison | None = None,
) -> Line:
    """Return one row of the table, as wide as its heading."""
    ink = Ink.SELECTED if is_selected else Ink.TEXT
    columns = _columns(width, has_deltas=comparison is not None)
    line = Line(look).add(look.glyphs.selected if is_selected else " ", Ink.ACTIVE)
    room = width - 2 - sum(cells for _, cells in columns)
    line.add_fitted(endpoint.name, max(_NAME_WIDTH_MIN, room), ink)
    figures = _figures(endpoint)
    if comparison is not None:
        figures |= _deltas(endpoint, comparison, look)
    for name, cells in columns:
        if name == _SPARK:
            known = [value for value in past_p95s_us if value is not None]
            picture = spark(
                tuple(past_p95s_us), top=max(known, default=1), width=SPARK_SECONDS, look=look
            )
            line.add_right(picture, cells, ink if is_selected else Ink.BAND)
        else:
            value, alarm = figures[name]
            line.add_right(value, cells, alarm or ink)
    return line


_SPARK = "p95 30s"


def _figures(endpoint: Endpoint) -> dict[str, tuple[str, Ink | None]]:
    """Return each column's text, and an ink of its own where it asks for attention."""
    latency = endpoint.window.latency
    rise = _change_ratio(endpoint)
    change = change_text(latency.p95_us if latency else None, endpoint.previous_p95_us)
    is_rising = rise >= _RISE_RATIO
    return {
        SortKey.RPS: (number_text(endpoint.window.requests_per_s), None),
        SortKey.P50: (latency_text(latency.p50_us if latency else None), None),
        SortKey.P95: (latency_text(latency.p95_us if latency else None), None),
        SortKey.P99: (latency_text(latency.p99_us if latency else None), None),
        SortKey.ERRORS: (
            percent_text(endpoint.window.error_ratio),
            Ink.BAD if endpoint.window.errors else None,
        ),
        SortKey.CHANGE: (f"{change}!" if is_rising else change, Ink.WARN if is_rising else None),
    }


def _deltas(
    endpoint: Endpoint, comparison: Comparison, look: Look
) -> dict[str, tuple[str, Ink | None]]:
    """Return the columns of changes beside what the run is held to."""
    compared = compared_name(comparison, endpoint.name)
    found = {
        name: delta_text(line_of(comparison, compared, metric), look)
        for name, metric in DELTAS.items()
    }
    if compared in comparison.only_b:
        found[SortKey.CHANGE] = "new", Ink.WARN
    return found


def _rise(comparison: Comparison, endpoint: Endpoint) -> float:
    line = line_of(comparison, compared_name(comparison, endpoint.name), Metric.P95)
    return float("-inf") if line is None else line.change


def _columns(width: int, *, has_deltas: bool) -> list[tuple[str, int]]:
    """
    Return the columns right of the name with their widths.

    With *has_deltas* changes are those beside what the run is held to: Δp95 wherever there is
    room for figures, and the others where there was a picture of the last seconds.
    """
    if has_deltas:
        return _columns_with_deltas(width)
    keys = [SortKey.RPS, SortKey.P50, SortKey.P95, SortKey.P99, SortKey.ERRORS, SortKey.CHANGE]
    if width < _ALL_FROM_WIDTH:
        keys = [SortKey.RPS, SortKey.P95, SortKey.P99, SortKey.ERRORS]
    columns: list[tuple[str, int]] = [(key, _FIGURE_WIDTH) for key in keys]
    return [*columns, (_SPARK, SPARK_SECONDS + 2)] if width >= _SPARK_FROM_WIDTH else columns


def _columns_with_deltas(width: int) -> list[tuple[str, int]]:
    keys = [SortKey.RPS, SortKey.P50, SortKey.P95, SortKey.P99, SortKey.ERRORS]
    deltas = [SortKey.CHANGE] if width < _SPARK_FROM_WIDTH else list(DELTAS)
    if width < _ALL_FROM_WIDTH:
        keys = [SortKey.RPS, SortKey.P95, SortKey.ERRORS]
    columns: list[tuple[str, int]] = [(key, _FIGURE_WIDTH) for key in keys]
    columns += [(key, _DELTA_WIDTH) for key in deltas]
    has_room = width >= _DELTAS_AND_SPARK_FROM_WIDTH
    return [*columns, (_SPARK, SPARK_SECONDS + 2)] if has_room else columns


def _headed(left: Line, *, width: int, look: Look, sort: SortKey, has_deltas: bool) -> Line:
    """Return *left* with the columns' names over their figures, the sorted one marked."""
    dash = look.glyphs.rule
    right = Line(look)
    for name, cells in _columns(width, has_deltas=has_deltas):
        mark = look.glyphs.down if name == sort else ""
        text = f" {mark}{name.replace('Δ', look.glyphs.delta)}"
        right.pad_to(right.width + cells - len(text), dash, Ink.RULE)
        right.add(text, Ink.ACTIVE if mark else Ink.DIM)
    if sort is SortKey.NAME:
        left.add("by name ", Ink.ACTIVE)
    left.crop_to(max(0, width - right.width - 2))
    return left.pad_to(width - right.width - 1, dash, Ink.RULE).extend(right)
