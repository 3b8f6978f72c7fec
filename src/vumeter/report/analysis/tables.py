"""The tables of an analysis, each number with its place in it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from vumeter.model.metric import Unit
from vumeter.report.analysis.database import DatabaseUse, StatementUse, WaitUse
from vumeter.report.analysis.drift import Change, Drift
from vumeter.report.analysis.whole import Analysis
from vumeter.report.figures import figure_text
from vumeter.report.numbers import clock_text
from vumeter.report.tables import NOT_MEASURED, Cell, Table
from vumeter.stats.plaintext import plain
from vumeter.thresholds.amounts import amount_text
from vumeter.units import duration_text

_MOST_DRIFTS = 25


def analysis_tables(analysis: Analysis) -> tuple[Table, ...]:
    """Return those that there is something in."""
    found = (
        _explained(analysis),
        *bottleneck_tables(analysis),
        _drifts(analysis),
        _changes(analysis),
    )
    return tuple(table for table in found if table.rows)


def bottleneck_tables(analysis: Analysis) -> tuple[Table, ...]:
    """Return what was used up, what databases were busy with, and what Little's law says."""
    found = (_full(analysis), *_databases(analysis), _little(analysis))
    return tuple(table for table in found if table.rows)


def drift_table(drifts: Sequence[Drift]) -> Table:
    """Return *drifts* as a table, one row each."""
    columns = (
        "",
        "series",
        "first quarter",
        "last quarter",
        "per hour",
        "between",
        "and",
        "later above earlier",
        "reaches its limit in",
    )
    rows = (tuple(_drift(f"analysis.drifts.{at}", it)) for at, it in enumerate(drifts))
    return Table(key="drift", title="Drift", columns=columns, rows=tuple(rows))


def signed(value: float, unit: Unit) -> str:
    """
    Return *value* with its sign and its unit.

    >>> signed(-0.5, Unit.MS), signed(2.5e6, Unit.BYTES)
    ('−500µs', '+2.5MB')
    """
    return ("−" if value < 0 else "+") + amount_text(abs(value), unit)


def direction(it: Drift) -> str:
    """Return which way *it* goes, in a word with its sign."""
    if not it.is_real:
        return "steps" if it.changes else "steady"
    return "▲ climbs" if it.slope_per_h > 0 else "▼ falls"


def change_text(change: Change, unit: Unit) -> str:
    """Return when a level changed, and from what to what."""
    levels = (amount_text(each, unit) for each in (change.before, change.after))
    return f"{clock_text(change.at_s)}: {' → '.join(levels)}"


def _drifts(analysis: Analysis) -> Table:
    """Return those that say something: they stand first."""
    return drift_table([it for it in analysis.drifts if it.is_real][:_MOST_DRIFTS])


def _changes(analysis: Analysis) -> Table:
    rows = (
        (
            Cell(text=plain(it.series)),
            Cell(text=clock_text(change.at_s), path=f"{path}.at_s", value=repr(change.at_s)),
            *(
                Cell(text=amount_text(value, it.unit), path=f"{path}.{field}", value=repr(value))
                for field, value in (("before", change.before), ("after", change.after))
            ),
        )
        for at, it in enumerate(analysis.drifts)
        for number, change in enumerate(it.changes)
        for path in (f"analysis.drifts.{at}.changes.{number}",)
    )
    columns = ("series", "at", "before", "after")
    return Table(key="changes", title="Changes of level", columns=columns, rows=tuple(rows))


def _drift(path: str, it: Drift) -> Iterator[Cell]:
    yield Cell(text=direction(it))
    yield Cell(text=plain(it.series))
    for field in ("first", "last"):
        value = getattr(it, field)
        yield Cell(text=amount_text(value, it.unit), path=f"{path}.{field}", value=repr(value))
    for field in ("slope_per_h", "low_per_h", "high_per_h"):
        value = getattr(it, field)
        yield Cell(text=signed(value, it.unit), path=f"{path}.{field}", value=repr(value))
    yield Cell(
        text=amount_text(it.superiority, Unit.RATIO),
        path=f"{path}.superiority",
        value=repr(it.superiority),
    )
    yield _hours(it.hours_left, f"{path}.hours_left")


def _hours(value: float | None, path: str) -> Cell:
    if value is None:
        return Cell(text=NOT_MEASURED)
    return Cell(text=duration_text(round(value * 3600)), path=path, value=repr(value))


def _explained(analysis: Analysis) -> Table:
    rows = (
        (
            Cell(text=plain(explanation.question.words)),
            Cell(text=plain(finding.sentence)),
            Cell(text=finding.confidence.value),
            Cell(text=plain(finding.culprit)),
        )
        for explanation in analysis.explanations
        for finding in explanation.findings
    )
    columns = ("what", "what went together with it", "confidence", "who")
    return Table(key="why", title="What went together", columns=columns, rows=tuple(rows))


def _full(analysis: Analysis) -> Table:
    rows = (
        (
            Cell(text=it.resource),
            *(
                Cell(text=text, path=f"analysis.full.{at}.{field}", value=repr(getattr(it, field)))
                for field, text in (
                    ("first_s", clock_text(it.first_s)),
                    ("seconds", duration_text(it.seconds)),
                )
            ),
        )
        for at, it in enumerate(analysis.full)
    )
    columns = ("used up, in order of time", "first at", "in all")
    return Table(key="full", title="Bottlenecks", columns=columns, rows=tuple(rows))


_LITTLE = {
    "vus": "VUs, on average",
    "rate_per_s": "iterations per second",
    "iteration_s": "seconds per iteration",
    "product": "VUs by Little's law: the product of both",
    "ratio": "of the VUs there were",
    "broken_s": "time in which they do not fit",
    "first_broken_s": "first at",
}


def _little(analysis: Analysis) -> Table:
    rows: list[tuple[Cell, ...]] = []
    if analysis.little is not None:
        values: dict[str, Any] = msgspec.to_builtins(analysis.little)
        for field, words in _LITTLE.items():
            if values[field] is not None:
                text = figure_text(field, values[field])
                number = Cell(text=text, path=f"analysis.little.{field}", value=repr(values[field]))
                rows.append((Cell(text=words), number))
    return Table(key="little", title="Little's law", columns=(), rows=tuple(rows))


_WAITS = {
    "sessions": "sessions at a time",
    "share_ratio": "of all",
    "highest": "at most",
    "highest_s": "at",
}
_STATEMENTS = {
    "share_ratio": "of the time",
    "sessions": "sessions at a time",
    "calls_per_s": "calls",
    "calls_per_request": "for each request",
    "mean_ms": "mean",
    "rows_per_call": "rows a call",
    "hit_ratio": "in cache",
}
_NUMBERS = ("sessions", "highest", "calls_per_request", "rows_per_call")
"""Fields that have no unit, and no more than three digits that mean anything."""


def _databases(analysis: Analysis) -> Iterator[Table]:
    for at, use in enumerate(analysis.databases):
        path, of = f"analysis.databases.{at}", f" of {plain(use.name)}" if use.name else ""
        waits = (
            (Cell(text=plain(it.event)), *_cells(f"{path}.waits.{n}", it, _WAITS))
            for n, it in enumerate(use.waits)
        )
        yield Table(
            key=f"postgres-waits-{at}",
            title=f"What PostgreSQL's sessions{of} waited for",
            columns=("event", *_WAITS.values()),
            rows=tuple(waits),
        )
        yield _statements(path, use, key=f"postgres-statements-{at}", of=of)


def _statements(path: str, use: DatabaseUse, *, key: str, of: str) -> Table:
    title = f"PostgreSQL's statements{of} by time"
    if not use.statements and use.remark:
        reason = (Cell(text="not known"), Cell(text=plain(use.remark)))
        return Table(key=key, title=title, columns=(), rows=(reason,))
    rows = (
        (
            Cell(text=plain(it.text)),
            *_cells(f"{path}.statements.{n}", it, _STATEMENTS),
            Cell(text="new" if it.is_new else ""),
        )
        for n, it in enumerate(use.statements)
    )
    columns = ("statement", *_STATEMENTS.values(), "")
    return Table(key=key, title=title, columns=columns, rows=tuple(rows))


def _cells(path: str, it: WaitUse | StatementUse, fields: Mapping[str, str]) -> Iterator[Cell]:
    for field in fields:
        value = getattr(it, field)
        if value is None:
            yield Cell(text=NOT_MEASURED)
        else:
            is_number = field in _NUMBERS
            text = amount_text(value, Unit.COUNT) if is_number else figure_text(field, value)
            yield Cell(text=text, path=f"{path}.{field}", value=repr(value))
