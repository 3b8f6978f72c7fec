"""The database: what its sessions do and wait for, and who stands in whose way."""

from collections.abc import Sequence

from vumeter.model.database import Blocker
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.tui.format import age_text, number_text, percent_text, span_text, three_digits
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.bars import bar, stacked_bar
from vumeter.tui.widgets.line import Line, Part, joined, wrapped
from vumeter.tui.widgets.panel import FramePanel, pair, rule, sentence, title
from vumeter.tui.widgets.waits import ordered_waits, wait_ink

_NOT_WATCHED = "no database watched: start the run with --pg DSN"

_TROUBLES = {
    PostgresState.CONNECTING: ("CONNECTING", Ink.ACTIVE, "the probe is connecting"),
    PostgresState.DOWN: ("DOWN", Ink.BAD, "the database does not answer; the probe keeps trying"),
    PostgresState.REFUSED: ("REFUSED", Ink.BAD, "it answers, but does not let the probe in"),
    PostgresState.SLOW: ("SLOW", Ink.WARN, "it did not answer within the probe's time limit"),
}

OLD_AFTER_S = 3.0
_FULL_RATIO = 0.9
_LONG_TRANSACTION_S = 5.0
_LOW_HIT_RATIO = 0.9
_WAIT_NAME_WIDTH = 10
_OUTLINE_FROM_ROWS = 4
"""Body rows from which sessions and connections have a bar of their own."""


class PostgresPanel(FramePanel):
    """Average active sessions by wait class, connections, throughput, and blockers."""

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and what there is room for, the most telling first."""
        if self.frame is None:
            return [rule(self.look, width, [title(self.look, "pg")])]
        return postgres_lines(self.frame.postgres, width=width, height=height, look=self.look)


def postgres_lines(
    reading: PostgresReading | None, *, width: int, height: int, look: Look
) -> list[Line]:
    """Return the panel's lines for a database that is not watched, in trouble, or up."""
    if reading is None:
        return [rule(look, width, [title(look, "pg")]), sentence(look, _NOT_WATCHED)]
    if reading.state is not PostgresState.UP:
        head = rule(look, width, [title(look, "pg"), (0, state_word(reading, look))])
        return [head, *trouble_lines(reading, width=width, look=look)][:height]
    remarks = [
        sentence(look, text, ink=Ink.WARN) for text in wrapped(reading.remark, width - 2, look)
    ]
    room = max(1, height - 1 - len(remarks[:2]))
    body = _outline(reading, width, look) if room >= _OUTLINE_FROM_ROWS else []
    body = body or _brief(reading, width, look, names_blocker=room <= 2)
    body += _blockers(reading, width, look)
    if room >= _OUTLINE_FROM_ROWS:
        body += _details(reading, width, look)
    return [_title(reading, width, look), *remarks[:2], *body][:height]


def _title(reading: PostgresReading, width: int, look: Look) -> Line:
    parts = [title(look, "pg")]
    if reading.active_by_wait is not None:
        active = sum(reading.active_by_wait.values())
        is_over = reading.cpu_count is not None and active > reading.cpu_count
        sessions = pair(look, "AAS", three_digits(active), ink=Ink.WARN if is_over else Ink.VALUE)
        cores = f" / {reading.cpu_count} cpu" if reading.cpu_count else ""
        parts.append((0, sessions.add(cores, Ink.DIM)))
    if reading.age_s >= OLD_AFTER_S:
        parts.append((0, Line(look).add(f"{age_text(reading.age_s)} old", Ink.WARN)))
    if reading.deadlocks:
        parts.append((1, pair(look, "deadlocks", number_text(reading.deadlocks), ink=Ink.BAD)))
    return rule(look, width, parts, right=reading.server_version.partition(" ")[0])


def state_word(reading: PostgresReading, look: Look) -> Line:
    """Return the state of a database that gives no figures."""
    word, ink, _ = _TROUBLES[reading.state]
    return Line(look).add(word, ink)


def trouble_lines(reading: PostgresReading, *, width: int, look: Look) -> list[Line]:
    """Return what is wrong with a database that gives no figures, and since when."""
    *_, explanation = _TROUBLES[reading.state]
    lines = [
        sentence(look, text, ink=Ink.TEXT)
        for text in wrapped(reading.remark or explanation, width - 2, look)
    ]
    if reading.age_s > 0:
        lines.append(sentence(look, f"last seen {age_text(reading.age_s)} ago"))
    return lines


def _brief(reading: PostgresReading, width: int, look: Look, *, names_blocker: bool) -> list[Line]:
    """Return two lines for where there is no room: waits with connections, and the figures."""
    used = _connections(reading, look)
    bar = _wait_bar(reading, max(0, width - used.width - 4), look)
    first = Line(look).add(" ").extend(bar).add("  " if bar.width else "").extend(used)
    figures = [*_figures(reading, look)]
    if reading.blockers and names_blocker:
        blocker = reading.blockers[0]
        words = f"{reading.blocked_sessions or blocker.blocked} blocked "
        words += f"{look.glyphs.blocked_by} pid {blocker.pid}"
        figures.append((0, Line(look).add(words, Ink.WARN)))
    return [first, Line(look).add(" ").extend(joined(figures, width - 1, look))]


def _outline(reading: PostgresReading, width: int, look: Look) -> list[Line]:
    """Return three lines and more: waits, sessions against the slots, the figures."""
    waits = Line(look).add(" waits ", Ink.DIM)
    waits.extend(_wait_bar(reading, max(0, width - waits.width - 1), look))
    sessions = Line(look).add(" conns ", Ink.DIM)
    used = _slots(reading, look)
    sessions.extend(_session_bar(reading, max(0, width - sessions.width - used.width - 2), look))
    sessions.add(" ").extend(used)
    figures = [*_figures(reading, look)]
    if reading.longest_transaction_s is not None:
        is_long = reading.longest_transaction_s >= _LONG_TRANSACTION_S
        words = span_text(reading.longest_transaction_s)
        if reading.longest_transaction_pid is not None:
            words += f" pid {reading.longest_transaction_pid}"
        figures.append((2, pair(look, "longest", words, ink=Ink.WARN if is_long else Ink.VALUE)))
    return [waits, sessions, Line(look).add(" ").extend(joined(figures, width - 1, look))]


def _details(reading: PostgresReading, width: int, look: Look) -> list[Line]:
    """Return, for a tall panel, the sessions in words and each wait class with its own bar."""
    states = (
        ("active", reading.sessions_active),
        ("idle in transaction", reading.sessions_idle_in_transaction),
        ("idle", reading.sessions_idle),
        ("other", reading.sessions_other),
    )
    parts = [
        (0, pair(look, name, number_text(count))) for name, count in states if count is not None
    ]
    if reading.probe_ms is not None:
        parts.append((1, pair(look, "read in", f"{three_digits(reading.probe_ms)}ms")))
    lines = [Line(look).add(" ").extend(joined(parts, width - 1, look))] if parts else []
    waits = reading.active_by_wait or {}
    cores = float(reading.cpu_count or 0)
    top = max(*waits.values(), cores, 1.0) if waits else 1.0
    for name, active in sorted(waits.items(), key=lambda wait: -wait[1]):
        row = Line(look).add(" ").add_fitted(name, _WAIT_NAME_WIDTH, Ink.TEXT)
        row.add_right(three_digits(active), 6, Ink.VALUE).add(" ")
        bar_width = max(0, width - row.width - 1)
        ink = wait_ink(name)
        lines.append(row.extend(bar(active / top, width=bar_width, look=look, ink=ink)))
    return lines


def _wait_bar(reading: PostgresReading, width: int, look: Look) -> Line:
    """Return active sessions by what they wait for, with a mark where the cores end."""
    waits = reading.active_by_wait
    if waits is None:
        return Line(look).add("waits unseen", Ink.DIM).crop_to(width)
    parts = ordered_waits(waits)
    cores = float(reading.cpu_count or 0)
    top = max(sum(waits.values()), cores * 1.1, 1.0)
    return stacked_bar(parts, top=top, width=width, look=look, mark_at=cores or None)


def _session_bar(reading: PostgresReading, width: int, look: Look) -> Line:
    """Return sessions by state, with a mark where ordinary users find no slot any more."""
    slots = reading.connections_max
    if slots is None or reading.sessions_active is None:
        return Line(look).add("sessions unseen", Ink.DIM).crop_to(width)
    parts = [
        ("act", float(reading.sessions_active), Ink.WAIT_CPU),
        ("tx", float(reading.sessions_idle_in_transaction or 0), Ink.WAIT_OTHER),
        ("oth", float(reading.sessions_other or 0), Ink.WAIT_LWLOCK),
        ("idle", float(reading.sessions_idle or 0), Ink.WAIT_CLIENT),
    ]
    open_slots = slots - (reading.connections_reserved or 0)
    top = max(float(slots), sum(value for _, value, _ in parts))
    return stacked_bar(parts, top=top, width=width, look=look, mark_at=float(open_slots))


def postgres_figures(reading: PostgresReading, look: Look) -> list[Part]:
    """Return connections against the slots and throughput, as parts of a line."""
    return [(0, _connections(reading, look)), *_figures(reading, look)]


def _connections(reading: PostgresReading, look: Look) -> Line:
    return Line(look).add("conn ", Ink.DIM).extend(_slots(reading, look))


def _slots(reading: PostgresReading, look: Look) -> Line:
    used, slots = reading.connections_used, reading.connections_max
    open_slots = None if slots is None else slots - (reading.connections_reserved or 0)
    is_full = used is not None and open_slots is not None and used >= _FULL_RATIO * open_slots
    line = Line(look).add(number_text(used), Ink.WARN if is_full else Ink.VALUE)
    line.add(f"/{number_text(open_slots)}", Ink.DIM)
    reserved = reading.connections_reserved
    return line.add(f"+{reserved}" if reserved else "", Ink.DIM)


def _figures(reading: PostgresReading, look: Look) -> list[tuple[int, Line]]:
    hit = reading.cache_hit_ratio
    is_low = hit is not None and hit < _LOW_HIT_RATIO
    parts = [
        (1, pair(look, "tps", number_text(reading.transactions_per_s))),
        (2, pair(look, "hit", percent_text(hit), ink=Ink.WARN if is_low else Ink.VALUE)),
    ]
    if reading.rollbacks_per_s:
        parts.append((3, pair(look, "rollbacks", f"{number_text(reading.rollbacks_per_s)}/s")))
    return parts


def _blockers(reading: PostgresReading, width: int, look: Look) -> list[Line]:
    return [_blocker(blocker, look).crop_to(width) for blocker in reading.blockers]


def _blocker(blocker: Blocker, look: Look) -> Line:
    line = Line(look).add(f" {blocker.blocked} blocked {look.glyphs.blocked_by} ", Ink.WARN)
    line.add(f"pid {blocker.pid} ", Ink.STRONG)
    line.add(f"{blocker.application} " if blocker.application else "", Ink.DIM)
    line.add(f"{span_text(blocker.age_s)} {blocker.state}: ", Ink.DIM)
    return line.add(blocker.statement)
