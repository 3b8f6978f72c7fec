"""What a script declares to measure of its own, and what it may add."""

from typing import Any

import pytest

from vumeter.model.metric import CustomMetric, Kind, Unit
from vumeter.script import Counter, Gauge, Rate, Trend
from vumeter.script.metrics import Metric


class Noted:
    """A meter that keeps what it is given."""

    def __init__(self, metric: Metric) -> None:
        self.amounts: list[int] = []
        metric.count_in(self)

    def add(self, amount: int) -> None:
        self.amounts.append(amount)


@pytest.mark.parametrize(
    ("metric", "declaration"),
    [
        (Trend("checkout"), CustomMetric(name="checkout", kind=Kind.TREND)),
        (Trend("total", unit="s"), CustomMetric(name="total", kind=Kind.TREND, unit=Unit.MS)),
        (Counter("orders"), CustomMetric(name="orders", kind=Kind.COUNTER)),
        (Rate("fast"), CustomMetric(name="fast", kind=Kind.RATE, unit=Unit.RATIO)),
        (
            Gauge("cache", unit="bytes"),
            CustomMetric(name="cache", kind=Kind.GAUGE, unit=Unit.BYTES),
        ),
    ],
)
def test_a_plan_is_told_name_kind_and_unit(metric: Metric, declaration: CustomMetric) -> None:
    assert metric.declaration == declaration


@pytest.mark.parametrize(
    "name", ["", "a", "1st", "a b", "a-b", "ä_b", "a\x1b[31m", "_" + 128 * "x", 7, "http_reqs"]
)
def test_a_name_is_one_by_k6s_rule_and_none_of_vumeters_own(name: Any) -> None:
    with pytest.raises(ValueError, match=r"name|own"):
        Counter(name)


def test_names_by_k6s_rule_are_taken() -> None:
    for name in ("ab", "_x", "Checkout_Total_2", "_" + 127 * "x"):
        assert Counter(name).name == name


def test_a_unit_is_one_that_is_known() -> None:
    for kind, unit in ((Trend, "minutes"), (Gauge, "ratio"), (Counter, "ms")):
        with pytest.raises(ValueError, match=f"unit='{unit}' is none of"):
            kind("mine", unit=unit)  # type: ignore[operator]


def test_values_are_kept_in_thousandths_of_the_unit_that_is_shown() -> None:
    seconds, plain, orders = Trend("seconds", unit="s"), Gauge("plain"), Counter("orders")
    meters = [Noted(metric) for metric in (seconds, plain, orders)]
    seconds.add(0.0123456)
    plain.add(-2.5)
    orders.add()
    orders.add(0.25)
    assert [meter.amounts for meter in meters] == [[12_346], [-2_500], [1_000, 250]]


def test_a_rate_counts_what_is_true_as_python_sees_it() -> None:
    fast = Rate("fast")
    meter = Noted(fast)
    for sample in (True, False, 1, "", None, [0]):
        fast.add(sample)
    assert meter.amounts == [1, 0, 1, 0, 0, 1]


@pytest.mark.parametrize("value", [-1, -0.001, float("nan"), float("inf"), 1e13, True, "3", None])
def test_what_is_no_amount_is_refused_and_quoted(value: Any) -> None:
    for metric in (Trend("mine"), Counter("mine")):
        meter = Noted(metric)
        with pytest.raises(ValueError, match=r"is not a number from 0 to 1e12 \(mine\)"):
            metric.add(value)
        assert meter.amounts == []


def test_a_gauge_may_be_below_zero_and_not_without_end() -> None:
    with pytest.raises(ValueError, match="number from -1e"):
        Gauge("depth").add(-1e13)


def test_what_is_declared_where_no_plan_sees_it_refuses_to_be_added_to() -> None:
    with pytest.raises(RuntimeError, match='"late": metrics are declared at the top of the script'):
        Counter("late").add()
