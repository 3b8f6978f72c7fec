"""How targets and changes read."""

import doctest

import pytest

from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.model.throttle import Lever
from vumeter.run import steps, words


@pytest.mark.parametrize("module", [steps, words], ids=["steps", "words"])
def test_the_examples_in_the_docstrings_are_true(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert (result.failed, result.attempted > 0) == (0, True)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (10, 12, "VU 10 → 12"),
        (12.5, 12.5, "VU stays at 12.5"),
        (None, 5, "VU → 5"),
        (5, None, "VU 5 → closed"),
    ],
)
def test_changes_in_words(before: float | None, after: float | None, text: str) -> None:
    assert words.change(Lever.VUS, before, after) == text


@pytest.mark.parametrize(
    ("load", "text"),
    [
        (Load(vus=10), "10 VUs, no end"),
        (Load(vus=1, iterations=5), "1 VU, 5 iterations"),
        (Load(vus=2, iterations=5, duration_s=90.0), "2 VUs, 5 iterations or for 1m30s"),
        (Load(vus=40, rate_per_s=12.5), "12.5 RPS on up to 40 VUs, no end"),
    ],
)
def test_what_a_run_begins_with_in_words(load: Load, text: str) -> None:
    request = Request(name="GET /", url="http://127.0.0.1/")
    scenario = Scenario(name="main", steps=(Pick(choices=(Choice(steps=(request,)),)),), load=load)
    assert words.load(Plan(name="test", scenarios=(scenario,))) == text
