"""Histograms against the `hdrhistogram` package, which we share the layout with."""

import statistics
from collections import Counter

import msgspec
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.model.frame import Latency
from vumeter.model.measure import Histogram
from vumeter.stats import histogram as ours

PERCENTS = (0, 0.1, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100)

EDGES = st.builds(
    lambda bits, offset: min(max(1, (1 << bits) + offset), ours.TOP_US),
    st.integers(0, 32),
    st.integers(-3, 3),
)
"""Around powers of two, where a value moves from one bucket size to the next."""

VALUES = st.one_of(st.integers(1, ours.TOP_US), st.integers(1, 5_000), EDGES)
FEW = st.lists(VALUES, max_size=50).map(ours.histogram_of)
MANY = st.tuples(st.integers(0, 100_000), st.integers(1, 50), st.integers(201, 400)).map(
    lambda it: ours.histogram_of(range(it[0], it[0] + it[1] * it[2] * 64, it[1] * 64))
)
HISTOGRAMS = FEW | MANY
"""With few buckets, which are added one by one, and with many, which are added packed."""


def oracle(values: list[int]) -> HdrHistogram:
    histogram = HdrHistogram(1, ours.TOP_US, 3)
    for value in values:
        assert histogram.record_value(value)
    return histogram


@pytest.fixture(scope="module")
def layout() -> HdrHistogram:
    return HdrHistogram(1, ours.TOP_US, 3)


@given(value=st.one_of(VALUES, st.just(0), st.just(ours.TOP_US)))
def test_the_bucket_of_every_value_is_hdrhistograms(layout: HdrHistogram, value: int) -> None:
    index = ours.bucket_index(value)

    assert index == layout._counts_index_for(value)
    assert ours.lowest_us(index) == layout.get_lowest_equivalent_value(value)
    assert ours.highest_us(index) == layout.get_highest_equivalent_value(value)


@given(value=VALUES)
def test_a_bucket_is_at_most_a_thousandth_of_its_values_wide(value: int) -> None:
    index = ours.bucket_index(value)

    assert ours.highest_us(index) - ours.lowest_us(index) <= value / 1_000


@pytest.mark.slow
@settings(max_examples=60)
@given(values=st.lists(VALUES, min_size=1, max_size=200))
def test_every_percentile_is_hdrhistograms(values: list[int]) -> None:
    theirs = oracle(values)
    recorded = ours.histogram_of(values)

    assert ours.percentiles_us(recorded, PERCENTS) == [
        theirs.get_value_at_percentile(percent) for percent in PERCENTS
    ]
    assert ours.count(recorded) == theirs.get_total_count()
    assert ours.min_us(recorded) == theirs.get_min_value()
    assert ours.max_us(recorded) == theirs.get_max_value()
    assert ours.latency(recorded) == Latency(
        min_us=theirs.get_min_value(),
        mean_us=round(sum(values) / len(values)),
        p50_us=theirs.get_value_at_percentile(50),
        p90_us=theirs.get_value_at_percentile(90),
        p95_us=theirs.get_value_at_percentile(95),
        p99_us=theirs.get_value_at_percentile(99),
        p99_9_us=theirs.get_value_at_percentile(99.9),
        max_us=theirs.get_max_value(),
    )


@pytest.mark.slow
@settings(max_examples=40)
@given(parts=st.lists(st.lists(VALUES, max_size=30), min_size=1, max_size=6))
def test_a_merge_is_hdrhistograms_add(parts: list[list[int]]) -> None:
    theirs = HdrHistogram(1, ours.TOP_US, 3)
    for part in parts:
        theirs.add(oracle(part))
    merged = ours.merge(map(ours.histogram_of, parts))

    assert ours.count(merged) == theirs.get_total_count()
    assert {
        index: number
        for index in range(theirs.counts_len)
        if (number := theirs.get_count_at_index(index))
    } == merged.counts


@given(values=st.lists(VALUES, min_size=1, max_size=200))
def test_percentiles_are_within_a_thousandth_of_the_sorted_values(values: list[int]) -> None:
    recorded, ordered = ours.histogram_of(values), sorted(values)

    for percent in (50, 90, 99):
        # HdrHistogram's rank: rounded to the nearest, at least the first.
        exact = ordered[max(1, int(percent * len(values) / 100 + 0.5)) - 1]
        assert exact <= ours.percentile_us(recorded, percent) <= exact * 1.001


@given(values=st.lists(VALUES, min_size=1, max_size=200))
def test_the_mean_is_of_the_values_and_not_of_the_buckets(values: list[int]) -> None:
    # Half a µs: the mean is rounded to whole ones.
    assert abs(ours.mean_us(ours.histogram_of(values)) - statistics.fmean(values)) <= 0.5 + 1e-3


@pytest.mark.slow
@given(first=HISTOGRAMS, second=HISTOGRAMS, third=HISTOGRAMS)
def test_merging_commutes_and_associates(
    first: Histogram, second: Histogram, third: Histogram
) -> None:
    everything = ours.merge([first, second, third])

    assert ours.merge([third, first, second]) == everything
    assert ours.merge([ours.merge([first, second]), third]) == everything
    assert ours.merge([first, ours.merge([second, third])]) == everything


@pytest.mark.slow
@given(kept=HISTOGRAMS, taken=HISTOGRAMS)
def test_what_was_added_can_be_taken_away_without_a_trace(
    kept: Histogram, taken: Histogram
) -> None:
    total = ours.HistogramSum()
    for each in (taken, kept):
        total.add(each)
    total.remove(taken)

    assert total.histogram() == kept


@given(parts=st.lists(HISTOGRAMS, max_size=5))
def test_a_sum_has_in_each_bucket_what_a_plain_counter_has(parts: list[Histogram]) -> None:
    total, plain = ours.HistogramSum(), Counter[int]()
    for each in parts:
        total.add(each)
        plain.update(each.counts)

    assert total.histogram().counts == plain
    assert total.count() == plain.total()
    values = sorted(ours.highest_us(index) for index in plain.elements())
    if values:
        assert total.percentile_us(100) == values[-1]
        assert total.percentile_us(50) == values[max(1, int(len(values) / 2 + 0.5)) - 1]


def test_what_was_worked_out_once_is_no_part_of_the_value() -> None:
    one, other = ours.histogram_of([10, 20]), ours.histogram_of([10, 20])
    ours.packed(one)
    assert one == other
    assert msgspec.msgpack.encode(one) == msgspec.msgpack.encode(other)
    # A changed copy is packed anew.
    changed = msgspec.structs.replace(one, counts={30: 1})
    assert ours.percentile_us(changed, 100) == 30


@given(one=HISTOGRAMS, other=HISTOGRAMS, some=st.integers(1, 3))
def test_values_can_be_taken_away_otherwise_than_they_were_added(
    one: Histogram, other: Histogram, some: int
) -> None:
    part = Histogram(counts={i: n for i, n in one.counts.items() if i % some == 0})
    total = ours.HistogramSum()
    for each in (one, other):
        total.add(each)
    total.remove(part)

    left = Counter(one.counts) + Counter(other.counts) - Counter(part.counts)
    assert total.histogram().counts == left
    assert total.count() == left.total()


def test_a_value_above_the_range_counts_at_its_top_and_is_told() -> None:
    recorded = ours.histogram_of([5_000_000_000, 1_000])

    assert recorded.over_range == 1
    assert ours.count(recorded) == 2
    assert ours.max_us(recorded) == ours.highest_us(ours.bucket_index(ours.TOP_US))
    # The mean knows what it was: only the buckets end.
    assert ours.mean_us(recorded) == 2_500_000_500


def test_nothing_recorded_has_no_latency() -> None:
    assert ours.latency(Histogram()) is None
    assert ours.percentile_us(Histogram(), 99) == 0


def test_latency_is_ordered_from_least_to_most() -> None:
    latency = ours.latency(ours.histogram_of(range(1_000, 1_000_000, 997)))

    assert latency is not None
    ordered = [
        latency.min_us,
        latency.p50_us,
        latency.p90_us,
        latency.p95_us,
        latency.p99_us,
        latency.p99_9_us,
        latency.max_us,
    ]
    assert ordered == sorted(ordered)
    assert latency.min_us <= latency.mean_us <= latency.max_us


def test_a_sum_is_not_changed_by_what_is_added_after_it_was_read() -> None:
    total = ours.HistogramSum()
    total.add(ours.histogram_of([10]))
    before = total.histogram()
    total.add(ours.histogram_of([10]))

    assert ours.count(before) == 1
