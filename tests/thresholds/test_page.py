"""docs/thresholds.md: the metrics it lists are those there are, and its examples are understood."""

import re
from pathlib import Path

import pytest

from vumeter.errors import ExitCode
from vumeter.thresholds.grammar import parse, written
from vumeter.thresholds.metrics import METRICS
from vumeter.thresholds.sums import AGGREGATES, Aggregate

PAGE = (Path(__file__).parents[2] / "docs" / "thresholds.md").read_text()


def test_the_page_lists_every_metric_with_its_kind_and_its_filters() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| (\w+) \|([^|]*)\|", PAGE, re.MULTILINE)
    listed = {name: (kind, set(re.findall(r"`(\w+)`", filters))) for name, kind, filters in rows}
    assert listed == {
        name: (metric.kind.value, set(metric.filters)) for name, metric in METRICS.items()
    }


def test_the_page_lists_every_aggregate_of_each_kind() -> None:
    for kind, aggregates in AGGREGATES.items():
        (row,) = re.findall(rf"^\| {kind.value} \| (.*) \|$", PAGE, re.MULTILINE)
        for aggregate in aggregates:
            name = "p(95)" if aggregate is Aggregate.PERCENTILE else aggregate.value
            assert f"`{name}`" in row


@pytest.mark.parametrize("text", re.findall(r"--threshold '([^']+)'", PAGE))
def test_every_example_is_understood(text: str) -> None:
    assert parse(written(text))


def test_the_page_lists_every_exit_code() -> None:
    codes = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)
    assert list(map(int, codes)) == sorted(ExitCode)
