"""CSV: a row for each second and endpoint, and one for all of them, whose name is empty."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from vumeter.export.rows import Row, Rows, in_ms
from vumeter.model.measure import Histogram, Tally
from vumeter.stats import histogram
from vumeter.stats.plaintext import plain
from vumeter.stats.tally import response_times

COLUMNS = (
    "time",
    "second",
    "span_s",
    "endpoint",
    "requests",
    "requests_per_s",
    "errors",
    "sent_bytes",
    "received_bytes",
    "min_ms",
    "mean_ms",
    "p50_ms",
    "p90_ms",
    "p95_ms",
    "p99_ms",
    "p99_9_ms",
    "max_ms",
    "service_p50_ms",
    "service_p95_ms",
    "service_p99_ms",
    "vus",
    "vus_target",
    "rate_target_per_s",
    "dropped",
    "generator_limited",
    "generator_cpu_percent",
    "host_cpu_percent",
)

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_SERVICE_PERCENTS = (50, 95, 99)

Cell = str | int | float | None


def lines(rows: Rows) -> Iterator[str]:
    """Yield the header, then each row of the table, as lines of CSV with their ends."""
    yield csv_line(COLUMNS)
    for row in rows:
        yield csv_line([*_requests(row, "", row.everything), *_of_run(row)])
        blank = [None] * len(_of_run(row))
        for name, tally in row.reading.tallies.items():
            yield csv_line([*_requests(row, guarded(name), tally), *blank])


def csv_line(cells: Sequence[Cell]) -> str:
    """Return *cells* as a line of CSV as RFC 4180 has it, but ended as Unix does."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def guarded(text: str) -> str:
    """
    Return *text* so that no spreadsheet takes it for a formula: names are the target's words.

    >>> guarded("=HYPERLINK()"), guarded("GET /")
    ("'=HYPERLINK()", 'GET /')
    """
    return f"'{plain(text)}" if text.startswith(_FORMULAS) else plain(text)


def utc_text(unix_ms: int) -> str:
    """
    Return a moment as ISO 8601 writes it, in UTC.

    >>> utc_text(1_700_000_000_250)
    '2023-11-14T22:13:20.250Z'
    """
    moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _requests(row: Row, name: str, tally: Tally) -> list[Cell]:
    reading = row.reading
    return [
        utc_text(reading.at_unix_ms),
        reading.second,
        reading.span_s,
        name,
        tally.requests,
        tally.requests / reading.span_s,
        sum(tally.errors.values()),
        tally.sent_bytes,
        tally.received_bytes,
        *_times(response_times(tally)),
        *_service_times(tally.service),
    ]


def _times(times: Histogram) -> list[Cell]:
    found = histogram.latency(times)
    if found is None:
        return [None] * 8
    return [in_ms(getattr(found, field)) for field in found.__struct_fields__]


def _service_times(times: Histogram) -> list[Cell]:
    if not times.counts:
        return [None] * len(_SERVICE_PERCENTS)
    return [in_ms(us) for us in histogram.percentiles_us(times, _SERVICE_PERCENTS)]


def _of_run(row: Row) -> list[Cell]:
    reading = row.reading
    return [
        row.vus,
        row.vus_target,
        row.rate_target_per_s,
        sum(counts.iterations_dropped for counts in reading.scenarios.values()),
        int(reading.generator.limited),
        reading.generator.cpu_percent,
        None if reading.host is None else reading.host.cpu_percent,
    ]
