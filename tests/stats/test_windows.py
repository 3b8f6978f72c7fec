"""A run in windows: merged exactly, in constant memory, and apart from what is added later."""

from itertools import pairwise

from vumeter.model.measure import ErrorKind, Histogram, Tally
from vumeter.stats.histogram import histogram_of, merge
from vumeter.stats.windows import LENGTHS_S, WindowLog
from vumeter.testing.seconds import MadeUpRun


def one(us: int, *, errors: int = 0) -> Tally:
    return Tally(
        answered=1, errors={ErrorKind.REFUSED: errors} if errors else {}, service=histogram_of([us])
    )


def test_each_length_holds_whole_ones_of_those_before_it() -> None:
    for shorter, longer in pairwise(LENGTHS_S):
        assert longer % shorter == 0


def test_windows_that_get_too_many_merge_and_lose_nothing() -> None:
    made, log = MadeUpRun(endpoints=3, requests=5), WindowLog(most_windows=20, most_names=9)
    readings = [made.reading(second) for second in range(137)]
    for reading in readings:
        log.add(reading.second, reading.tallies, seconds=1)
    windows = log.windows()
    assert log.length_s == 10 and len(windows[""].seconds) == 14
    assert sum(windows[""].seconds) == 137 and windows[""].seconds[-1] == 7
    for name in readings[0].tallies:
        told = [reading.tallies[name] for reading in readings]
        assert sum(windows[name].requests) == sum(each.requests for each in told)
        assert sum(windows[name].errors) == sum(sum(each.errors.values()) for each in told)
        kept = merge(Histogram(counts=dict(counts)) for counts in windows[name].histograms)
        assert kept.counts == merge(each.service for each in told).counts
    assert sum(windows[""].requests) == sum(sum(windows[name].requests) for name in log.names)


def test_names_beyond_the_most_count_in_the_whole_and_are_told_of() -> None:
    log = WindowLog(most_windows=20, most_names=1)
    log.add(0, {"/a": one(1000)}, seconds=1)
    log.add(1, {"/a": one(1000), "/b": one(2000, errors=1)}, seconds=1)
    windows = log.windows()
    assert list(windows) == ["", "/a"] and log.left_out == 1
    assert windows[""].requests == [1, 3] and windows[""].errors == [0, 1]


def test_what_was_stored_in_longer_spans_makes_windows_as_long() -> None:
    log = WindowLog(most_windows=20, most_names=1)
    log.add(0, {"/a": one(1000)}, seconds=10)
    log.add(10, {"/a": one(1000)}, seconds=1)
    assert log.length_s == 10 and log.windows()["/a"].seconds == [10, 1]


def test_a_copy_stays_as_it_is() -> None:
    log = WindowLog(most_windows=20, most_names=1)
    log.add(0, {"/a": one(1000)}, seconds=0.5)
    copied = log.copy()
    log.add(0, {"/a": one(2000)}, seconds=0.5)
    log.lengthen(10)
    assert copied.length_s == 1 and copied.windows()["/a"].requests == [1]
    assert log.windows()["/a"].requests == [2]
