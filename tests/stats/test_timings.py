"""Phases of requests: zeros by their number, sums exact in any order."""

from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.measure import ErrorKind, Histogram, Tally, Timings
from vumeter.stats.histogram import count, histogram_of
from vumeter.stats.tally import TallySum, merge
from vumeter.stats.timings import Timing, latencies, times

US = st.integers(0, 10_000_000)
ANSWERS = st.lists(st.tuples(US, US, US, st.none() | st.tuples(US, US, US)), max_size=30)
"""Sending, waiting and receiving, and blocked, TCP and TLS where a connection was opened."""


def tally_of(answers: list[tuple], refused: int = 0) -> Tally:
    """Return what a worker records of *answers*: phases only where they took any time."""
    parted = [it for it in answers if it[0] or it[2]]
    opened = [it[3] for it in answers if it[3]]
    timings = Timings(
        blocked=histogram_of(each[0] for each in opened),
        connecting=histogram_of(each[1] for each in opened),
        handshaking=histogram_of(each[2] for each in opened if each[2]),
        sending=histogram_of(it[0] for it in parted if it[0]),
        receiving=histogram_of(it[2] for it in parted if it[2]),
        parted=histogram_of(sum(it[:3]) for it in parted),
        parted_waiting=histogram_of(it[1] for it in parted),
    )
    return Tally(
        answered=len(answers),
        errors={ErrorKind.REFUSED: refused} if refused else {},
        service=histogram_of(sum(it[:3]) for it in answers),
        timings=timings if opened or parted else None,
    )


@given(answers=ANSWERS, refused=st.integers(0, 5))
def test_what_is_read_is_what_recording_every_phase_of_every_request_would_give(
    answers: list[tuple], refused: int
) -> None:
    tally = tally_of(answers, refused)
    for place, timing in enumerate((Timing.SENDING, Timing.WAITING, Timing.RECEIVING)):
        assert times(tally, timing) == histogram_of(it[place] for it in answers)
    connections = (Timing.BLOCKED, Timing.CONNECTING, Timing.TLS_HANDSHAKING)
    for place, timing in enumerate(connections):
        each = [it[3][place] if it[3] else 0 for it in answers] + [0] * refused
        assert times(tally, timing) == histogram_of(each)


@given(workers=st.lists(ANSWERS, min_size=1, max_size=6), chance=st.randoms())
def test_merging_workers_is_the_same_in_any_order_and_any_grouping(
    workers: list[list[tuple]], chance
) -> None:
    tallies = [tally_of(answers) for answers in workers]
    whole = tally_of([answer for answers in workers for answer in answers])
    chance.shuffle(tallies)
    cut = chance.randint(0, len(tallies))
    merged = merge([merge(tallies[:cut]), merge(tallies[cut:])])
    for timing in Timing:
        assert times(merged, timing) == times(whole, timing)


@given(first=ANSWERS, second=ANSWERS)
def test_what_was_added_can_be_taken_away_without_a_trace(
    first: list[tuple], second: list[tuple]
) -> None:
    total = TallySum()
    total.add(tally_of(first))
    total.add(tally_of(second))
    total.remove(tally_of(first))
    for timing in Timing:
        assert times(total.tally(), timing) == times(tally_of(second), timing)


def test_nothing_answered_has_no_phases() -> None:
    assert latencies(Tally()) == {}
    # Who was refused has waited for no connection, and has no other phase at all.
    refused = latencies(tally_of([], refused=2))
    assert set(refused) == {"http_req_blocked", "http_req_connecting", "http_req_tls_handshaking"}
    assert refused["http_req_blocked"].max_us == 0


def test_the_usual_answer_costs_no_timings_and_is_all_waiting() -> None:
    tally = tally_of([(0, 5_000, 0, None)] * 3)
    assert tally.timings is None
    assert times(tally, Timing.WAITING) is tally.service
    assert times(tally, Timing.RECEIVING) == Histogram(counts={0: 3})
    assert count(times(tally, Timing.BLOCKED)) == 3
