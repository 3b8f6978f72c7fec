"""
OpenMetrics text with time stamps: what a scraper of the run would have been told.

The names are those of `GET /metrics`. Prometheus takes such a file by
`promtool tsdb create-blocks-from openmetrics`.
"""

import zlib
from codecs import getincrementaldecoder
from collections.abc import Iterator

from vumeter.export.rows import Row, Rows
from vumeter.model.measure import ScenarioCounts
from vumeter.stats.exposition import Family, Kind, Sample, labels_text
from vumeter.stats.families import (
    gauge,
    of_databases,
    of_generator,
    of_host,
    of_iterations,
    of_requests,
    of_watched,
)
from vumeter.stats.totals import Totals

STEP_S = 10
"""The run is looked at as often; counters lose nothing by that."""

_Group = tuple[tuple[str, str], ...]
"""The labels that samples have in common, `le` of a histogram's buckets aside."""


def lines(rows: Rows) -> Iterator[str]:
    """Yield the text in pieces: each sample has the time that it was true of."""
    heads: dict[str, str] = {}
    bodies: dict[str, dict[_Group, _Packed]] = {}
    for at_s, family in _samples(rows):
        heads.setdefault(family.name, _head(family))
        groups = bodies.setdefault(family.name, {})
        for sample in family.samples:
            group = tuple(item for item in sample.labels.items() if item[0] != "le")
            groups.setdefault(group, _Packed()).add(
                f"{family.name}{sample.suffix}{labels_text(sample.labels)}"
                f" {sample.value!r} {at_s:.3f}\n"
            )
    for name, head in heads.items():
        yield head
        for packed in bodies[name].values():
            yield from packed.pieces()
    yield "# EOF\n"


class _Packed:
    """
    Text that waits for its turn, compressed to a twentieth.

    The format wants all of a family, and in it all of a group, in one piece; rows come by time.
    """

    def __init__(self) -> None:
        # A small window: there are some hundred of these, and neighbouring lines are alike.
        self._compress = zlib.compressobj(wbits=12, memLevel=5)
        self._content: list[bytes] = []

    def add(self, text: str) -> None:
        self._content.append(self._compress.compress(text.encode()))

    def pieces(self) -> Iterator[str]:
        self._content.append(self._compress.flush())
        decompress = zlib.decompressobj(wbits=12)
        decode = getincrementaldecoder("utf-8")().decode
        for part in filter(None, self._content):
            yield decode(decompress.decompress(part))


def _samples(rows: Rows) -> Iterator[tuple[float, Family]]:
    totals = Totals()
    newest: Row | None = None
    shown_s = 0
    for row in rows:
        newest, reading = row, row.reading
        totals.add(reading.tallies, reading.scenarios, reading.metrics)
        end_s = reading.second + reading.span_s
        if end_s // STEP_S > shown_s // STEP_S:
            shown_s = end_s
            yield from _seen(row, totals)
    if newest is not None and newest.reading.second + newest.reading.span_s > shown_s:
        yield from _seen(newest, totals)


def _seen(row: Row, totals: Totals) -> Iterator[tuple[float, Family]]:
    at_s = row.end_unix_ms / 1000
    for family in _families(row, totals):
        if family.samples:
            yield at_s, family


def _families(row: Row, totals: Totals) -> Iterator[Family]:
    reading = row.reading
    yield from of_requests(totals.tallies)
    yield from of_iterations(totals.scenarios)
    yield gauge("vus", "VUs that exist.", *_by_scenario(reading.scenarios, "vus_active"))
    yield gauge("vus_busy", "VUs within an iteration.", Sample(row.vus_busy))
    if row.rate_target_per_s is not None:
        yield gauge(
            "arrivals_target_per_second",
            "Arrivals that were wanted of all scenarios together; only in the open model.",
            Sample(row.rate_target_per_s),
        )
    yield from of_generator(reading.generator)
    yield from of_host(reading.host)
    yield from of_databases(reading.postgres, reading.postgres_more)
    yield from of_watched(reading.watched)


def _by_scenario(scenarios: dict[str, ScenarioCounts], field: str) -> Iterator[Sample]:
    for name, counts in scenarios.items():
        yield Sample(getattr(counts, field), {"scenario": name})


def _head(family: Family) -> str:
    name = family.name.removesuffix("_total") if family.kind is Kind.COUNTER else family.name
    return f"# HELP {name} {family.help}\n# TYPE {name} {family.kind}\n"
