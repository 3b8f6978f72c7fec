"""What scripts measure of their own, added up."""

import random
from collections.abc import Iterable

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from vumeter.engine.meters import CounterMeter, GaugeMeter, Meter, RateMeter, TrendMeter
from vumeter.model.measure import Added, GaugeSum, TrendSum
from vumeter.model.metric import CustomMetric, Kind, Unit
from vumeter.stats.custom import CustomWindow, merge, merge_by_name, totals, values

METERS: dict[Kind, type[Meter]] = {
    Kind.COUNTER: CounterMeter,
    Kind.RATE: RateMeter,
    Kind.TREND: TrendMeter,
    Kind.GAUGE: GaugeMeter,
}
AMOUNTS = {
    Kind.COUNTER: st.integers(0, 10**15),
    Kind.RATE: st.integers(0, 1),
    Kind.TREND: st.integers(0, 10**15),
    Kind.GAUGE: st.integers(-(10**15), 10**15),
}


def added(kind: Kind, amounts: Iterable[int]) -> Added | None:
    meter = METERS[kind]()
    for amount in amounts:
        meter.add(amount)
    return meter.take()


@st.composite
def parts(draw: st.DrawFn) -> list[Added]:
    """What several workers counted in several seconds, of one metric."""
    kind = draw(st.sampled_from(Kind))
    several = st.lists(st.lists(AMOUNTS[kind], min_size=1, max_size=20), min_size=1, max_size=8)
    found = [added(kind, amounts) for amounts in draw(several)]
    return [part for part in found if part is not None]


@given(parts=parts(), seed=st.integers(0, 2**32))
def test_merging_is_the_same_in_any_order_and_any_grouping(parts: list[Added], seed: int) -> None:
    if not parts:
        return
    chance = random.Random(seed)
    left = list(parts)
    while len(left) > 1:
        chance.shuffle(left)
        cut = chance.randint(1, len(left))
        left = [merge(left[:cut]), *left[cut:]]
    assert left == [merge(parts)]


@pytest.mark.parametrize("kind", Kind)
@given(data=st.data())
def test_forty_workers_and_one_worker_count_the_same(kind: Kind, data: st.DataObject) -> None:
    amounts = data.draw(st.lists(AMOUNTS[kind], min_size=1, max_size=60))
    workers = data.draw(st.integers(1, 40))
    one = added(kind, amounts)
    shares = [added(kind, amounts[index::workers]) for index in range(workers)]
    several = merge([share for share in shares if share is not None]) if one else None
    if isinstance(one, GaugeSum) and isinstance(several, GaugeSum):
        # Which worker was the last to set it is a matter of time, and tested below.
        assert (one.lowest, one.highest, one.total, one.samples) == (
            *(several.lowest, several.highest),
            *(several.total, several.samples),
        )
    else:
        assert several == one


@given(amounts=st.lists(st.integers(1, 10**15), min_size=1, max_size=200))
def test_a_trend_goes_on_in_hdrhistograms_layout_beyond_an_hour(amounts: list[int]) -> None:
    oracle = HdrHistogram(1, 2 * 10**15, 3)
    for amount in amounts:
        oracle.record_value(amount)
    metric = CustomMetric(name="size", kind=Kind.TREND, unit=Unit.BYTES)
    figures = values(metric, added(Kind.TREND, amounts), 1.0)
    for name, percent in {"med": 50, "p(90)": 90, "p(95)": 95, "p(99)": 99, "max": 100}.items():
        assert figures[name] == oracle.get_value_at_percentile(percent) / 1000
    # An exact sum, where buckets would be up to a thousandth off.
    assert figures["avg"] == sum(amounts) / len(amounts) / 1000
    assert figures["count"] == len(amounts)


def gauge(value: int, at_ns: int) -> GaugeSum:
    return GaugeSum(newest=value, at_ns=at_ns, lowest=value, highest=value, total=value, samples=1)


def test_of_two_gauges_the_one_that_was_set_later_has_the_newest_value() -> None:
    early, late, same_moment = gauge(9, 10), gauge(3, 20), gauge(4, 20)
    for order in ([early, late], [late, early]):
        merged = merge(order)
        assert isinstance(merged, GaugeSum)
        assert (merged.newest, merged.lowest, merged.highest) == (3, 3, 9)
    assert merge([late, same_moment]) == merge([same_moment, late])


def test_metrics_of_different_kinds_are_never_added_up() -> None:
    with pytest.raises(ValueError, match="one kind"):
        merge([gauge(1, 1), TrendSum(values=added(Kind.TREND, [1]).values)])  # type: ignore[union-attr]


def test_fractions_add_up_without_a_trace() -> None:
    tenths = added(Kind.COUNTER, [100] * 10)
    orders = CustomMetric(name="orders", kind=Kind.COUNTER)
    assert values(orders, tenths, 4.0) == {"count": 1.0, "rate": 0.25}
    assert sum([0.1] * 10) != 1.0


def test_what_was_never_added_is_zero_of_a_counter_and_nothing_of_all_others() -> None:
    metrics = [CustomMetric(name=f"the_{kind.value}", kind=kind) for kind in Kind]
    assert {total.kind: total.values for total in totals(metrics, {}, 5.0)} == {
        Kind.COUNTER: {"count": 0.0, "rate": 0.0},
        Kind.RATE: {},
        Kind.TREND: {},
        Kind.GAUGE: {},
    }


def test_the_window_is_the_last_ten_seconds_and_the_total_is_everything() -> None:
    fast = CustomMetric(name="fast", kind=Kind.RATE, unit=Unit.RATIO)
    window, everything = CustomWindow([fast]), []
    for second in range(25):
        seconds = merge_by_name([{"fast": added(Kind.RATE, [second % 2, 1])}])  # type: ignore[dict-item]
        everything.append(seconds)
        window.add(second, seconds)
        [row] = window.rows(merge_by_name(everything), second + 1.0)
        assert row.window["passes"] + row.window["fails"] == 2 * min(10, second + 1)
        assert row.total["passes"] + row.total["fails"] == 2 * (second + 1)
    assert row.window == {"rate": 0.75, "passes": 15, "fails": 5}
    window.add(40, {})
    [row] = window.rows(merge_by_name(everything), 41.0)
    assert (row.window, row.total["passes"]) == ({}, 37)
