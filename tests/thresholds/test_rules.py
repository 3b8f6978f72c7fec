"""Thresholds of a plan that can never have anything to be judged by."""

import pytest
from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.flow import Request
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.thresholds.grammar import written
from vumeter.thresholds.rules import rules_of

PLAN = Plan(
    name="shop",
    scenarios=(
        Scenario(
            name="browse",
            steps=(Request(name="/", url="http://127.0.0.1/"),),
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


def test_a_database_that_nobody_watches_is_refused_and_one_that_is_watched_is_not() -> None:
    asked = plan("postgres.blocked == 0")
    with pytest.raises(ProfileError, match="no database is watched"):
        rules_of(asked)
    assert rules_of(replace(asked, postgres_dsn="postgresql://localhost/shop"))
