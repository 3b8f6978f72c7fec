"""
Every number of every report of a stored run, beside what follows here from its readings.

Over 400 lines: every number of a report has its formula here a second time.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hdrh.histogram import HdrHistogram
from msgspec.structs import replace

from vumeter.model.measure import Histogram, Reading, Tally
from vumeter.model.pilot import Finding, LoadPoint, Outcome, StepVerdict, Usl
from vumeter.model.summary import Summary
from vumeter.model.throttle import Lever
from vumeter.report.analysis.tables import analysis_tables
from vumeter.report.charts import charts_of
from vumeter.report.course import MOST_ENDPOINTS, MOST_SPANS, course, course_of
from vumeter.report.endpoint_lines import endpoint_lines
from vumeter.report.json_report import report, report_bytes
from vumeter.report.markdown import escaped, markdown
from vumeter.report.page.html import Page, page_bytes
from vumeter.report.page.stored import page_of
from vumeter.report.tables import at, tables_of
from vumeter.stats.histogram import lowest_us
from vumeter.store.reader import StoredRun
from vumeter.testing.seconds import MadeUpRun
from vumeter.testing.stored import store_run

pytestmark = pytest.mark.slow

SECONDS = 30
PERCENTS = {"p50": 50, "p90": 90, "p95": 95, "p99": 99, "p99_9": 99.9, "max": 100}
UNITS = {"": 1, "%": 0.01, "µs": 1e-3, "ms": 1, "s": 1e3, "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}


@pytest.fixture(scope="module")
def readings() -> list[Reading]:
    run = MadeUpRun(endpoints=5, requests=30)
    return [run.reading(second) for second in range(SECONDS)]


@pytest.fixture(scope="module")
def stored(
    readings: list[Reading], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StoredRun]:
    with store_run(tmp_path_factory.mktemp("run") / "run.sqlite", readings) as stored:
        yield stored


@pytest.fixture(scope="module")
def summary(stored: StoredRun) -> Summary:
    return stored.so_far(None)


def theirs(histograms: list[Histogram]) -> HdrHistogram:
    """All times in the histogram of people who know nothing of ours."""
    histogram = HdrHistogram(1, 3_600_000_000, 3)
    for each in histograms:
        for index, count in each.counts.items():
            histogram.record_value(lowest_us(index), count)
    return histogram


def times_ms(tallies: list[Tally]) -> dict[str, float] | None:
    service = [tally.service for tally in tallies]
    histogram = theirs(service)
    if not histogram.get_total_count():
        return None
    total_us = sum(each.sum_us for each in service)
    found = {
        name: histogram.get_value_at_percentile(percent) / 1000
        for name, percent in PERCENTS.items()
    }
    mean_us = round(total_us / histogram.get_total_count())
    return found | {"mean": mean_us / 1000, "min": histogram.get_min_value() / 1000}


def expected_of(tallies: list[Tally]) -> dict[str, Any]:
    errors: dict[str, int] = {}
    statuses: dict[str, int] = {}
    for tally in tallies:
        for kind, count in tally.errors.items():
            errors[kind.value] = errors.get(kind.value, 0) + count
        for status, count in tally.statuses.items():
            statuses[str(status)] = statuses.get(str(status), 0) + count
    failed = sum(errors.values())
    # A status is an error of an answer; a time-out is a request without one.
    requests = sum(tally.answered for tally in tallies) + errors.get("timeout_response", 0)
    return {
        "totals": {
            "requests": requests,
            "errors": failed,
            "error_ratio": round(failed / requests, 6),
            "sent_bytes": sum(tally.sent_bytes for tally in tallies),
            "received_bytes": sum(tally.received_bytes for tally in tallies),
        },
        "rps": round(requests / SECONDS, 3),
        "latency_ms": times_ms(tallies),
        "errors": errors,
        "statuses": statuses,
    }


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    match value:
        case dict():
            for key, each in value.items():
                yield from leaves(each, f"{path}.{key}" if path else key)
        case list() | tuple():
            for position, each in enumerate(value):
                yield from leaves(each, f"{path}.{position}")
        case bool():
            pass
        case int() | float():
            yield path, value


def expected_json(readings: list[Reading]) -> dict[str, Any]:
    """Every number that report.json has of these readings."""
    names = sorted(readings[0].tallies)
    every = [tally for reading in readings for tally in reading.tallies.values()]
    found = expected_of(every)
    done = sum(reading.scenarios["main"].iterations_done for reading in readings)
    found["totals"] |= {"dropped": 0, "iterations": done, "iterations_started": done}
    found["totals"] |= {"iterations_interrupted": 0, "script_errors": 0}
    found["endpoints"] = [
        expected_of([reading.tallies[name] for reading in readings]) for name in names
    ]
    iterations = [reading.scenarios["main"].iteration_duration for reading in readings]
    found["iteration_ms"] = times_ms([Tally(service=each) for each in iterations])
    found["corrected_ms"] = found["latency_ms"]
    found["checks"] = [
        {
            "passed": sum(tally.checks["is fast"][0] for tally in every),
            "failed": sum(tally.checks["is fast"][1] for tally in every),
        }
    ]
    generators = [reading.generator for reading in readings]
    found["generator"] = {
        "seconds": SECONDS,
        "limited_seconds": sum(it.limited for it in generators),
        "cpu_percent": {
            "mean": round(sum(it.cpu_percent for it in generators) / SECONDS, 1),
            "max": round(max(it.cpu_percent for it in generators), 1),
        },
        "tick_lag_ms": {
            "p99": max(it.tick_lag_p99_us for it in generators) / 1000,
            "max": max(it.tick_lag_max_us for it in generators) / 1000,
        },
        "rss_bytes_max": max(it.rss_bytes for it in generators),
    }
    hosts = [reading.host for reading in readings if reading.host is not None]
    found["host"] = {
        "cpu_percent": {
            "mean": round(sum(it.cpu_percent for it in hosts) / len(hosts), 1),
            "max": round(max(it.cpu_percent for it in hosts), 1),
        },
        "memory_used_bytes_max": max(it.memory_used_bytes for it in hosts),
        "memory_total_bytes": hosts[-1].memory_total_bytes,
        "swap_used_bytes_max": max(it.swap_used_bytes for it in hosts),
        "load_1m_max": round(max(it.load_1m for it in hosts), 3),
        "network_received_bytes_per_s_max": round(
            max(it.network_received_bytes_per_s for it in hosts), 3
        ),
        "network_sent_bytes_per_s_max": round(max(it.network_sent_bytes_per_s for it in hosts), 3),
    }
    up = [reading.postgres for reading in readings if reading.postgres is not None]
    found["postgres"] = {
        "seconds_watched": len(up),
        "seconds_up": len(up),
        "connections_used_max": max(it.connections_used or 0 for it in up),
        "connections_max": max(it.connections_max or 0 for it in up),
        "active_sessions_max": max(sum((it.active_by_wait or {}).values()) for it in up),
        "blocked_sessions_max": max(it.blocked_sessions or 0 for it in up),
        "transactions_per_s_max": max(it.transactions_per_s or 0 for it in up),
        "cache_hit_ratio_min": min(it.cache_hit_ratio for it in up if it.cache_hit_ratio),
        "longest_transaction_s_max": max(it.longest_transaction_s or 0 for it in up),
        "deadlocks": max(it.deadlocks or 0 for it in up),
    }
    return found | {"duration_s": SECONDS, "outage_s": 0}


def test_every_number_of_the_json_report_follows_from_the_readings(
    readings: list[Reading], summary: Summary
) -> None:
    written = json.loads(report_bytes(summary))
    expected = expected_json(readings)
    of_the_plan = ("schema_version", "run.")
    # Zeros of connections that were open already are added by `stats.timings`, which has
    # tests of its own.
    elsewhere = (*of_the_plan, "timings_ms.")
    seen = set()
    for path, value in leaves(written):
        if path.startswith(elsewhere):
            continue
        seen.add(path)
        assert value == pytest.approx(at(expected, path), rel=1e-9), path
    assert {path for path, _ in leaves(expected)} == seen
    assert len(seen) > 120


class Numbers(HTMLParser):
    """What an HTML report shows: numbers with what they say they are, and the words between."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.cells: list[str] = []
        self.scripts: list[str] = []
        self._data: tuple[str, str] | None = None
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "data":
            self._data = (given["data-path"] or "", given["value"] or "")
        if tag == "td":
            self.cells.append("")
        if tag == "script":
            self.scripts.append("")
        self._tag = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == "data":
            self._data = None
        self._tag = ""

    def handle_data(self, text: str) -> None:
        if self._tag == "script":
            self.scripts[-1] += text
        elif self._data is not None:
            self.found.append((*self._data, text))
            self.cells[-1:] = [self.cells[-1] + text] if self.cells else []
        elif self._tag == "td":
            self.cells[-1] += text


def shown(text: str) -> float:
    """Read a number as a person does."""
    if match := re.fullmatch(r"(\d\d):(\d\d):(\d\d)", text):
        hours, minutes, seconds = map(int, match.groups())
        return hours * 3600 + minutes * 60 + seconds
    if match := re.fullmatch(r"(\d+)m(?:(\d+)s)?", text):
        return int(match[1]) * 60 + int(match[2] or 0)
    match = re.fullmatch(r"([\d,.]+(?:e[+-]\d+)?) ?([^\d/ ]*)(/s|.*)", text)
    assert match, text
    return float(match[1].replace(",", "")) * UNITS.get(match[2], 1)


def in_units_of(text: str, path: str, value: float) -> float:
    """What `shown` makes of *value* where all is well: times in ms, shares of 1."""
    if ":" in text or re.search(r"\dm(\d|$)", text):
        return int(value)
    if "_percent" in path:
        return value / 100
    if path.endswith("hours_left"):
        return value * 3_600_000
    if path.endswith("broken_s") or path.endswith("full.seconds"):
        return value * 1000
    field = path.removesuffix("_max")
    is_time_s = field.endswith("_s") and not field.endswith("_per_s")
    return value * 1000 if is_time_s else value


@pytest.fixture
def found() -> Finding:
    """What a search for the capacity came to."""
    point = LoadPoint(
        load=120.0,
        verdict=StepVerdict.HELD,
        why="every SLO was met",
        is_steady=True,
        is_marginal=False,
        second=20,
        seconds=12,
        generator_limited_seconds=0,
        requests_per_s=118.7,
        in_flight=3.21,
        mean_ms=27.04,
        p50_ms=25.1,
        p95_ms=61.3,
        p99_ms=None,
        error_ratio=0.0012,
        saturated=("host CPU",),
    )
    return Finding(
        outcome=Outcome.FOUND,
        text="It takes this much",
        scenario="main",
        lever=Lever.RATE,
        slos=(),
        author="ann",
        started_s=3.0,
        took_s=171.5,
        sustainable=412.0,
        limit=431.7,
        low=402.2,
        high=455.9,
        is_confirmed=True,
        recovered_s=4.2,
        knee=None,
        saturated="host CPU",
        curve=(point, replace(point, load=240.0, verdict=StepVerdict.FAILED)),
        usl=Usl(
            lambda_per_s=44.1,
            sigma=0.031,
            kappa=0.00021,
            peak_in_flight=67.9,
            peak_per_s=861.0,
            r_squared=0.993,
            points=9,
        ),
    )


@pytest.mark.parametrize("which", ["stored", "full", "bare"])
def test_every_number_of_the_html_report_is_the_json_reports(
    which: str,
    stored: StoredRun,
    summary: Summary,
    full_summary: Summary,
    bare_summary: Summary,
    found: Finding,
) -> None:
    full = replace(full_summary, findings=(found,))
    summary = {"stored": summary, "full": full, "bare": bare_summary}[which]
    page = page_of(stored, summary)
    parser = Numbers()
    parser.feed(page_bytes(page).decode())
    written = json.loads(report_bytes(summary))
    # What was worked out from the charts' data stands beside it.
    written["analysis"] = json.loads(parser.scripts[0])["analysis"]
    assert len(parser.found) > (5 if which == "bare" else 100)
    searched = {path for path, _, _ in parser.found if path.startswith("capacity.0.")}
    # Seven of the finding, seven of its law, and seven of each step: p99 was not known.
    assert len(searched) == (28 if which == "full" else 0)
    for path, value, text in parser.found:
        real = at(written, path)
        assert float(value) == real, path
        assert shown(text) == pytest.approx(in_units_of(text, path, real), rel=0.006, abs=5e-4), (
            path
        )
    # Whatever has a digit and is no number with a source is text that the report has as it is.
    words = json.dumps(written, ensure_ascii=False)
    numbers = {text for _, _, text in parser.found}
    for cell in parser.cells:
        is_title = cell in {"p50", "p90", "p95", "p99", "p99.9"}
        if re.search(r"\d", cell) and cell not in numbers and not is_title:
            for part in cell.split(", "):
                word = part.removeprefix("✓ ").rpartition(" ")[2]
                assert json.dumps(word, ensure_ascii=False)[1:-1] in words or (
                    cell.replace(" ", "_") in words
                ), cell


def test_every_number_of_the_charts_follows_from_the_readings(
    stored: StoredRun, summary: Summary, readings: list[Reading]
) -> None:
    parser = Numbers()
    parser.feed(page_bytes(page_of(stored, summary)).decode())
    drawn = json.loads(parser.scripts[0])["course"]
    assert drawn["seconds"] == list(range(SECONDS)) and set(drawn["spans_s"]) == {1}
    lanes = {"": drawn["everything"], **drawn["endpoints"]}
    assert len(lanes) == 6
    for name, lane in lanes.items():
        for second, reading in enumerate(readings):
            tallies = [reading.tallies[name]] if name else list(reading.tallies.values())
            expected = expected_of(tallies)
            assert lane["requests"][second] == expected["totals"]["requests"]
            assert lane["errors"][second] == expected["totals"]["errors"]
            for percent, values in lane["percentiles_ms"].items():
                assert values[second] == expected["latency_ms"][percent]
    for second, reading in enumerate(readings):
        counts = reading.scenarios["main"]
        assert drawn["vus"][second] == counts.vus_active
        assert drawn["vus_busy"][second] == counts.vus_busy
        assert drawn["iterations"][second] == counts.iterations_done
        assert drawn["iteration_s"][second] == counts.iteration_duration.sum_us / 1e6
        assert reading.host is not None
        assert drawn["series"]["host.cpu_percent"][second] == reading.host.cpu_percent
    by_span: dict[int, int] = {}
    for span, _, number in drawn["heat"]["cells"]:
        by_span[span] = by_span.get(span, 0) + number
    times = [theirs([it.service for it in each.tallies.values()]) for each in readings]
    assert by_span == {second: each.get_total_count() for second, each in enumerate(times)}
    every = theirs([it.service for each in readings for it in each.tallies.values()])
    for percent, ms in drawn["curve_ms"]:
        if percent:
            assert ms == every.get_value_at_percentile(percent) / 1000
    # A row of the map holds what is between its edges.
    edges = drawn["heat"]["edges_ms"]
    for row in range(len(edges) - 1):
        within = sum(number for _, each, number in drawn["heat"]["cells"] if each == row)
        low, high = edges[row] * 1000, edges[row + 1] * 1000
        close = sum(
            item.count_at_value_iterated_to
            for item in every.get_recorded_iterator()
            if low * 0.999 <= item.value_iterated_to <= high * 1.001
        )
        assert within <= close


def test_markdown_has_the_cells_of_the_same_tables_and_csv_their_numbers(
    stored: StoredRun, summary: Summary, full_summary: Summary
) -> None:
    for each in (summary, full_summary):
        it = report(each)
        more = analysis_tables(page_of(stored, each).analysis)
        assert {"postgres-waits-0", "postgres-statements-0"} <= {table.key for table in more}
        text = markdown(it, more)
        for table in (*tables_of(it), *more):
            for row in table.rows:
                assert f"| {' | '.join(escaped(cell.text) for cell in row)} |" in text
    rows = list(csv.DictReader(io.StringIO("".join(endpoint_lines(report(summary))))))
    written = json.loads(report_bytes(summary))
    assert [row["name"] for row in rows] == ["", *(it["name"] for it in written["endpoints"])]
    for row, it in zip(rows, [written, *written["endpoints"]], strict=True):
        for name, text in row.items():
            if name != "name":
                own = it["latency_ms"] if name.endswith("_ms") else it | it["totals"]
                assert float(text) == own[name.removesuffix("_ms")], name


def test_a_course_of_longer_spans_has_the_same_requests(
    stored: StoredRun, summary: Summary
) -> None:
    fine, coarse = course_of(stored, summary), course_of(stored, summary, most_spans=10)
    assert coarse.span_s == 5 and len(coarse.seconds) == SECONDS / 5
    assert sum(fine.everything.requests) == sum(coarse.everything.requests)
    assert sum(number for _, _, number in fine.heat.cells) == sum(
        number for _, _, number in coarse.heat.cells
    )
    assert fine.curve_ms == coarse.curve_ms
    assert msgspec.json.encode(coarse) != msgspec.json.encode(fine)


def test_a_last_span_that_was_cut_short_is_on_no_chart_but_counts(
    readings: list[Reading],
) -> None:
    whole, cut = course(readings, span_s=1), course(readings, span_s=1, duration_s=SECONDS - 0.5)
    assert len(cut.seconds) == len(whole.seconds) - 1 == SECONDS - 1
    assert cut.curve_ms == whole.curve_ms


def test_a_page_of_a_run_of_many_endpoints_and_hours_is_smaller_than_3_mb(
    summary: Summary,
) -> None:
    run = MadeUpRun(endpoints=60, requests=12)
    several = [run.reading(second) for second in range(10)]
    # Whatever a run's length, it is drawn in no more spans than these.
    whole = (
        replace(several[second % 10], second=second, at_unix_ms=second * 1000)
        for second in range(MOST_SPANS)
    )
    it = course(whole, span_s=1)
    page = Page(report=report(summary), course=it, charts=charts_of(it), marks=(), limits=())
    assert len(it.endpoints) == MOST_ENDPOINTS and len(it.seconds) == MOST_SPANS
    assert 500_000 < len(page_bytes(page)) < 3_000_000
