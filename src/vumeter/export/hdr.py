"""
HdrHistogram logs, version 1.3: an interval histogram of response times for each row.

The lines are written here, since the library's own writer knows neither tags nor 1.3 and
cannot write a start time; the histograms in them are encoded by the library.
"""

from collections.abc import Iterator
from urllib.parse import quote

from hdrh.histogram import HdrHistogram

from vumeter.export.rows import Row, Rows, Run, in_ms
from vumeter.export.tables import utc_text
from vumeter.model.measure import Histogram
from vumeter.stats.histogram import TOP_US, lowest_us, max_us
from vumeter.stats.tally import response_times

SIGNIFICANT_DIGITS = 3


def lines(run: Run, rows: Rows) -> Iterator[str]:
    """
    Yield the log: of each row one histogram of all requests, and one for each endpoint, tagged.

    Values are µs; `Interval_Max` is in ms. Time stamps are seconds since the epoch.
    """
    yield f"#[vumeter: response times of {_bare(run.name)} in microseconds]\n"
    yield "#[Histogram log format version 1.3]\n"
    start_s = run.started_unix_ms / 1000
    yield f"#[StartTime: {start_s:.3f} (seconds since epoch), {utc_text(run.started_unix_ms)}]\n"
    yield '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
    for row in rows:
        yield _interval(row, response_times(row.everything))
        for name, tally in row.reading.tallies.items():
            yield f"Tag={tag_of(name)},{_interval(row, response_times(tally))}"


def tag_of(name: str) -> str:
    """
    Return a request's name as a tag, which has no commas, no spaces and no line breaks.

    >>> tag_of("GET /a,b")
    'GET%20/a%2Cb'
    """
    return quote(name, safe="/:?&=@[]{}*+~!$()';")


def encoded(times: Histogram) -> str:
    """Return *times* as HdrHistogram's compressed V2 encoding in base64."""
    full = HdrHistogram(1, TOP_US, SIGNIFICANT_DIGITS)
    for index, number in times.counts.items():
        full.record_value(lowest_us(index), number)
    payload: bytes = full.encode()
    return payload.decode()


def _interval(row: Row, times: Histogram) -> str:
    start_s = row.reading.at_unix_ms / 1000
    span_s = row.reading.span_s
    return f"{start_s:.3f},{span_s:.3f},{in_ms(max_us(times)):.3f},{encoded(times)}\n"


def _bare(text: str) -> str:
    return text.replace("\n", " ").replace("]", ")")
