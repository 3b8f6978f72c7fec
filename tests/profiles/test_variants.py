"""Two targets in one run: who gets which load, and what their requests are called."""

import doctest
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.errors import UsageError
from vumeter.model.flow import Request, Think, named_requests
from vumeter.model.plan import Load, Plan, Scenario, Shape, Stage, Threshold, Variant, Variants
from vumeter.profiles import variants as module
from vumeter.profiles.variants import divided, turn, united, variants_of
from vumeter.profiles.writing import written
from vumeter.schedule import course
from vumeter.schedule.timetable import timetable
from vumeter.stats.redaction import without_secrets
from vumeter.thresholds.rules import rules_of

A, B = "http://127.0.0.1:8000", "http://127.0.0.1:8001"


def plan(*, against: str = B, alternate_s: float = 0.0, **load: Any) -> Plan:
    request = Request(name="GET /x", url=f"{A}/x?token={{{{word}}}}")
    scenario = Scenario(
        name="main",
        steps=(request, Think(first_s=1.0)),
        load=Load(**{"vus": 10, "duration_s": 60.0} | load),
    )
    return Plan(name="two", scenarios=(scenario,), variants=variants_of(against, alternate_s))


def test_both_send_the_same_to_their_own_target_under_names_and_tags_of_their_own() -> None:
    both = divided(plan())
    assert [scenario.name for scenario in both.scenarios] == ["a", "b"]
    ((name_a, request_a), (name_b, request_b)) = (
        named for scenario in both.scenarios for named in named_requests(scenario.steps)
    )
    assert (name_a, name_b) == ("a / GET /x", "b / GET /x")
    assert request_a.url == f"{A}/x?token={{{{word}}}}"
    assert request_b.url == f"{B}/x?token={{{{word}}}}"
    assert (request_a.tags, request_b.tags) == ((("variant", "a"),), (("variant", "b"),))
    rules = rules_of(
        replace(
            both,
            thresholds=(Threshold(metric="http_req_duration{variant:b}", expression="p(95) < 1s"),),
        )
    )
    assert rules[0].selection.names == frozenset({"b / GET /x"})


@pytest.mark.parametrize(
    ("load", "half"),
    [
        ({"vus": 10}, {"vus": 5}),
        ({"vus": 10, "iterations": 100}, {"vus": 5, "iterations": 50}),
        ({"iterations": 7, "per_vu": True}, {"vus": 5, "iterations": 7, "per_vu": True}),
        ({"vus": 11, "rate_per_s": 50.0}, {"vus": 6, "rate_per_s": 25.0}),
        (
            {"vus": 2, "stages": (Stage(duration_s=9, target=40),)},
            {"vus": 1, "stages": (Stage(duration_s=9, target=20),)},
        ),
    ],
    ids=["vus", "shared", "per-vu", "rate", "stages"],
)
def test_side_by_side_each_has_half_of_the_load(load: dict[str, Any], half: dict[str, Any]) -> None:
    for scenario in divided(plan(**load)).scenarios:
        expected = Load(**{"duration_s": 60.0} | half)
        assert scenario.load == expected


@pytest.mark.parametrize("lever", ["vus", "rate"])
def test_by_turns_one_has_all_of_the_load_and_the_other_none(lever: str) -> None:
    load = {"vus": 10} if lever == "vus" else {"vus": 10, "rate_per_s": 40.0}
    both = divided(plan(alternate_s=5.0, **load))
    full = 10.0 if lever == "vus" else 40.0
    tables = [timetable(scenario.load) for scenario in both.scenarios]
    for second in range(60):
        on = [
            course.target(table.vus if lever == "vus" else table.rate or (), second + 0.5)
            for table in tables
        ]
        assert on == ([full, 0.0] if turn(second // 5) is Variant.A else [0.0, full])
    assert {table.end_s for table in tables} == {60.0}
    assert all(stage.shape is Shape.STEP for stage in both.scenarios[0].load.stages)


def test_turns_are_balanced_against_what_drifts() -> None:
    # Whatever rises in a straight line is as high for the one as for the other on average.
    places = {variant: [at for at in range(32) if turn(at) is variant] for variant in Variant}
    assert sum(places[Variant.A]) == sum(places[Variant.B])


def test_what_was_divided_is_united_again_and_written_as_it_was() -> None:
    whole = plan(alternate_s=10.0)
    both = divided(whole)
    assert united(both) == whole and united(whole) == whole
    assert written(both) == written(whole)
    assert 'target = "http://127.0.0.1:8001"' in written(both)
    assert divided(replace(whole, variants=None)) == replace(whole, variants=None)


def test_no_secret_is_left_in_what_it_was_before_it_was_divided() -> None:
    whole = plan()
    (scenario,) = whole.scenarios
    hidden = Request(
        name="GET /", url=f"{A}/?key=canary-1234", headers=(("X-Token", "canary-5678"),)
    )
    both = divided(replace(whole, scenarios=(replace(scenario, steps=(hidden,)),)))
    assert "canary" in repr(both) and "canary" not in repr(without_secrets(both))


def test_a_request_that_goes_elsewhere_goes_there_for_both() -> None:
    whole = plan()
    (scenario,) = whole.scenarios
    other = Request(name="GET /ads", url="http://127.0.0.2:1/ads")
    both = divided(replace(whole, scenarios=(replace(scenario, steps=(*scenario.steps, other)),)))
    urls = [request.url for request in both.scenarios[1].requests]
    assert urls == [f"{B}/x?token={{{{word}}}}", "http://127.0.0.2:1/ads"]


def test_the_only_request_may_have_another_path_there() -> None:
    both = divided(plan(against=f"{A}/v2/x"))
    assert [request.url for request in both.scenarios[1].requests] == [f"{A}/v2/x"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (plan(vus=5), "5 VUs cannot be halved"),
        (plan(iterations=9), "9 iterations cannot be halved"),
        (plan(against=A), "Both targets are"),
        (plan(against="http://ann:secret@127.0.0.1:1"), "headers of the first"),
        (plan(alternate_s=1.0), "whole seconds"),
        (plan(alternate_s=5.0, stages=(Stage(duration_s=9, target=4),)), "take turns"),
        (plan(alternate_s=5.0, duration_s=None), "take turns"),
        (replace(plan(), baseline="main"), "not both"),
    ],
)
def test_what_cannot_be_divided_is_refused_with_the_reason(wrong: Plan, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        divided(wrong)


def test_a_path_for_several_requests_is_refused() -> None:
    whole = plan(against=f"{B}/v2")
    (scenario,) = whole.scenarios
    several = replace(scenario, steps=(*scenario.steps, Request(name="GET /y", url=f"{A}/y")))
    with pytest.raises(UsageError, match="paths of their own"):
        divided(replace(whole, scenarios=(several,)))


def test_a_fifth_of_a_turn_is_left_out_and_a_second_at_least() -> None:
    assert [variants_of(B, each).warm_up_s for each in (0.0, 2.0, 10.0, 60.0)] == [0, 1, 2, 12]
    assert variants_of(B, 10.0, 0.0) == Variants(against=B, block_s=10.0)


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert not doctest.testmod(module).failed
