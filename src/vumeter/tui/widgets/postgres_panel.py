"""The database: what its sessions do and wait for, and who stands in whose way."""

from collections.abc import Sequence

from vumeter.model.frame import Frame
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.tui.format import age_text, number_text, percent_text, span_text, three_digits
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.bars import stacked_bar
from vumeter.tui.widgets.line import Line, joined
from vumeter.tui.widgets.panel import Panel, empty_state, rule, title

NOT_WATCHED = "no database watched: start the run with --pg DSN"

_WAITS = {
    "CPU": ("C", Ink.WAIT_CPU),
    "IO": ("I", Ink.WAIT_IO),
    "Lock": ("L", Ink.WAIT_LOCK),
    "LWLock": ("W", Ink.WAIT_LWLOCK),
    "Client": ("N", Ink.WAIT_CLIENT),
}

_STATES = {
    PostgresState.CONNECTING: ("connecting", Ink.ACTIVE),
    PostgresState.DOWN: ("DOWN", Ink.BAD),
    PostgresState.REFUSED: ("REFUSED", Ink.BAD),
    PostgresState.SLOW: ("SLOW", Ink.WARN),
    PostgresState.UP: ("", Ink.GOOD),
}


class PostgresPanel(Panel):
    """Average active sessions, connections, throughput and blockers."""

    _frame: Frame | None = None

    def show(self, frame: Frame) -> None:
        """Show the database of *frame*."""
        self._frame = frame
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and what there is room for."""
        reading = None if self._frame is None else self._frame.postgres
        return postgres_lines(reading, width=width, height=height, look=self.look)


def postgres_lines(
    reading: PostgresReading | None, *, width: int, height: int, look: Look
) -> list[Line]:
    """Return the panel's lines, the most telling first."""
    if reading is None:
        return [rule(look, width, [title(look, "pg")]), empty_state(look, NOT_WATCHED)]
    word, ink = _STATES[reading.state]
    head = rule(
        look,
        width,
        [title(look, "pg"), (0, Line(look).add(word, ink)), (1, _sessions(reading, look))],
    )
    lines = [head]
    if reading.remark:
        lines.append(Line(look).add(f" {reading.remark}", ink).crop_to(width))
    if reading.state is not PostgresState.UP:
        lines.append(Line(look).add(f" last seen {age_text(reading.age_s)} ago", Ink.DIM))
        return lines
    lines.append(_waits(reading, width, look))
    lines.append(_figures(reading, width, look))
    lines.extend(_blockers(reading, width, look))
    return lines[:height]


def _sessions(reading: PostgresReading, look: Look) -> Line:
    if reading.active_by_wait is None:
        return Line(look)
    total = sum(reading.active_by_wait.values())
    line = Line(look).add("AAS ", Ink.DIM).add(three_digits(total), Ink.VALUE)
    return line.add(f" / {reading.cpu_count} cpu" if reading.cpu_count else "", Ink.DIM)


def _waits(reading: PostgresReading, width: int, look: Look) -> Line:
    waits = reading.active_by_wait or {}
    parts = [(value, *_WAITS.get(name, ("O", Ink.WAIT_OTHER))) for name, value in waits.items()]
    top = max(sum(waits.values()), float(reading.cpu_count or 1))
    return (
        Line(look).add(" ").extend(stacked_bar(parts, top=top, width=max(4, width // 2), look=look))
    )


def _figures(reading: PostgresReading, width: int, look: Look) -> Line:
    used = f"{number_text(reading.connections_used)}/{number_text(reading.connections_max)}"
    parts = [
        (0, _pair("conn", used, look)),
        (1, _pair("hit", percent_text(reading.cache_hit_ratio), look)),
        (0, _pair("tps", number_text(reading.transactions_per_s), look)),
    ]
    return Line(look).add(" ").extend(joined(parts, width - 1, look))


def _blockers(reading: PostgresReading, width: int, look: Look) -> list[Line]:
    arrow = look.glyphs.blocked_by
    return [
        Line(look)
        .add(f" {blocker.blocked} blocked {arrow} pid {blocker.pid} ", Ink.WARN)
        .add(f"{span_text(blocker.age_s)} {blocker.statement}", Ink.TEXT)
        .crop_to(width)
        for blocker in reading.blockers
    ]


def _pair(label: str, value: str, look: Look) -> Line:
    return Line(look).add(f"{label} ", Ink.DIM).add(value, Ink.VALUE)
