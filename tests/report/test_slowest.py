"""The slowest requests of a run, in the summary and in report.json."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from vumeter.model.measure import ErrorKind, Reading, Slow
from vumeter.model.summary import Summary
from vumeter.report.json_report import report
from vumeter.report.sections.lines import TEXT_WIDTH
from vumeter.report.terminal import summary_text
from vumeter.testing.seconds import MadeUpRun
from vumeter.testing.stored import store_run

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def slow(service_us: int, **fields: object) -> Slow:
    usual = {"status": 200, "received_bytes": 900, "vu": 17, "iteration": 204, "at_ms": 4_250}
    return Slow(**{"service_us": service_us, "waiting_us": service_us} | usual | fields)  # type: ignore[arg-type]


@pytest.fixture
def summary(tmp_path: Path) -> Summary:
    run = MadeUpRun(endpoints=2, requests=10)
    first, second = (f"GET /endpoint/{number}" for number in range(2))
    found: dict[int, dict[str, Slow]] = {
        2: {first: slow(80_000)},
        4: {
            first: slow(1_250_000, waiting_us=1_200_000, receiving_us=50_000, trace_id=TRACE),
            second: slow(30_000),
        },
        6: {
            second: slow(2_000_000, status=0, error=ErrorKind.TIMEOUT_RESPONSE, request_id="r" * 80)
        },
    }
    readings: list[Reading] = [
        replace(run.reading(at), slowest=found.get(at, {})) for at in range(8)
    ]
    with store_run(tmp_path / "run.sqlite", readings) as stored:
        return stored.so_far(None)


def test_the_slowest_of_each_name_is_told_with_where_its_time_went(summary: Summary) -> None:
    text = summary_text(summary, colour=False)
    section = text.partition("SLOWEST REQUESTS")[2].partition("\n\n")[0]
    assert [line.split() for line in section.strip().splitlines()] == [
        ["GET", "/endpoint/1", "2.00s", "timeout_response"],
        ["VU", "17,", "iteration", "204,", "at", "00:00:04"],
        ["request", "r" * 59 + "…"] if "…" in section else ["request", "r" * 60],
        ["GET", "/endpoint/0", "1.25s", "200"],
        ["VU", "17,", "iteration", "204,", "at", "00:00:04"],
        ["waiting", "1.20s,", "receiving", "50.0ms"],
        ["trace", TRACE],
    ]
    assert max(map(len, text.splitlines())) <= TEXT_WIDTH + 4


def test_the_report_has_it_with_each_endpoint_and_null_for_what_there_is_not(
    summary: Summary,
) -> None:
    first, second = report(summary).endpoints
    assert first.slowest is not None and second.slowest is not None
    assert (first.slowest.took_ms, first.slowest.receiving_ms) == (1_250.0, 50.0)
    assert (first.slowest.trace_id, first.slowest.request_id) == (TRACE, None)
    assert (second.slowest.status, second.slowest.error) == (None, "timeout_response")
    nothing = report(replace(summary, slowest={}))
    assert {it.slowest for it in nothing.endpoints} == {None}
    assert "SLOWEST" not in summary_text(replace(summary, slowest={}), colour=False)
