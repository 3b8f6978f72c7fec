"""Service levels: those that are ready, and those that a run suggests."""

import doctest
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from vumeter.cli.thresholds import with_thresholds
from vumeter.model.frame import Figures, Latency
from vumeter.profiles.writing import thresholds_text
from vumeter.testing.stored import plain_plan, summary_of
from vumeter.thresholds import objectives
from vumeter.thresholds.objectives import OBJECTIVES, rounded_up, suggestions

PAGE = (Path(__file__).parents[2] / "docs" / "slo.md").read_text()


def figures(requests: int, p95_us: int, p99_us: int, *, errors: int = 0) -> Figures:
    latency = Latency(
        min_us=1,
        mean_us=1,
        p50_us=1,
        p90_us=1,
        p95_us=p95_us,
        p99_us=p99_us,
        p99_9_us=p99_us,
        max_us=p99_us,
    )
    return Figures(
        requests=requests,
        requests_per_s=1.0,
        errors=errors,
        errors_by_kind={},
        statuses={},
        sent_bytes=0,
        received_bytes=0,
        latency=latency,
    )


def test_the_examples_in_the_docstrings_are_true() -> None:
    outcome = doctest.testmod(objectives)
    assert outcome.attempted and not outcome.failed


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_set_is_taken_by_its_name_and_the_page_has_its_limits(name: str) -> None:
    plan = with_thresholds(plain_plan(), [name])
    assert len(plan.thresholds) == 3
    (row,) = re.findall(rf"^\| `{name}` \|(.*)\|$", PAGE, re.MULTILINE)
    limits = [each.replace(" ", "") for each in row.split("|")]
    assert limits == [each.expression.rpartition("<")[2].strip() for each in plan.thresholds]


def test_what_a_run_measured_and_a_margin_are_its_thresholds() -> None:
    endpoints = {
        "GET /": figures(9_000, 180_000, 400_000),
        "rare": figures(999, 1_000, 2_000),
        "odd, {name}": figures(9_000, 1_000, 2_000),
    }
    total = figures(20_000, 201_000, 10_500_000, errors=60)
    summary = replace(summary_of(), total=total, endpoints=endpoints)
    found = tuple(suggestions(summary, margin_ratio=0.15))
    assert tomllib.loads(thresholds_text(found))["thresholds"] == {
        "http_req_duration": ["p(95) < 240ms", "p(99) < 13s"],
        "http_req_failed": ["rate < 0.35%"],
        "http_req_duration{name:GET /}": ["p(95) < 210ms", "p(99) < 460ms"],
    }
    # A profile takes them.
    texts = [f"{each.metric}: {each.expression}" for each in found]
    assert with_thresholds(plain_plan(), texts).thresholds == found
    healthy = replace(summary, total=figures(20_000, 1_000, 2_000))
    assert "rate < 0.1%" in {each.expression for each in suggestions(healthy, margin_ratio=0.1)}


@given(st.floats(1e-4, 1e7))
def test_rounding_never_takes_away_and_adds_a_tenth_at_most(value: float) -> None:
    assert value * (1 - 1e-6) <= rounded_up(value) <= value * 1.1 + 1e-9
