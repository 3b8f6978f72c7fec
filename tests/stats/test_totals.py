"""Sums of what VUs did: as if everything had been counted in one second."""

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from vumeter.model.measure import Histogram, ScenarioCounts
from vumeter.stats.histogram import histogram_of
from vumeter.stats.totals import ScenarioSums, Totals, sum_of

FEW_AND_MANY = st.one_of(
    st.lists(st.integers(0, 5_000_000), max_size=5),
    st.builds(
        lambda first, step: range(first, first + 400 * step, step), *2 * (st.integers(1, 9),)
    ),
)
COUNTS = st.builds(
    ScenarioCounts,
    vus_active=st.integers(0, 9),
    iterations_started=st.integers(0, 9),
    iterations_dropped=st.integers(0, 9),
    script_errors=st.integers(0, 9),
    iteration_duration=st.builds(histogram_of, FEW_AND_MANY),
)
SECONDS = st.lists(st.dictionaries(st.sampled_from("ab"), COUNTS), max_size=5)


@given(SECONDS)
def test_sums_are_those_of_adding_one_by_one(seconds) -> None:
    sums = ScenarioSums()
    plain: dict[str, ScenarioCounts] = {}
    for second in seconds:
        sums.add(second)
        for name, counts in second.items():
            plain[name] = reduce(sum_of, (plain.get(name, ScenarioCounts()), counts))
    assert sums.counts() == plain
    assert sums.numbers == {
        name: replace(counts, iteration_duration=Histogram()) for name, counts in plain.items()
    }


@given(SECONDS)
def test_totals_have_no_vus_and_durations_only_where_these_are_asked_for(seconds) -> None:
    totals = Totals()
    for second in seconds:
        totals.add({}, second, {})
    assert all(counts.vus_active == 0 for counts in totals.scenarios.values())
    assert totals.iterations == {
        name: replace(counts, iteration_duration=Histogram())
        for name, counts in totals.scenarios.items()
    }
