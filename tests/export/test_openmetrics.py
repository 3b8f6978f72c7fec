"""OpenMetrics, read back by the parser of Prometheus' own client."""

import re
from collections import defaultdict
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from vumeter.export import openmetrics
from vumeter.export.rows import Row, Run
from vumeter.model.probes import PostgresReading, PostgresState

_HISTOGRAM = re.compile(r"\w+_(bucket|sum|count)\{")

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[float, float]]]


def parsed(rows: list[Row], *, only_last: bool = False) -> Samples:
    """
    Return what the parser finds.

    It takes a histogram's second point for a copy of the first, so histograms are left out, or
    *only_last* points are left in.
    """
    found: Samples = defaultdict(list)
    text = "".join(openmetrics.lines(rows))
    last = f" {rows[-1].end_unix_ms / 1000:.3f}"
    kept = [
        line
        for line in text.splitlines()
        if line.startswith("#")
        or (line.endswith(last) if only_last else not _HISTOGRAM.match(line))
    ]
    for family in text_string_to_metric_families("\n".join(kept) + "\n"):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            found[key].append((float(sample.timestamp), sample.value))
    return found


@pytest.fixture
def long_rows(make_row: Callable[..., Row], make_tally: Callable[..., object]) -> list[Row]:
    times = [1_000, 3_000, 300_000]
    return [make_row(second, {"GET /": make_tally(times, failed=1)}) for second in range(25)]


def test_a_scraper_finds_the_counts_of_every_ten_seconds_and_of_the_end(
    run: Run, long_rows: list[Row]
) -> None:
    start_s = run.started_unix_ms / 1000
    found = parsed(long_rows)
    label = ("request", "GET /")
    assert found["vumeter_requests_total", (label,)] == [
        (start_s + 10, 30),
        (start_s + 20, 60),
        (start_s + 25, 75),
    ]
    errors = found["vumeter_request_errors_total", (("kind", "status"), label)]
    assert [value for _, value in errors] == [10, 20, 25]


def test_histograms_are_cumulative(long_rows: list[Row]) -> None:
    found = parsed(long_rows, only_last=True)
    name, label = "vumeter_service_time_seconds_bucket", ("request", "GET /")
    counts = {le: found[name, (("le", le), label)][-1][1] for le in ("0.005", "0.1", "+Inf")}
    # 25 seconds of 1 ms, 3 ms and 300 ms each.
    assert counts == {"0.005": 50, "0.1": 50, "+Inf": 75}
    total_s = found["vumeter_service_time_seconds_sum", (label,)][-1][1]
    assert total_s == pytest.approx(25 * 0.304)


def test_every_database_is_there_and_all_but_the_first_by_name(
    make_row: Callable[..., Row],
) -> None:
    row = make_row(9, {})
    first, other = (
        PostgresReading(state=PostgresState.UP, remark="", age_s=0.1, connections_used=used)
        for used in (12, 5)
    )
    gone = PostgresReading(state=PostgresState.DOWN, remark="refused", age_s=3.0)
    reading = replace(row.reading, postgres=first, postgres_more={"orders": other, "logs": gone})
    found = parsed([row._replace(reading=reading)])
    of_orders, of_logs = (("database", "orders"),), (("database", "logs"),)
    up = [found["vumeter_postgres_up", each][-1][1] for each in ((), of_orders, of_logs)]
    assert up == [1, 1, 0]
    assert found["vumeter_postgres_connections", ()][-1][1] == 12
    assert found["vumeter_postgres_connections", of_orders][-1][1] == 5
    assert ("vumeter_postgres_connections", of_logs) not in found


def test_names_from_outside_stay_within_their_quotes(
    make_row: Callable[..., Row], make_tally: Callable[..., object]
) -> None:
    name = 'a"} evil 1\\\n# EOF'
    found = parsed([make_row(9, {name: make_tally([1_000])})])
    labels = [dict(labels)["request"] for key, labels in found if key == "vumeter_requests_total"]
    assert labels == ['a"} evil 1\\ # EOF']
