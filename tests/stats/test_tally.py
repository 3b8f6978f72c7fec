"""Tallies: adding up, and what is read off them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.measure import ErrorKind, Tally
from vumeter.stats.histogram import histogram_of
from vumeter.stats.tally import TallySum, figures, merge, response_times, service_figures

TIMES = st.lists(st.integers(1, 10_000), max_size=10).map(histogram_of)
TALLIES = st.builds(
    Tally,
    answered=st.integers(0, 100),
    errors=st.dictionaries(st.sampled_from(ErrorKind), st.integers(1, 9), max_size=3),
    statuses=st.dictionaries(st.sampled_from([200, 404, 503]), st.integers(1, 9)),
    sent_bytes=st.integers(0, 10_000),
    received_bytes=st.integers(0, 10_000),
    service=TIMES,
    response=st.none() | TIMES,
    checks=st.dictionaries(
        st.sampled_from(["fresh", "whole"]), st.tuples(st.integers(0, 9), st.integers(1, 9))
    ),
)


@pytest.mark.slow
@given(first=TALLIES, second=TALLIES, third=TALLIES)
def test_merging_commutes_and_associates(first: Tally, second: Tally, third: Tally) -> None:
    everything = merge([first, second, third])

    assert merge([third, second, first]) == everything
    assert merge([merge([first, second]), third]) == everything
    assert merge([first, merge([second, third])]) == everything


@pytest.mark.slow
@given(kept=st.lists(TALLIES, max_size=4), taken=st.lists(TALLIES, max_size=4))
def test_what_was_added_can_be_taken_away_without_a_trace(
    kept: list[Tally], taken: list[Tally]
) -> None:
    total = TallySum()
    for tally in (*taken, *kept):
        total.add(tally)
    for tally in taken:
        total.remove(tally)

    expected = TallySum()
    for tally in kept:
        expected.add(tally)
    assert total.tally() == expected.tally()


@pytest.mark.slow
@given(tallies=st.lists(TALLIES, max_size=5))
def test_no_request_is_lost_or_doubled_by_a_merge(tallies: list[Tally]) -> None:
    assert merge(tallies).requests == sum(tally.requests for tally in tallies)


def test_closed_seconds_count_as_response_times_beside_open_ones() -> None:
    closed = Tally(answered=1, service=histogram_of([100]))
    opened = Tally(answered=1, service=histogram_of([200]), response=histogram_of([900]))

    assert response_times(merge([closed, opened])) == histogram_of([100, 900])
    assert merge([closed, opened]).service == histogram_of([100, 200])
    assert merge([closed, closed]).response is None


def test_checks_of_one_name_are_added_up() -> None:
    one = Tally(answered=3, checks={"fresh": (2, 1), "whole": (3, 0)})
    other = Tally(answered=1, checks={"fresh": (0, 1)})

    assert merge([one, other]).checks == {"fresh": (2, 2), "whole": (3, 0)}


def test_figures_show_what_users_waited_and_service_figures_what_the_target_took() -> None:
    tally = Tally(answered=1, service=histogram_of([200]), response=histogram_of([900]))
    shown, service = figures(tally, 1).latency, service_figures(tally, 1).latency

    assert shown is not None
    assert service is not None
    assert (shown.p50_us, service.p50_us) == (900, 200)


def test_a_status_error_is_one_request_and_a_refusal_is_one_too() -> None:
    tally = Tally(
        answered=10,
        errors={
            ErrorKind.STATUS: 2,
            ErrorKind.EXTRACT: 1,
            ErrorKind.CHECK: 1,
            ErrorKind.REFUSED: 5,
        },
        statuses={200: 7, 503: 3},
        service=histogram_of([100] * 10),
    )
    shown = figures(tally, 5)

    assert shown.requests == 15
    assert shown.requests_per_s == 3
    assert shown.errors == 9
    assert shown.error_ratio == 9 / 15


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_rate_over_no_time_is_none_at_all(seconds: float) -> None:
    assert figures(Tally(answered=1), seconds).requests_per_s == 0


def test_nothing_answered_has_no_latency() -> None:
    assert figures(Tally(errors={ErrorKind.REFUSED: 5}), 1).latency is None


def test_what_did_not_happen_has_no_row() -> None:
    nothing = Tally(errors={ErrorKind.RESET: 0}, statuses={200: 0}, checks={"fresh": (0, 0)})
    total = TallySum()
    for _ in range(2):
        total.add(nothing)

    assert total.tally() == Tally()
    for _ in range(2):
        total.remove(nothing)
    assert total.tally() == Tally()
