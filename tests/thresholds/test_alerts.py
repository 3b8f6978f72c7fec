"""Alerts: what they fire and clear at, what is refused, and what is doubted."""

from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.alert import Alert
from vumeter.model.flow import Request
from vumeter.model.plan import Load, Plan, Scenario, Threshold
from vumeter.thresholds.alerts import alert_of, alert_rule, clearing_text, doubts
from vumeter.thresholds.presets import PRESETS, Preset, alerts_in
from vumeter.thresholds.rules import alert_rules_of

SLOW = "http_req_duration: p(95) > 400ms over 10s"


def alert(text: str, **fields: Any) -> Alert:
    return replace(alert_of(text), **fields)


@pytest.mark.parametrize(
    ("text", "fields", "clears"),
    [
        (SLOW, {}, "p(95) <= 400ms over 10s, for 5s"),
        (f"{SLOW} for 7s", {"margin_ratio": 0.1}, "p(95) <= 360ms over 10s, for 5s"),
        (SLOW, {"until": "p(95)<300ms over 20s"}, "p(95)<300ms over 20s, for 5s"),
        (SLOW, {"clear_after_s": 0.0}, "p(95) <= 400ms over 10s"),
        ("host.memory.free: < 20%", {"margin_ratio": 0.1}, "value >= 22%, for 5s"),
        ("host.memory.free: <= 20%", {}, "value > 20%, for 5s"),
        ("host.cpu: avg >= 80% over 5s", {"margin_ratio": 0.1}, "avg < 72% over 5s, for 5s"),
        ("postgres.blocked: > 0", {"margin_ratio": 0.5}, "value <= 0, for 5s"),
        ("vus: != 5", {}, "value == 5, for 5s"),
        ("vus: == 0", {}, "value != 0, for 5s"),
    ],
)
def test_what_clears_an_alert(text: str, fields: dict[str, Any], clears: str) -> None:
    assert clearing_text(alert_rule(alert(text, **fields))) == clears


@pytest.mark.parametrize(
    ("text", "fields", "complaint"),
    [
        ("http_req_duration: p(95) > 400ms", {}, "since the start.*over 10s"),
        ("http_reqs: count > 5", {}, "since the start"),
        ("host.cpu: avg > 80%", {}, "since the start"),
        ("host.cpo: > 80%", {}, 'no metric "host.cpo".*host.cpu'),
        ("host.cpu: > 80", {"until": "value < 90"}, "clear while it fires, at 85%"),
        ("host.cpu: > 80", {"until": "> 70"}, "clear while it fires"),
        ("host.cpu: >= 80", {"until": "<= 80"}, "clear while it fires, at 80%"),
        ("host.cpu: > 80", {"until": "< 60 for 5s"}, '"clear_after"'),
        (SLOW, {"until": "p(95) < 300ms"}, "since the start"),
        (SLOW, {"until": "p(95) < 300ms over 10s", "margin_ratio": 0.1}, "no margin to it"),
        ("vus: == 5", {"margin_ratio": 0.1}, '"==" has no margin'),
        ("checks: < 99% over 10s", {"margin_ratio": 0.1}, "clears at 109%, which is never"),
        ("host.memory.free: < 95", {"margin_ratio": 0.1}, "which is never"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ProfileError) as refused:
        alert_rule(alert(text, **fields))
    import re

    assert re.search(complaint, f"{refused.value.message} {refused.value.hint}")


def test_an_until_of_another_aggregate_is_taken_at_its_word() -> None:
    assert alert_rule(alert(SLOW, until="max < 900ms over 10s"))


def test_an_alert_ends_no_run() -> None:
    with pytest.raises(ProfileError, match="ends no run"):
        alert_of(f"{SLOW} abort_on_fail")


def test_a_name_stands_for_its_set_and_anything_else_for_a_rule() -> None:
    assert alerts_in("usual") == PRESETS[Preset.USUAL]
    assert [each.name for each in alerts_in("host.cpu: > 80%")] == ["host.cpu>80%"]
    with pytest.raises(ProfileError, match='no set of alerts "usal"') as refused:
        alerts_in("usal")
    assert refused.value.hint == 'Did you mean "usual"?'


def plan(*alerts: Alert, thresholds: tuple[Threshold, ...] = ()) -> Plan:
    request = Request(name="/", url="http://127.0.0.1:1/")
    scenario = Scenario(name="main", steps=(request,), load=Load(vus=1))
    return Plan(name="test", scenarios=(scenario,), alerts=alerts, thresholds=thresholds)


def doubted(*alerts: Alert, thresholds: tuple[Threshold, ...] = ()) -> list[str]:
    made = plan(*alerts, thresholds=thresholds)
    return list(doubts(made, alert_rules_of(made)))


def test_every_preset_is_sound_and_beyond_doubt() -> None:
    for alerts in PRESETS.values():
        assert doubted(*alerts) == []
        assert len({each.name for each in alerts}) == len(alerts)


@pytest.mark.parametrize(
    ("text", "is_doubted"),
    [
        ("http_req_duration: p(95) < 400ms over 10s", True),
        ("http_req_failed: rate <= 1% over 10s", True),
        ("host.memory.free: > 20%", True),
        ("http_reqs: rate < 100 over 10s", False),
        ("http_reqs: rate > 100 over 10s", False),
        ("vus: == 0", False),
    ],
)
def test_an_alert_that_fires_while_all_is_well_is_doubted(text: str, is_doubted: bool) -> None:
    found = doubted(alert(text))
    assert bool(found) is is_doubted
    assert all("what must not be" in each for each in found)


def test_an_alert_written_like_a_threshold_is_doubted() -> None:
    threshold = Threshold(metric="http_reqs", expression="rate>100 over 10s")
    (found,) = doubted(alert("http_reqs: rate > 100 over 10s"), thresholds=(threshold,))
    assert "fires while the threshold holds" in found


def test_an_alert_on_what_the_plan_has_not_is_refused() -> None:
    with pytest.raises(ProfileError, match="no database is watched"):
        alert_rules_of(plan(alert("postgres.blocked: > 0")))
    with pytest.raises(ProfileError, match='no request "checkout"'):
        alert_rules_of(plan(alert("http_req_duration{name:checkout}: max > 1s over 5s")))
