"""How long iterations took, where the service times of their requests say it."""

from hypothesis import given
from hypothesis import strategies as st

from vumeter.engine.ledger import Ledger
from vumeter.engine.recorder import Recorder, recorder_of
from vumeter.stats.histogram import histogram_of

TIMES = st.lists(st.integers(0, 4_000_000), max_size=300)


def record(recorder: Recorder, whole: list[int], apart: list[int]) -> None:
    for time_us in (*whole, *apart):
        recorder.service.add(time_us)
    for time_us in apart:
        recorder.apart.add(time_us)


@given(st.lists(st.tuples(TIMES, TIMES), max_size=3), st.booleans())
def test_iterations_took_as_long_as_requests_that_are_not_set_apart(names, has_asides) -> None:
    ledger = Ledger()
    book = ledger.book("main")
    expected: list[int] = []
    for number, (whole, apart) in enumerate(names):
        record(recorder_of(book, f"{number}"), whole, apart if has_asides else [])
        expected += whole
    tallies, durations = ledger.take({"main"})
    assert durations == {"main": histogram_of(expected)}
    assert sum(tally.service.sum_us for tally in tallies.values()) == sum(
        expected
    ) + has_asides * sum(sum(apart) for _, apart in names)
    assert ledger.take({"main"}) == ({}, {"main": histogram_of(())})
    assert ledger.take(())[1] == {}
