"""Thresholds of a plan that can never have anything to be judged by."""

import pytest
from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.flow import Check, Group, Relation, Request, Source
from vumeter.model.measure import Tally
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.thresholds.grammar import written
from vumeter.thresholds.metrics import Seen
from vumeter.thresholds.rules import rules_of

STATUS = Check(name="status is 200", source=Source.STATUS, relation=Relation.ONE_OF, value=("200",))
PLAN = Plan(
    name="shop",
    scenarios=(
        Scenario(
            name="browse",
            steps=(
                Request(name="/", url="http://127.0.0.1/"),
                Group(
                    name="buy",
                    steps=(Request(name="/cart", url="http://127.0.0.1/cart", checks=(STATUS,)),),
                ),
            ),
            load=Load(vus=1),
        ),
    ),
)


def plan(*texts: str) -> Plan:
    return replace(PLAN, thresholds=tuple(map(written, texts)))


def test_rules_come_in_the_order_of_the_thresholds() -> None:
    rules = rules_of(plan("iterations{scenario:browse}: count > 1", "vus: value < 5"))
    assert [rule.metric.name for rule in rules] == ["iterations", "vus"]


def test_a_scenario_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(ProfileError, match='no scenario "brows"') as error:
        rules_of(plan("iterations{scenario:brows}: count > 1"))
    assert error.value.hint == 'Did you mean "browse"?'


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("http_reqs{name:buy / /cat}: count > 1", 'no request "buy / /cat"', '"buy / /cart"'),
        ("http_reqs{name:xyz}: count > 1", 'no request "xyz"', 'There is: "/", "buy / /cart".'),
        ("checks{check:status is 20}: rate > 0", 'no check "status is 20"', '"status is 200"'),
    ],
)
def test_what_no_request_or_check_is_called_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(ProfileError, match=message) as error:
        rules_of(plan(text))
    assert hint in error.value.hint


def test_what_is_called_so_is_taken_groups_included() -> None:
    assert rules_of(
        plan("http_reqs{name:buy / /cart}: count > 1", "checks{check:status is 200}: rate > 0")
    )


def test_checks_of_a_plan_without_any_are_refused() -> None:
    scenario = replace(PLAN.scenarios[0], steps=(Request(name="/", url="http://127.0.0.1/"),))
    bare = replace(plan("checks: rate > 99%"), scenarios=(scenario,))
    with pytest.raises(ProfileError, match="no request has a check"):
        rules_of(bare)


def test_a_database_that_nobody_watches_is_refused_and_one_that_is_watched_is_not() -> None:
    asked = plan("postgres.blocked == 0")
    with pytest.raises(ProfileError, match="no database is watched"):
        rules_of(asked)
    assert rules_of(replace(asked, postgres_dsn="postgresql://localhost/shop"))


TAGGED = replace(
    PLAN,
    scenarios=(
        *PLAN.scenarios,
        Scenario(
            name="pay",
            steps=(
                Request(name="/pay", url="http://127.0.0.1/pay", tags=(("team", "pay"),)),
                Request(name="/card", url="http://127.0.0.1/card", tags=(("team", "pay"),)),
                Request(name="/help", url="http://127.0.0.1/help", tags=(("team", "web"),)),
            ),
            load=Load(vus=1),
        ),
    ),
)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ("team:pay", {"/pay", "/card"}),
        ("team:web", {"/help"}),
        ("scenario:pay", {"/pay", "/card", "/help"}),
        ("scenario:browse", {"/", "buy / /cart"}),
        ("scenario:pay,team:pay,name:/card", {"/card"}),
    ],
)
def test_scenarios_and_tags_choose_requests(filters: str, names: set[str]) -> None:
    one = written(f"http_req_duration{{{filters}}}: p(95) < 300ms")
    [rule] = rules_of(replace(TAGGED, thresholds=(one,)))
    assert rule.selection.names == names
    tallies = {name: Tally(answered=number) for number, name in enumerate(["/", "/pay", "/card"])}
    [counted] = rules_of(
        replace(TAGGED, thresholds=(written(f"http_reqs{{{filters}}}: count > 1"),))
    )
    expected = sum(tally.requests for name, tally in tallies.items() if name in names)
    part = counted.metric.part(Seen(tallies, {}), counted.selection)
    assert part == (expected if names & tallies.keys() else None)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ("team:payments", "no request is so"),
        ("scenario:browse,team:pay", "no request is so"),
        ("tem:pay", 'has no filter "tem"'),
    ],
)
def test_what_chooses_nothing_is_refused(filters: str, message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        rules_of(replace(TAGGED, thresholds=(written(f"http_reqs{{{filters}}}: count > 1"),)))


def test_a_request_that_shares_its_name_cannot_be_chosen_by_tag() -> None:
    twin = replace(TAGGED.scenarios[1], name="twin", steps=(replace(PLAN.scenarios[0].steps[0]),))
    shared = replace(TAGGED, scenarios=(*TAGGED.scenarios, twin))
    with pytest.raises(ProfileError, match='other requests that count as "/"'):
        rules_of(replace(shared, thresholds=(written("http_reqs{scenario:twin}: count > 1"),)))
