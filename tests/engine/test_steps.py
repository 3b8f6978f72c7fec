"""A scenario made ready: weights by a table, variables known."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.engine.script import Script
from vumeter.engine.steps import TABLE_SIZE, weighted
from vumeter.engine.virtual_user import backoff_s
from vumeter.errors import UsageError
from vumeter.model.flow import Choice, Extract, Pick, Request, Source
from vumeter.model.plan import Load, Scenario

GET = Request(name="get", url="http://h/")


def mix(*weights: float) -> tuple[Choice, ...]:
    return tuple(Choice(steps=(GET,), weight=weight) for weight in weights)


@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=20))
def test_each_choice_is_drawn_as_often_as_its_weight_says(weights) -> None:
    counts = Counter(weighted(mix(*weights), seed=1))
    assert counts.total() == TABLE_SIZE
    for index, weight in enumerate(weights):
        exact = weight / sum(weights) * TABLE_SIZE
        # One for the rounding, and one for each rare choice that was given its only draw.
        assert abs(counts[index] - exact) <= 1 + sum(
            1 for w in weights if w / sum(weights) * TABLE_SIZE < 1
        )


def test_the_rarest_choice_is_drawn_at_least_once() -> None:
    counts = Counter(weighted(mix(1e9, 1e-9, 1.0), seed=1))
    assert (counts[1], counts[2]) == (1, 1)


def test_the_order_is_shuffled_and_the_same_each_time() -> None:
    draws = weighted(mix(1, 1), seed=5)
    assert draws == weighted(mix(1, 1), seed=5) != weighted(mix(1, 1), seed=6)
    changes = sum(one != other for one, other in pairwise(draws))
    # In a fair shuffle every second neighbour differs: 2048 ± 32.
    assert 1850 < changes < 2250


@pytest.mark.parametrize("weights", [(), (0.0,), (1.0, -1.0)])
def test_weights_that_cannot_be_drawn_from_are_refused(weights) -> None:
    with pytest.raises(UsageError, match="cannot be drawn"):
        weighted(mix(*weights), seed=1)


def script(*requests: Request, on_start: tuple[Request, ...] = ()) -> Script:
    choices = tuple(Choice(steps=(request,)) for request in requests)
    scenario = Scenario(
        name="main", steps=(Pick(choices=choices),), load=Load(vus=1), on_start=on_start
    )
    return Script(scenario, {}, keep_alive=True, seed=1)


def test_a_variable_that_nothing_extracts_is_refused_before_the_run() -> None:
    with pytest.raises(UsageError, match=r"\{\{id\}\}, which no request"):
        script(Request(name="x", url="http://h/{{id}}"))


def test_requests_of_one_name_count_together() -> None:
    recorders = {}
    scenario = Scenario(name="main", steps=(Pick(choices=mix(1, 1)),), load=Load(vus=1))
    Script(scenario, recorders, keep_alive=True, seed=1)
    assert list(recorders) == ["get"]


def test_a_script_is_plain_where_a_draw_from_the_table_is_all_there_is_to_an_iteration() -> None:
    other = Request(name="x", url="http://other/")
    counts = Request(name="x", url="http://h/{{iteration}}")
    asks = Request(name="x", url="http://h/", headers=(("Expect", "100-continue"),))
    keeps = Request(
        name="x",
        url="http://h/",
        extract=(Extract(variable="a", source=Source.JSON, selector="b"),),
    )
    assert script(GET).is_plain
    assert script(GET, on_start=(keeps,)).is_plain
    assert not script(GET, other).is_plain
    assert script(GET, keeps).is_plain
    assert not script(GET, counts).is_plain
    assert not script(GET, asks).is_plain


def test_a_vu_that_only_fails_fails_at_most_20_times_in_any_second() -> None:
    at_s, times_s = 0.0, []
    for failures in range(1, 500):
        times_s.append(at_s)
        at_s += backoff_s(failures)
    for begin_s in times_s:
        assert sum(begin_s <= time_s < begin_s + 1 for time_s in times_s) <= 20
    assert backoff_s(1) == 0.0
    assert backoff_s(10**9) == 1.0
