"""The probe asks less where answers are slow."""

from hypothesis import given
from hypothesis import strategies as st

from vumeter.probes.cadence import LOOK_INTERVAL_S, SAMPLE_INTERVAL_S, interval_ns


@given(took_ns=st.integers(min_value=0, max_value=10**10))
def test_no_more_than_a_tenth_of_the_time_is_spent_asking_and_five_seconds_are_the_longest(
    took_ns: int,
) -> None:
    for usual_s in (SAMPLE_INTERVAL_S, LOOK_INTERVAL_S):
        interval = interval_ns(usual_s, took_ns=took_ns)
        assert usual_s * 1e9 <= interval <= 5e9
        assert took_ns <= interval / 10 or interval == 5e9


def test_quick_answers_change_nothing() -> None:
    assert interval_ns(SAMPLE_INTERVAL_S, took_ns=20_000_000) == 250_000_000
