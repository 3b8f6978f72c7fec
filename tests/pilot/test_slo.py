"""SLOs and set points as people write them."""

import pytest
from tests.pilot.plans import plan

from vumeter.errors import ProfileError
from vumeter.model.plan import Threshold
from vumeter.pilot.slo import set_point, severity, slo, slo_rules, slos_of


@pytest.mark.parametrize(
    ("text", "metric", "expression"),
    [
        ("p95 < 300ms", "http_req_duration", "p(95) < 300ms"),
        ("p(99.9)<1s", "http_req_duration", "p(99.9) <1s"),
        ("p95{name:pay} < 300ms", "http_req_duration{name:pay}", "p(95) < 300ms"),
        ("avg <= 20ms", "http_req_duration", "avg <= 20ms"),
        ("errors < 1%", "http_req_failed", "rate < 1%"),
        ("host.cpu: value < 80%", "host.cpu", "value < 80%"),
    ],
)
def test_short_words_stand_for_thresholds(text: str, metric: str, expression: str) -> None:
    assert slo(text) == Threshold(metric=metric, expression=expression)


def test_a_set_point_is_a_limit_without_a_sign() -> None:
    assert set_point("p95 250ms") == slo("p95 < 250ms")
    assert set_point("host.cpu 70%").expression == "< 70%"


@pytest.mark.parametrize("text", ["", "p95", "fast", "p95 < 250ms"])
def test_what_is_no_set_point_is_said(text: str) -> None:
    with pytest.raises(ProfileError, match="is no set point"):
        set_point(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p95 < 300ms over 10s", "a window of its own"),
        ("http_reqs: rate > 10/s", "grows with the load"),
        ("p95{name:nowhere} < 1s", "no request"),
        ("quick < 1s", "no metric"),
    ],
)
def test_what_no_step_can_be_judged_by_is_refused(text: str, message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        slo_rules([slo(text)], plan())


def test_a_search_without_slos_is_refused() -> None:
    with pytest.raises(ProfileError, match="Nothing to hold"):
        slo_rules([], plan())


def test_a_profiles_thresholds_are_slos_without_their_windows() -> None:
    thresholds = (
        Threshold(metric="http_req_duration", expression="p(95) < 300ms over 30s for 5s"),
        Threshold(metric="checks", expression="rate > 0.9"),
    )
    assert slos_of(plan(thresholds=thresholds)) == (slo("p95 < 300ms"),)


def test_half_and_double_are_equally_far_from_a_limit() -> None:
    (rule,) = slo_rules([slo("p95 < 100ms")], plan())
    assert severity(rule, 200) == pytest.approx(-severity(rule, 50))
    assert severity(rule, 100) == 0
    assert severity(rule, 0) < severity(rule, 1)
