"""Windows drawn again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.stats.histogram import bucket_index, highest_us, histogram_of, percentile_us
from vumeter.stats.numeric.resampling import block_length, block_weights, percentile_positions


def test_every_draw_has_as_many_windows_and_no_window_is_preferred() -> None:
    weights = block_weights(50, length=7, draws=4_000, seed=1)
    assert (weights.sum(axis=1) == 50).all()
    # 4,000 draws of about one each, in blocks of seven: a standard error of 0.04.
    assert weights.mean(axis=0) == pytest.approx(np.ones(50), abs=0.2)


def test_neighbours_are_drawn_together() -> None:
    weights = block_weights(40, length=8, draws=2_000, seed=1)
    together = np.corrcoef(weights[:, 10], weights[:, 11])[0, 1]
    apart = np.corrcoef(weights[:, 10], weights[:, 30])[0, 1]
    assert together > 0.6 and abs(apart) < 0.4


def test_blocks_are_twice_as_long_as_values_resemble_each_other_but_at_least_eight() -> None:
    chance = np.random.default_rng(1)
    steps = chance.normal(size=1_000)
    wandering = np.convolve(steps, np.ones(40), "same")
    assert block_length(list(steps)) == 20  # 2·1,000^⅓
    assert 20 < block_length(list(wandering)) <= 125  # an eighth
    assert block_length([1.0, 2.0, 3.0]) == 1
    assert block_length(list(np.arange(80.0))) == 10


@given(
    st.lists(st.integers(1, 5_000), min_size=1, max_size=300),
    st.sampled_from([0.1, 50.0, 95.0, 99.9, 100.0]),
)
def test_percentiles_of_counts_are_those_of_the_histogram(times: list[int], percent: float) -> None:
    histogram = histogram_of(times)
    indices = list(range(bucket_index(5_000) + 1))
    counts = np.array([[float(histogram.counts.get(index, 0)) for index in indices]])
    ((position,),) = percentile_positions(counts, [percent])
    assert highest_us(indices[position]) == percentile_us(histogram, percent)
