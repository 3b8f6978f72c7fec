"""Counting where samples happen, against the histograms of others."""

import random

from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.client.exchange import Exchange
from vumeter.client.origin import Origin
from vumeter.clock import monotonic_ns
from vumeter.engine.counts import Counts
from vumeter.engine.recorder import Record, Recorder
from vumeter.engine.virtual_user import VirtualUser
from vumeter.model.measure import ErrorKind, Tally
from vumeter.stats.histogram import TOP_US, histogram_of, percentile_us

TIMES = st.lists(st.one_of(st.integers(1, 5000), st.integers(1, TOP_US)), min_size=1, max_size=60)


@given(TIMES)
def test_a_record_is_the_histogram_of_its_times(times_us) -> None:
    record = Record()
    for time_us in times_us:
        record.add(time_us)
    assert record.take() == histogram_of(times_us)
    assert record.take() == histogram_of([])


@given(TIMES)
def test_its_percentiles_are_hdr_histograms(times_us) -> None:
    record, oracle = Record(), HdrHistogram(1, TOP_US, 3)
    for time_us in times_us:
        record.add(time_us)
        oracle.record_value(time_us)
    histogram = record.take()
    for percent in (0.0, 50.0, 90.0, 99.0, 99.9, 100.0):
        assert percentile_us(histogram, percent) == oracle.get_value_at_percentile(percent)


def test_a_time_over_the_range_is_counted_at_its_top_and_said() -> None:
    record = Record()
    for time_us in (5, TOP_US, TOP_US * 2, TOP_US * 1000):
        record.add(time_us)
    histogram = record.take()
    assert histogram.over_range == 2
    assert sum(histogram.counts.values()) == 4
    assert set(histogram.counts) == set(histogram_of([5, TOP_US]).counts)


def test_a_clock_that_goes_back_counts_as_zero() -> None:
    record = Record()
    record.add(-7)
    assert record.take().counts == {0: 1}


class _Crowd:
    """As much of a crowd as a VU on its good path looks at."""

    def __init__(self, step) -> None:
        self.script = self
        self.table = [step] * 4096
        self.program = self
        self.operations = self.registers = ()
        self.given: dict[str, str] = {}
        self.on_start = 0
        self.cruises = True
        self.counts = Counts()


class _Step:
    def __init__(self) -> None:
        self.recorder = Recorder()
        self.payload = b"x"
        self.origin = Origin("http", "h", 80)
        self.expected = None
        self.judge = None


class _Transport:
    def write(self, data: bytes) -> None:
        pass


@settings(max_examples=50)
@given(st.lists(st.one_of(st.integers(0, 5000), st.integers(0, 3 * TOP_US)), min_size=1))
def test_the_hot_path_records_what_the_plain_way_records(times_us) -> None:
    step, plain = _Step(), Record()
    crowd = _Crowd(step)
    vu = VirtualUser(crowd, random.Random(1), number=1)
    vu.exchange = Exchange(vu, step.origin)
    vu.exchange.transport = _Transport()
    vu.is_cruising = True
    vu.step = step
    vu.sent_ns = now_ns = monotonic_ns()
    for time_us in times_us:
        now_ns += time_us * 1000
        vu.answered(200, 10, now_ns)
        plain.add(time_us)
    tally = step.recorder.take()
    assert tally.service == plain.take()
    assert tally.answered == crowd.counts.laps == len(times_us)
    assert tally.received_bytes == 10 * len(times_us)
    assert tally.sent_bytes == len(times_us)


def test_a_tally_has_every_attempt_once() -> None:
    recorder = Recorder()
    for status in (200, 200, 404, 302):
        recorder.service.add(1000)
        if status != 200:
            recorder.unusual[status] += 1
    recorder.errors[ErrorKind.STATUS] += 1
    recorder.errors[ErrorKind.REFUSED] += 2
    recorder.service.add(10_000_000)
    recorder.errors[ErrorKind.TIMEOUT_RESPONSE] += 1
    tally = recorder.take()
    assert isinstance(tally, Tally)
    assert tally.answered == 4
    assert tally.requests == 7
    assert tally.statuses == {200: 2, 404: 1, 302: 1}
    assert recorder.take() is None


def test_a_second_without_an_answer_has_no_statuses() -> None:
    recorder = Recorder()
    recorder.errors[ErrorKind.REFUSED] += 1
    tally = recorder.take()
    assert tally is not None
    assert (tally.answered, tally.statuses, tally.response) == (0, {}, None)
