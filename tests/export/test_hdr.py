"""HdrHistogram logs, read back by the library's own reader."""

from collections import defaultdict
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from vumeter.export import hdr
from vumeter.export.rows import Row, Run
from vumeter.stats.histogram import TOP_US, merge, percentile_us

PERCENTS = (0, 25, 50, 75, 90, 95, 99, 99.9, 100)


@pytest.fixture
def log(tmp_path: Path, run: Run, rows: list[Row]) -> Path:
    path = tmp_path / "run.hlog"
    path.write_text("".join(hdr.lines(run, rows)))
    return path


def intervals(log: Path) -> list[HdrHistogram]:
    reader = HistogramLogReader(str(log), HdrHistogram(1, TOP_US, 3))
    found = []
    while (histogram := reader.get_next_interval_histogram()) is not None:
        found.append(histogram)
    reader.input_file.close()
    return found


def test_the_librarys_reader_finds_every_interval_and_tag(log: Path, rows: list[Row]) -> None:
    tags = [histogram.get_tag() for histogram in intervals(log)]
    second = [None, "GET%20/", hdr.tag_of("=cmd|' /C calc'!A0")]
    assert tags == [*second, *second, None, *second]


def test_percentiles_read_back_are_equal(log: Path, rows: list[Row]) -> None:
    by_tag: dict[str | None, HdrHistogram] = defaultdict(lambda: HdrHistogram(1, TOP_US, 3))
    for histogram in intervals(log):
        by_tag[histogram.get_tag()].add(histogram)
    for name in ("GET /", "=cmd|' /C calc'!A0"):
        ours = merge(row.reading.tallies[name].service for row in rows if row.reading.tallies)
        theirs = by_tag[hdr.tag_of(name)]
        assert [percentile_us(ours, p) for p in PERCENTS[1:]] == [
            theirs.get_value_at_percentile(p) for p in PERCENTS[1:]
        ]
    everything = by_tag[None]
    assert everything.get_total_count() == 3 * 49


def test_the_intervals_are_at_their_own_time(log: Path, run: Run) -> None:
    first, *_, last = intervals(log)
    assert first.get_start_time_stamp() == run.started_unix_ms
    assert last.get_start_time_stamp() == run.started_unix_ms + 3_000
    assert last.get_end_time_stamp() == run.started_unix_ms + 4_000


def test_names_that_differ_have_tags_that_differ() -> None:
    names = ["GET /a,b", "GET /a b", "GET /a_b", "GET /a\nb", "GET /a%20b"]
    tags = [hdr.tag_of(name) for name in names]
    assert len(set(tags)) == len(names)
    assert not any(set(tag) & set(", \n\r") for tag in tags)
