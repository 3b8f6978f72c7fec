"""The database in detail: one page at a time, with a row of it selected."""

from collections.abc import Sequence

from msgspec.structs import replace
from textual.reactive import var

from vumeter.model.database import StatementPlan
from vumeter.model.frame import Frame
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.tui.format import age_text, number_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.database_rows import PAGES, DetailRow, page_rows
from vumeter.tui.widgets.line import Line, Part, joined, wrapped
from vumeter.tui.widgets.panel import FramePanel, pair, rule, sentence, title
from vumeter.tui.widgets.postgres_panel import (
    OLD_AFTER_S,
    postgres_figures,
    state_word,
    trouble_lines,
)

_REMARK_ROWS = 2
_NOT_WATCHED = "no database watched: start the run with --pg DSN"


class DatabasePanel(FramePanel):
    """
    What happens now, where the sessions come from, statements, tables: a page each.

    *page* and *selected* are the cockpit's to set.
    """

    page: var[str] = var(PAGES[0], init=False)
    selected: var[int] = var(0, init=False)

    database = ""
    """The name of the one that is shown; empty: the first."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._plans: dict[str, StatementPlan] = {}
        """The newest that was seen of each database: a reading has it for a minute."""

    def show(self, frame: Frame) -> None:
        """Show *frame*, and remember the plan that it may have."""
        if frame.postgres is not None and frame.postgres.plan is not None:
            self._plans[self.database] = frame.postgres.plan
        super().show(frame)

    def watch_page(self) -> None:
        """Show another page, from its top."""
        self.selected = 0
        self.repaint()

    def watch_selected(self) -> None:
        """Mark another row."""
        self.repaint()

    @property
    def rows(self) -> Sequence[DetailRow]:
        """The rows of the page, whether there is room for them or not."""
        return self._rows(self.frame, self.size.width)

    @property
    def chosen(self) -> DetailRow | None:
        """The selected row; `None`: none of them can be."""
        selectable = [row for row in self.rows if row.is_selectable]
        return selectable[min(self.selected, len(selectable) - 1)] if selectable else None

    def turn(self, pages: int = 1) -> None:
        """Turn to the next page, or by so many."""
        self.page = PAGES[(PAGES.index(self.page) + pages) % len(PAGES)]

    def select(self, rows: int) -> None:
        """Move the selection by so many rows."""
        most = sum(row.is_selectable for row in self.rows) - 1
        self.selected = min(max(self.selected + rows, 0), max(most, 0))

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title with the pages' names, the figures, and the rows of the page."""
        head = self._head(width)
        reading = None if self.frame is None else self.frame.postgres
        if self.frame is None:
            return [head]
        if reading is None:
            return [head, sentence(self.look, _NOT_WATCHED)]
        if reading.state is not PostgresState.UP:
            word = Line(self.look).add(" ").extend(state_word(reading, self.look))
            return [head, word, *trouble_lines(reading, width=width, look=self.look)]
        remarks = [
            sentence(self.look, text, ink=Ink.WARN)
            for text in wrapped(reading.remark, width - 2, self.look)
        ]
        top = [head, _summary(reading, width, self.look), *remarks[:_REMARK_ROWS]]
        return [*top, *self._window(width, height - len(top))]

    def _head(self, width: int) -> Line:
        parts: list[Part] = [title(self.look, f"pg {self.database}".strip())]
        reading = None if self.frame is None else self.frame.postgres
        names = Line(self.look)
        for name in PAGES:
            names.add(" " if names.width else "")
            is_shown = name == self.page
            names.add(f"[{name}]" if is_shown else name, Ink.ACTIVE if is_shown else Ink.DIM)
        parts.append((0, names))
        if reading is not None and reading.age_s >= OLD_AFTER_S:
            parts.append((1, Line(self.look).add(f"{age_text(reading.age_s)} old", Ink.WARN)))
        version = "" if reading is None else reading.server_version
        others = "D next  " if self.frame is not None and self.frame.postgres_more else ""
        return rule(self.look, width, parts, right=f"{others}5 turns  {version}".strip())

    def _rows(self, frame: Frame | None, width: int) -> list[DetailRow]:
        if frame is None or frame.postgres is None:
            return []
        return page_rows(
            self.page,
            replace(frame.postgres, plan=self._plans.get(self.database)),
            requests_per_s=frame.window.requests_per_s,
            width=width - 1,
            look=self.look,
        )

    def _window(self, width: int, height: int) -> list[Line]:
        """Return as many rows as there is room for, the selected one among them."""
        rows = self._rows(self.frame, width)
        places = [i for i, row in enumerate(rows) if row.is_selectable]
        at = places[min(self.selected, len(places) - 1)] if places else None
        first = 0 if at is None else max(0, min(at - height + 1, len(rows) - height))
        return [
            _marked(row.line, is_selected=index == at, look=self.look)
            for index, row in enumerate(rows[first : first + max(0, height)], start=first)
        ]


def _marked(line: Line, *, is_selected: bool, look: Look) -> Line:
    mark = look.glyphs.selected if is_selected else " "
    return Line(look).add(mark, Ink.ACTIVE).extend(line)


def _summary(reading: PostgresReading, width: int, look: Look) -> Line:
    parts = [*postgres_figures(reading, look)]
    for rank, name, count in (
        (1, "active", reading.sessions_active),
        (1, "idle tx", reading.sessions_idle_in_transaction),
        (3, "idle", reading.sessions_idle),
    ):
        if count is not None:
            is_bad = name == "idle tx" and count > 0
            ink = Ink.WARN if is_bad else Ink.VALUE
            parts.append((rank, pair(look, name, number_text(count), ink=ink)))
    if reading.blocked_sessions:
        parts.append((0, pair(look, "blocked", number_text(reading.blocked_sessions), ink=Ink.BAD)))
    if reading.deadlocks:
        parts.append((1, pair(look, "deadlocks", number_text(reading.deadlocks), ink=Ink.BAD)))
    return Line(look).add(" ").extend(joined(parts, width - 1, look))
