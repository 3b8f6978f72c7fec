"""JSON lines."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from vumeter.export import jsonl
from vumeter.export.rows import Row, Run
from vumeter.stats.milliseconds import LatencyMs

_PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def test_there_is_a_line_for_each_second_with_what_was_measured_in_it(
    run: Run, rows: list[Row], times_us: dict[int, dict[str, list[int]]]
) -> None:
    lines = [json.loads(line) for line in jsonl.lines(run, rows)]
    assert [line["second"] for line in lines] == [0, 1, 2, 3]
    assert all(line["run"] == "shop" and line["schema"] == 1 for line in lines)
    for line in lines:
        by_name = times_us[line["second"]]
        every = [us for times in by_name.values() for us in times]
        assert line["requests"] == len(every)
        assert line["errors_by_kind"] == ({"status": 6} if every else {})
        for name, times in by_name.items():
            # To three digits, as histograms have it.
            shown = line["endpoints"][name]["response_time_ms"]
            assert shown["max"] == pytest.approx(max(times) / 1000, rel=0.001)
            assert shown["mean"] == pytest.approx(sum(times) / len(times) / 1000, abs=0.001)


def test_a_second_without_an_answer_has_no_times(run: Run, rows: list[Row]) -> None:
    line = json.loads(list(jsonl.lines(run, rows))[2])
    assert line["requests"] == 0 and line["response_time_ms"] is None


def test_rates_of_longer_spans_are_per_second(
    run: Run, make_row: Callable[..., Row], make_tally: Callable[..., object]
) -> None:
    row = make_row(60, {"GET /": make_tally([1000] * 30)}, span_s=60, rate=0.5)
    line = jsonl.line(run, row)
    assert line.span_s == 60 and line.requests == 30 and line.requests_per_s == 0.5
    assert line.rate_target_per_s == 0.5


@pytest.mark.parametrize(
    "struct", [jsonl.Line, jsonl.Requests, LatencyMs, jsonl.Iterations, jsonl.Check]
)
def test_the_page_says_what_each_field_is(struct: type[jsonl.Line]) -> None:
    page = _PAGE.read_text()
    assert [name for name in struct.__struct_fields__ if f"`{name}`" not in page] == []
