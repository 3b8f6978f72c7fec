"""A report as CSV: a line for all requests, whose name is empty, and one for each endpoint."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from vumeter.export.tables import csv_line, guarded
from vumeter.report.schema import Report

_TOTALS = ("requests", "errors", "error_ratio", "sent_bytes", "received_bytes")
_TIMES = ("min", "mean", "p50", "p90", "p95", "p99", "p99_9", "max")
COLUMNS: Sequence[str] = ("name", *_TOTALS, "rps", *(f"{each}_ms" for each in _TIMES))


def endpoint_lines(report: Report) -> Iterator[str]:
    """Yield the header and the lines, with their ends."""
    values: Mapping[str, Any] = msgspec.to_builtins(report)
    yield csv_line(COLUMNS)
    yield csv_line(["", *_numbers(values)])
    for endpoint in values["endpoints"]:
        yield csv_line([guarded(endpoint["name"]), *_numbers(endpoint)])


def _numbers(it: Mapping[str, Any]) -> Iterator[Any]:
    yield from (it["totals"][field] for field in _TOTALS)
    yield it["rps"]
    yield from (it["latency_ms"][each] if it["latency_ms"] else None for each in _TIMES)
