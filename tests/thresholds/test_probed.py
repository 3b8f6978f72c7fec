"""Thresholds on whatever a probe sees, by the names that series have."""

import pytest
from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.metric import Unit
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.model.watched import RedisMonitor
from vumeter.stats.series import is_probed, probed_value, series_of
from vumeter.testing.seconds import MadeUpRun
from vumeter.thresholds.grammar import parse, written
from vumeter.thresholds.probed import probed_metric
from vumeter.thresholds.rules import rules_of

READING = MadeUpRun(endpoints=2, requests=20).reading(100)


def test_every_series_of_a_probe_can_be_judged_and_is_what_the_series_says() -> None:
    for name, value in series_of(READING).items():
        room, _, rest = name.partition(".")
        # An event's name has a colon in it, which ends a metric's.
        if room in ("host", "postgres") and not rest.startswith("active_by_event"):
            assert is_probed(name), name
            assert probed_value(name, READING) == value, name


def test_a_wait_that_nobody_had_is_zero_and_a_host_that_is_not_watched_has_no_value() -> None:
    assert probed_value("postgres.active_by_wait.BufferPin", READING) == 0.0
    assert probed_value("postgres.active_by_wait.Lock", replace(READING, postgres=None)) is None
    assert probed_value("host.cpu_percent", replace(READING, host=None)) is None


def test_times_are_judged_in_ms_like_all_times() -> None:
    rule = parse(written("postgres.longest_transaction_s: max < 5s"))
    assert (rule.limit, rule.metric.units[rule.aggregate]) == (5000.0, Unit.MS)


@pytest.mark.parametrize("name", ["host.nonsense", "postgres.connections_max", "watched.cache"])
def test_what_no_probe_has_is_refused_before_the_run(name: str) -> None:
    assert probed_metric(name) is None
    with pytest.raises(ProfileError, match="there is no metric"):
        parse(written(f"{name}: value < 1"))


def test_a_watched_thing_has_to_be_one_of_the_plan() -> None:
    plan = Plan(
        name="shop",
        scenarios=(Scenario(name="main", steps=(), load=Load(vus=1)),),
        thresholds=(written("watched.cash.hit_ratio: value > 0.9"),),
        monitors=(RedisMonitor(name="cache", url="redis://127.0.0.1:1"),),
    )
    with pytest.raises(ProfileError, match='there is no monitor "cash"') as refused:
        rules_of(plan)
    assert "cache" in refused.value.hint
