"""
The tables of a report: for HTML and Markdown alike, and each number with where it comes from.

A cell that shows a number has its *path* in report.json (`endpoints.0.latency_ms.p95`), and
is the text of what stands there: so a test can walk all of them, and no number is worked out here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from vumeter.report.figures import figure_text
from vumeter.report.numbers import money_text
from vumeter.report.schema import Report
from vumeter.thresholds.amounts import amount_text

Values = Mapping[str, Any]
"""report.json, or a part of it, as plain values."""

NOT_MEASURED = "–"

_TIMES = ("min", "mean", "p50", "p90", "p95", "p99", "p99_9", "max")
_SIGNS = {
    "passed": "✓ passed",
    "failed": "✗ failed",
    "no-data": "? no data",
    "pending": "? pending",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What stands in one place of a table."""

    text: str
    path: str = ""
    """Of the number in report.json that it shows; empty: these are words."""
    value: str = ""
    """The number itself, to its last digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a heading."""

    title: str
    columns: tuple[str, ...]
    """Empty: the table has two columns that need no heading."""
    rows: tuple[tuple[Cell, ...], ...]
    key: str
    """What it is called in links and tests."""


def tables_of(report: Report) -> tuple[Table, ...]:
    """Return every table that there is something in, in the order in which they are read."""
    values: Values = msgspec.to_builtins(report)
    found = (
        _thresholds(values),
        _alerts(values),
        *_capacity(values),
        _prices(values),
        _latency(values),
        _endpoints(values, "endpoints", "Endpoints", "endpoints"),
        _counts(values),
        _kinds(values, "errors", "Errors by kind"),
        _kinds(values, "statuses", "Answers by status"),
        _checks(values),
        _metrics(values),
        *_phases(values),
        _facts(values, "generator", "The generator about itself"),
        _facts(values, "host", "Host"),
        _facts(values, "postgres", "PostgreSQL"),
        _facts(values, "stalls", "Stalls of the target"),
        _journal(values),
        _facts(values, "run", "What ran"),
        _scenarios(values),
    )
    return tuple(table for table in found if table is not None and table.rows)


def number(values: Any, path: str) -> Cell:
    """Return the cell of the number at *path* of report.json."""
    found = at(values, path)
    if found is None:
        return Cell(text=NOT_MEASURED)
    return Cell(text=figure_text(path, found), path=path, value=repr(found))


def at(values: Any, path: str) -> Any:
    """Return what is at *path*, whose parts are keys and positions."""
    for part in path.split("."):
        values = values[int(part)] if isinstance(values, list | tuple) else values[part]
    return values


def _words(text: str | None) -> Cell:
    return Cell(text=text or "")


def _table(key: str, title: str, columns: Sequence[str], rows: Iterable[Iterable[Cell]]) -> Table:
    return Table(
        key=key, title=title, columns=tuple(columns), rows=tuple(tuple(row) for row in rows)
    )


def _thresholds(values: Values) -> Table:
    columns = ("metric", "rule", "verdict", "observed", "limit", "first failed", "crossings")
    return _table(
        "thresholds", "Thresholds", columns, map(_threshold, *_numbered(values["thresholds"]))
    )


def _threshold(position: int, it: Values) -> Iterator[Cell]:
    path = f"thresholds.{position}"
    yield _words(it["metric"])
    yield _words(it["expression"])
    yield _words(_SIGNS[it["verdict"]])
    yield from (_amount(it, path, field) for field in ("observed", "limit"))
    yield from (_within(it, path, field) for field in ("first_failed_s", "crossings"))


def _alerts(values: Values) -> Table:
    columns = ("alert", "level", "metric", "fires at", "fired", "for", "first", "worst")
    return _table("alerts", "Alerts", columns, map(_alert, *_numbered(values["alerts"])))


def _alert(position: int, it: Values) -> Iterator[Cell]:
    path = f"alerts.{position}"
    yield from (_words(it[field]) for field in ("name", "level", "metric", "expression"))
    yield from (_within(it, path, field) for field in ("firings", "firing_s", "first_fired_s"))
    yield _amount(it, path, "worst")


def _latency(values: Values) -> Table:
    names = {
        "latency_ms": "response time",
        "corrected_ms": "corrected for stalls",
        "service_ms": "service time",
        "iteration_ms": "iteration",
    }
    known = {path: label for path, label in names.items() if values[path] is not None}
    known |= {f"timings_ms.{name}": name for name in values["timings_ms"]}
    rows = (
        (_words(label), *(number(values, f"{path}.{each}") for each in _TIMES))
        for path, label in known.items()
    )
    return _table("latency", "Times", ("", *map(_title, _TIMES)), rows)


_ENDPOINT_TIMES = ("mean", "p50", "p90", "p95", "p99", "max")


def _endpoints(values: Values, path: str, title: str, key: str) -> Table:
    columns = ("name", "requests", "rate", "errors", "error share", *map(_title, _ENDPOINT_TIMES))
    endpoints = at(values, path)
    rows = (_endpoint(values, f"{path}.{position}") for position in range(len(endpoints)))
    return _table(key, title, columns, rows)


def _endpoint(values: Values, path: str) -> Iterator[Cell]:
    it = at(values, path)
    yield _words(it["name"])
    for field in ("totals.requests", "rps", "totals.errors", "totals.error_ratio"):
        yield number(values, f"{path}.{field}")
    for each in _ENDPOINT_TIMES:
        has_times = it["latency_ms"] is not None
        yield number(values, f"{path}.latency_ms.{each}") if has_times else _words(NOT_MEASURED)


def _counts(values: Values) -> Table:
    paths = [*(f"totals.{field}" for field in values["totals"]), "duration_s", "outage_s"]
    rows = ((_words(_title(path.split(".")[-1])), number(values, path)) for path in paths)
    return _table("counts", "Counts", (), rows)


def _kinds(values: Values, path: str, title: str) -> Table:
    rows = ((_words(_title(kind)), number(values, f"{path}.{kind}")) for kind in values[path])
    return _table(path, title, (), rows)


def _checks(values: Values) -> Table:
    rows = (
        (_words(it["name"]), *(_within(it, f"checks.{n}", each) for each in ("passed", "failed")))
        for n, it in enumerate(values["checks"])
    )
    return _table("checks", "Checks", ("check", "passed", "failed"), rows)


def _metrics(values: Values) -> Table:
    """One row for each value: kinds differ in what there is of them."""
    rows = (
        (
            _words(it["name"]),
            _words(it["kind"]),
            _words(aggregate),
            Cell(
                text=f"{value:.6g} {it['unit']}",
                path=f"metrics.{n}.values.{aggregate}",
                value=repr(value),
            ),
        )
        for n, it in enumerate(values["metrics"])
        for aggregate, value in it["values"].items()
    )
    return _table("metrics", "Metrics of scripts", ("metric", "kind", "", "value"), rows)


def _phases(values: Values) -> Iterator[Table | None]:
    for name in ("setup", "teardown"):
        yield _facts(values, name, name.capitalize())
        if values[name] is not None:
            path = f"{name}.endpoints"
            yield _endpoints(values, path, f"Requests of {name}", f"{name}-endpoints")


def _facts(values: Values, path: str, title: str) -> Table | None:
    """What there is at *path*, a line each; lists of things have tables of their own."""
    found = at(values, path)
    if found is None:
        return None
    rows = [
        row
        for name, value in found.items()
        if not isinstance(value, tuple) or all(isinstance(each, str) for each in value)
        for row in _fact(values, path, name, value)
    ]
    return _table(path, title, (), rows)


def _fact(values: Values, path: str, name: str, value: Any) -> Iterator[tuple[Cell, Cell]]:
    label = _words(_title(name))
    if isinstance(value, dict):
        for part, each in value.items():
            yield from _fact(values, path, f"{name}.{part}", each)
    elif isinstance(value, tuple):
        yield from ((label, _words(each)) for each in value)
    elif isinstance(value, str):
        if value:
            yield label, _words(value)
    elif isinstance(value, bool):
        yield label, _words("yes" if value else "no")
    elif value is not None and not name.endswith("unix_ms"):
        yield label, number(values, f"{path}.{name}")


_CURVE = (
    ("load", "load"),
    ("requests_per_s", "rate"),
    ("in_flight", "in flight"),
    ("mean_ms", "mean"),
    ("p50_ms", "p50"),
    ("p95_ms", "p95"),
    ("p99_ms", "p99"),
    ("error_ratio", "errors"),
)


def _capacity(values: Values) -> Iterator[Table | None]:
    for position, found in enumerate(values["capacity"]):
        path = f"capacity.{position}"
        yield _facts(values, path, "Capacity")
        columns = (*(words for _, words in _CURVE), "verdict", "why")
        rows = (
            (
                *(_within(it, f"{path}.curve.{n}", field) for field, _ in _CURVE),
                _words(it["verdict"]),
                _words("; ".join((it["why"], *it["saturated"]))),
            )
            for n, it in enumerate(found["curve"])
        )
        yield _table(f"{path}.curve", "Response to each load", columns, rows)


_PRICES = {
    "on_demand_per_h": "an hour on demand",
    "reserved_per_h": "reserved",
    "spot_per_h": "spot",
    "per_million": "a million iterations",
}


def _prices(values: Values) -> Table:
    """Money is in the currency beside it, to three digits or the hundredth."""
    columns = ("instance", "bears", *_PRICES.values(), "reserved pays from")
    rows = (
        (
            _words(it["name"]),
            _within(it, f"prices.{n}", "capacity_ratio"),
            *(_money(it, f"prices.{n}", field) for field in _PRICES),
            _within(it, f"prices.{n}", "break_even_ratio"),
        )
        for n, it in enumerate(values["prices"])
    )
    return _table("capacity-prices", "What it costs, used in full", columns, rows)


def _money(it: Values, path: str, field: str) -> Cell:
    value = it[field]
    if value is None:
        return Cell(text=NOT_MEASURED)
    return Cell(text=money_text(value, it["currency"]), path=f"{path}.{field}", value=repr(value))


def _journal(values: Values) -> Table:
    columns = ("at", "who", "what", "effect", "note")
    return _table("journal", "Journal", columns, map(_entry, *_numbered(values["journal"])))


def _entry(position: int, it: Values) -> Iterator[Cell]:
    yield _within(it, f"journal.{position}", "at_s")
    yield _words(it["author"])
    yield _words(it["kind"] if it["accepted"] else f"{it['kind']} (refused)")
    yield _words(it["effect"])
    yield _words(it["note"])


def _scenarios(values: Values) -> Table:
    columns = ("scenario", "executor", "VUs", "rate", "iterations", "duration", "requests")
    rows = (
        (
            _words(it["name"]),
            _words(it["executor"]),
            *(
                number(values, f"run.scenarios.{n}.{each}")
                for each in ("vus", "rate_per_s", "iterations", "duration_s")
            ),
            _words(
                ", ".join(f"{request['method']} {request['url']}" for request in it["requests"])
            ),
        )
        for n, it in enumerate(values["run"]["scenarios"])
    )
    return _table("scenarios", "Scenarios as they began", columns, rows)


def _within(it: Values, path: str, field: str) -> Cell:
    value = it[field]
    if value is None:
        return Cell(text=NOT_MEASURED)
    return Cell(text=figure_text(field, value), path=f"{path}.{field}", value=repr(value))


def _amount(it: Values, path: str, field: str) -> Cell:
    """Return a number whose unit stands beside it."""
    value = it[field]
    if value is None:
        return Cell(text=NOT_MEASURED)
    return Cell(text=amount_text(value, it["unit"]), path=f"{path}.{field}", value=repr(value))


def _numbered(several: Sequence[Values]) -> tuple[range, Sequence[Values]]:
    return range(len(several)), several


def _title(field: str) -> str:
    """
    Return *field* in words.

    >>> _title("p99_9"), _title("host.cpu_percent.max"), _title("memory_used_bytes_max")
    ('p99.9', 'host cpu max', 'memory used max')
    """
    if field.startswith("p9"):
        return field.replace("_", ".")
    words = field.replace(".", " ").replace("_", " ").replace("-", " ")
    for unit in (" per s", " bytes", " ratio", " percent", " ms", " s"):
        words = words.removesuffix(unit).replace(f"{unit} ", " ")
    return words
