"""Thresholds on what a script measures of its own."""

from collections.abc import Callable, Mapping

import pytest
from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.measure import Added, CounterSum, GaugeSum, RateSum, Reading, TrendSum
from vumeter.model.metric import CustomMetric, Kind, Unit
from vumeter.model.plan import Plan
from vumeter.model.verdict import Standing, Verdict
from vumeter.stats.custom import merge_by_name
from vumeter.stats.histogram import histogram_of
from vumeter.thresholds.grammar import written
from vumeter.thresholds.judge import Judge
from vumeter.thresholds.rules import rules_of

Second = Callable[..., Reading]

METRICS = (
    CustomMetric(name="checkout", kind=Kind.TREND, unit=Unit.MS),
    CustomMetric(name="orders", kind=Kind.COUNTER),
    CustomMetric(name="fast", kind=Kind.RATE, unit=Unit.RATIO),
    CustomMetric(name="queue", kind=Kind.GAUGE),
    CustomMetric(name="uploaded", kind=Kind.COUNTER, unit=Unit.BYTES),
)


def judge(*texts: str) -> Judge:
    plan = Plan(name="shop", scenarios=(), metrics=METRICS, thresholds=tuple(map(written, texts)))
    return Judge(rules_of(plan))


def trend(*ms: float) -> TrendSum:
    return TrendSum(values=histogram_of(round(each * 1000) for each in ms))


def gauge(*values: float, at_ns: int) -> GaugeSum:
    thousandths = [round(value * 1000) for value in values]
    return GaugeSum(
        newest=thousandths[-1],
        at_ns=at_ns,
        lowest=min(thousandths),
        highest=max(thousandths),
        total=sum(thousandths),
        samples=len(thousandths),
    )


def judged(second: Second, texts: list[str], *seconds: Mapping[str, Added]) -> list[Verdict]:
    """Return the verdicts after *seconds*, and the end of the run with them."""
    it = judge(*texts)
    for number, metrics in enumerate(seconds):
        it.add(replace(second(number), metrics=dict(metrics)))
    totals = merge_by_name(seconds)
    it.conclude(totals={}, scenario_totals={}, metric_totals=totals, duration_s=len(seconds))
    return list(it.verdicts())


@pytest.mark.parametrize(
    ("text", "observed", "unit"),
    [
        ("checkout: avg < 20ms", 25.0, Unit.MS),
        ("checkout: max < 1s", 40.0, Unit.MS),
        ("checkout: p(50) < 1s", 20.0, Unit.MS),
        ("orders: count > 1", 3.5, Unit.COUNT),
        ("orders: rate > 1/s", 1.75, Unit.PER_S),
        ("uploaded: count < 1kB", 500.0, Unit.BYTES),
        ("uploaded: rate < 1kB/s", 250.0, Unit.BYTES_PER_S),
        ("fast: rate > 90%", 0.75, Unit.RATIO),
        ("fast: > 0.9", 0.75, Unit.RATIO),
        ("queue: value < 10", 4.0, Unit.COUNT),
        ("queue: < 10", 4.0, Unit.COUNT),
        ("queue: avg < 10", 5.0, Unit.COUNT),
        ("queue: min > 1", 2.0, Unit.COUNT),
        ("queue: max < 10", 9.0, Unit.COUNT),
    ],
)
def test_every_aggregate_of_every_kind_is_read(
    second: Second, text: str, observed: float, unit: Unit
) -> None:
    first: dict[str, Added] = {
        "checkout": trend(10, 20),
        "orders": CounterSum(thousandths=3000),
        "uploaded": CounterSum(thousandths=500_000),
        "fast": RateSum(true=2, samples=2),
        "queue": gauge(9, 2, at_ns=1),
    }
    then: dict[str, Added] = {
        "checkout": trend(30, 40),
        "orders": CounterSum(thousandths=500),
        "fast": RateSum(true=1, samples=2),
        "queue": gauge(4, at_ns=2),
    }
    [verdict] = judged(second, [text], first, then)
    # Percentiles are to three digits.
    assert verdict.observed == pytest.approx(observed, rel=0.001)
    assert verdict.unit is unit


def test_a_window_sees_only_its_own_seconds_of_a_gauge_and_of_a_trend(second: Second) -> None:
    texts = ["queue: max < 50 over 2s", "checkout: max < 50ms over 2s", "queue: max < 50"]
    high = {"queue": gauge(90, at_ns=1), "checkout": trend(90)}
    calm = {"queue": gauge(3, at_ns=2), "checkout": trend(3)}
    verdicts = judged(second, texts, high, calm, calm, calm)
    assert [verdict.observed for verdict in verdicts] == pytest.approx([3, 3, 90], rel=0.001)
    assert {verdict.standing for verdict in verdicts} == {Standing.FAILED}


def test_a_gauge_that_was_set_once_holds_its_value_for_the_whole_run(second: Second) -> None:
    quiet: list[dict[str, Added]] = [{} for _ in range(60)]
    [verdict] = judged(second, ["queue: value == 7"], {"queue": gauge(7, at_ns=1)}, *quiet)
    assert (verdict.observed, verdict.standing) == (7.0, Standing.PASSED)


def test_nothing_added_is_zero_of_a_counter_and_no_data_of_all_others(second: Second) -> None:
    texts = ["orders: count == 0", "fast: rate > 0", "checkout: max < 1s", "queue: value < 1"]
    standings = [verdict.standing for verdict in judged(second, texts, {}, {})]
    assert standings == [Standing.PASSED, *[Standing.NO_DATA] * 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("order: count > 1", 'no metric "order"'),
        ("orders: p(95) < 1", "has no aggregate"),
        ("checkout: p(95) < 5MB", "cannot be compared"),
        ("orders{name:/pay}: count > 1", 'has no filter "name"'),
    ],
)
def test_a_rule_on_what_was_not_declared_so_is_refused(text: str, message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        judge(text)


def test_the_hint_knows_what_is_declared() -> None:
    with pytest.raises(ProfileError) as refused:
        judge("chekout: max < 1s")
    assert refused.value.hint == 'Did you mean "checkout"?'
