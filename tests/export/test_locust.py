"""Locust's tables, beside those that a real Locust has written."""

import csv
from collections.abc import Callable

import pytest

from vumeter.export.locust import FAILURES_COLUMNS, HISTORY_COLUMNS, STATS_COLUMNS, Locust
from vumeter.export.rows import Row, Run

# The first lines of the tables of locust 2.47.0, run headless with --csv.
STATS = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,"
    "Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,"
    "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
)
HISTORY = (
    "Timestamp,User Count,Type,Name,Requests/s,Failures/s,"
    "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,"
    "Total Request Count,Total Failure Count,Total Median Response Time,"
    "Total Average Response Time,Total Min Response Time,Total Max Response Time,"
    "Total Average Content Size"
)
FAILURES = "Method,Name,Error,Occurrences,First Seen,Last Seen"


def test_the_columns_are_locusts() -> None:
    assert ",".join(STATS_COLUMNS) == STATS
    assert ",".join(HISTORY_COLUMNS) == HISTORY
    assert ",".join(FAILURES_COLUMNS) == FAILURES


def read(lines: list[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(lines))


def test_the_totals_are_those_of_what_was_measured(
    run: Run, rows: list[Row], times_us: dict[int, dict[str, list[int]]]
) -> None:
    locust = Locust(run)
    history = read(list(locust.history(rows)))
    stats = {row["Name"]: row for row in read(list(locust.tables().stats))}
    assert list(stats) == ["'=cmd|' /C calc'!A0", "/", "Aggregated"]
    assert (stats["/"]["Type"], stats["Aggregated"]["Type"]) == ("GET", "")
    every = [us for by_name in times_us.values() for times in by_name.values() for us in times]
    aggregated = stats["Aggregated"]
    assert int(aggregated["Request Count"]) == len(every)
    assert int(aggregated["Failure Count"]) == 18
    assert float(aggregated["Requests/s"]) == pytest.approx(len(every) / 4.5)
    assert float(aggregated["Average Response Time"]) == pytest.approx(
        sum(every) / len(every) / 1000, abs=0.001
    )
    for percent in (50, 80, 95):
        # Whole milliseconds, of a histogram of three digits.
        expected = sorted(every)[max(0, round(percent * len(every) / 100) - 1)] / 1000
        assert int(aggregated[f"{percent}%"]) == pytest.approx(expected, abs=0.51, rel=0.001)
    assert history[-1]["Total Request Count"] == aggregated["Request Count"]
    assert [row["Timestamp"] for row in history][:2] == ["1700000001", "1700000002"]


def test_failures_say_what_where_how_often_and_when(run: Run, rows: list[Row]) -> None:
    locust = Locust(run)
    list(locust.history(rows))
    failures = read(list(locust.tables().failures))
    root = next(row for row in failures if row["Name"] == "/")
    assert root == {
        "Method": "GET",
        "Name": "/",
        "Error": "status 503",
        "Occurrences": "9",
        "First Seen": "2023-11-14T22:13:20Z",
        "Last Seen": "2023-11-14T22:13:23Z",
    }


def test_the_history_is_of_the_last_ten_seconds(
    run: Run, make_row: Callable[..., Row], make_tally: Callable[..., object]
) -> None:
    rows = [make_row(second, {"GET /": make_tally([second * 1000])}) for second in range(30)]
    history = read(list(Locust(run).history(rows)))
    assert [float(row["Requests/s"]) for row in history] == [1.0] * 30
    assert history[-1]["50%"] == "24" and history[-1]["Total Median Response Time"] == "14"


def test_a_minute_that_is_left_of_the_old_seconds_stands_for_itself(
    run: Run, make_row: Callable[..., Row], make_tally: Callable[..., object]
) -> None:
    rows = [
        make_row(0, {"GET /": make_tally([1000] * 60)}, span_s=60),
        make_row(60, {"GET /": make_tally([9000] * 2)}),
    ]
    history = read(list(Locust(run).history(rows)))
    assert [float(row["Requests/s"]) for row in history] == [1.0, 2.0]
    assert [row["50%"] for row in history] == ["1", "9"]


def test_before_anything_was_answered_there_are_no_percentiles(
    run: Run, make_row: Callable[..., Row]
) -> None:
    (row,) = read(list(Locust(run).history([make_row(0, {})])))
    assert row["95%"] == "N/A" and row["Total Min Response Time"] == "0"
