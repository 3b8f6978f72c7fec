"""The endpoints, one a row, with what each does to the whole."""

from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum

from textual.reactive import var

from vumeter.model.frame import Endpoint, Frame
from vumeter.tui.format import change_text, latency_text, number_text, percent_text
from vumeter.tui.terminal import DEFAULT_LOOK, Ink, Look
from vumeter.tui.widgets.bars import spark
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import Panel, sentence

SPARK_SECONDS = 30
_SPARK_WIDTH_AT = 100
_NAME_WIDTH_MIN = 12


class SortKey(StrEnum):
    """What the table can be sorted by; the greatest first, names from A."""

    RPS = "rps"
    P50 = "p50"
    P95 = "p95"
    P99 = "p99"
    ERRORS = "err%"
    NAME = "name"


def _p50(endpoint: Endpoint) -> int:
    return endpoint.window.latency.p50_us if endpoint.window.latency else -1


def _p95(endpoint: Endpoint) -> int:
    return endpoint.window.latency.p95_us if endpoint.window.latency else -1


def _p99(endpoint: Endpoint) -> int:
    return endpoint.window.latency.p99_us if endpoint.window.latency else -1


_ORDERS: dict[SortKey, Callable[[Endpoint], float]] = {
    SortKey.RPS: lambda endpoint: endpoint.window.requests_per_s,
    SortKey.P50: _p50,
    SortKey.P95: _p95,
    SortKey.P99: _p99,
    SortKey.ERRORS: lambda endpoint: endpoint.window.error_ratio,
}


class EndpointTable(Panel):
    """
    Endpoints with rates, percentiles, errors and the change of p95.

    *sort*, *filter_text* and *selected* (a row of what is shown) are the cockpit's to set;
    the table scrolls so that the selected row is in view. *selected_name* is what it is on.
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
        self._frame: Frame | None = None
        self._rows: list[Endpoint] = []
        self._top = 0
        self._p95s: dict[str, deque[float | None]] = {}

    @property
    def selected_name(self) -> str | None:
        """The endpoint that the selection is on."""
        return self._rows[self.selected].name if 0 <= self.selected < len(self._rows) else None

    @property
    def row_count(self) -> int:
        """How many endpoints pass the filter."""
        return len(self._rows)

    def show(self, frame: Frame) -> None:
        """Show the endpoints of *frame*."""
        self._frame = frame
        self._remember(frame.endpoints)
        self._arrange()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the heading and the rows in view."""
        columns = _columns(width)
        head = _heading(
            columns,
            width=width,
            look=self.look,
            sort=self.sort,
            filter_text=self.filter_text,
            shown=len(self._rows),
            of=0 if self._frame is None else len(self._frame.endpoints),
        )
        if not self._rows:
            return [head, sentence(self.look, self._why_empty())]
        self._scroll_to_selected(height - 1)
        view = self._rows[self._top : self._top + height - 1]
        return [
            head,
            *(
                self._row(endpoint, self._top + index, columns, width)
                for index, endpoint in enumerate(view)
            ),
        ]

    def watch_sort(self) -> None:
        """Arrange the rows in the new order."""
        self._arrange()

    def watch_filter_text(self) -> None:
        """Arrange the rows that pass the new filter."""
        self._top = 0
        self._arrange()

    def watch_selected(self) -> None:
        """Draw the selection, in view."""
        self.repaint()

    def _arrange(self) -> None:
        endpoints = () if self._frame is None else self._frame.endpoints
        wanted = self.filter_text.casefold()
        rows = [e for e in endpoints if wanted in e.name.casefold()] if wanted else list(endpoints)
        if self.sort is SortKey.NAME:
            rows.sort(key=lambda endpoint: endpoint.name)
        else:
            rows.sort(key=_ORDERS[self.sort], reverse=True)
        self._rows = rows
        self.repaint()

    def _remember(self, endpoints: tuple[Endpoint, ...]) -> None:
        kept = self._p95s
        self._p95s = {}
        for endpoint in endpoints:
            past = kept.get(endpoint.name) or deque(maxlen=SPARK_SECONDS)
            latency = endpoint.window.latency
            past.append(None if latency is None else latency.p95_us)
            self._p95s[endpoint.name] = past

    def _scroll_to_selected(self, room: int) -> None:
        selected = min(max(0, self.selected), len(self._rows) - 1)
        if selected < self._top:
            self._top = selected
        elif selected >= self._top + room:
            self._top = selected - room + 1
        self._top = max(0, min(self._top, len(self._rows) - room))

    def _why_empty(self) -> str:
        if self.filter_text:
            return f'no endpoint contains "{self.filter_text}"; / changes the filter'
        return "waiting for the first response"

    def _row(
        self, endpoint: Endpoint, index: int, columns: list[tuple[str, int]], width: int
    ) -> Line:
        past = self._p95s.get(endpoint.name, ())
        return endpoint_line(
            endpoint,
            columns,
            width=width,
            look=self.look,
            is_selected=index == self.selected,
            past_p95s=tuple(past),
        )


def _columns(width: int) -> list[tuple[str, int]]:
    columns = [("rps", 7), ("p50", 7), ("p95", 7), ("p99", 7), ("err%", 7), ("Δp95", 7)]
    if width < 60:
        columns = [column for column in columns if column[0] not in ("p50", "Δp95")]
    if width >= _SPARK_WIDTH_AT:
        columns.append(("p95 30s", SPARK_SECONDS + 2))
    return columns


def _heading(
    columns: list[tuple[str, int]],
    *,
    width: int,
    look: Look,
    sort: SortKey,
    filter_text: str,
    shown: int,
    of: int,
) -> Line:
    dash = look.glyphs.rule
    line = Line(look).add(f"{dash} ", Ink.RULE).add("endpoints", Ink.TITLE)
    if filter_text:
        line.add(f' "{filter_text}" {shown} of {of}', Ink.ACTIVE)
    line.add(" ")
    right = Line(look)
    for name, cells in columns:
        label = name.replace("Δ", look.glyphs.delta)
        mark = look.glyphs.down if name == sort.value else ""
        text = f" {mark}{label}"
        right.pad_to(right.width + cells - len(text), dash, Ink.RULE)
        right.add(text, Ink.ACTIVE if mark else Ink.DIM)
    line.crop_to(max(0, width - right.width - 2))
    return line.pad_to(width - right.width - 1, dash, Ink.RULE).extend(right)


def endpoint_line(
    endpoint: Endpoint,
    columns: list[tuple[str, int]],
    *,
    width: int,
    look: Look,
    is_selected: bool,
    past_p95s: Sequence[float | None],
) -> Line:
    """Return one row of the table."""
    figures, latency = endpoint.window, endpoint.window.latency
    change = change_text(None if latency is None else latency.p95_us, endpoint.previous_p95_us)
    known = [value for value in past_p95s if value is not None]
    values = {
        "rps": number_text(figures.requests_per_s),
        "p50": latency_text(latency.p50_us if latency else None),
        "p95": latency_text(latency.p95_us if latency else None),
        "p99": latency_text(latency.p99_us if latency else None),
        "err%": percent_text(figures.error_ratio),
        "Δp95": change,
        "p95 30s": spark(past_p95s, top=max(known, default=1.0), width=SPARK_SECONDS, look=look),
    }
    line = Line(look).add(look.glyphs.selected if is_selected else " ", Ink.ACTIVE)
    room = max(_NAME_WIDTH_MIN, width - 2 - sum(cells for _, cells in columns))
    ink = Ink.SELECTED if is_selected else Ink.TEXT
    line.add_fitted(endpoint.name, room, ink)
    for name, cells in columns:
        line.add_right(values[name], cells, Ink.BAD if name == "err%" and figures.errors else ink)
    return line
