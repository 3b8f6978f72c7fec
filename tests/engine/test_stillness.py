"""When VUs wait and nobody is answered, and when it only looks so."""

from collections.abc import Callable

import pytest

from vumeter.engine.ledger import Ledger
from vumeter.engine.recorder import Recorder, recorder_of
from vumeter.engine.stillness import Seen, Stillness
from vumeter.model.measure import ErrorKind, Stall
from vumeter.stats.histogram import histogram_of
from vumeter.testing.clock import ManualClock

TICK_S = 0.01


class Waiting:
    """A VU as it is looked at."""

    def __init__(self, recorder: Recorder, clock: ManualClock) -> None:
        self.step = self
        self.recorder = recorder
        self.due_ns = 0
        self.is_awaiting = True
        self._clock = clock
        self.sent_ns = clock()

    def be_answered(self) -> None:
        self.recorder.service.add((self._clock() - self.sent_ns) // 1000)
        self.sent_ns = self._clock()

    def fail(self, kind: ErrorKind = ErrorKind.REFUSED) -> None:
        self.recorder.errors[kind] += 1

    def time_out(self) -> None:
        self.fail(ErrorKind.TIMEOUT_RESPONSE)
        self.recorder.time_out((self._clock() - self.sent_ns) // 1000)


class Worker:
    """Two VUs that ask for `GET /`, and one for `GET /quotes`."""

    def __init__(self) -> None:
        self.clock = ManualClock(start_ns=10**12)
        self.ledger = Ledger()
        book = self.ledger.book("main")
        names = ("GET /", "GET /", "GET /quotes")
        self.vus = [Waiting(recorder_of(book, name), self.clock) for name in names]
        self.stillness = Stillness(
            self.ledger,
            vus=lambda: self.vus,  # type: ignore[arg-type,return-value]  # all that it looks at
            working=lambda: len(self.vus),
            clock=self.clock,
        )
        self.stillness.start()

    def go_on(self, ticks: int, then: Callable[[], None] = lambda: None) -> None:
        """Let time go by, and before each look let happen what does *then*."""
        for _ in range(ticks):
            self.clock.advance_s(TICK_S)
            then()
            self.stillness.look()

    def answer_all(self) -> None:
        for vu in self.vus:
            vu.be_answered()

    def take(self) -> Seen:
        """Report a second, as `Generator` does."""
        seen = self.stillness.take()
        self.ledger.take(())
        return seen


@pytest.fixture
def worker() -> Worker:
    return Worker()


def test_all_that_wait_through_a_stillness_are_known_by_name_and_time(worker: Worker) -> None:
    worker.go_on(3, worker.answer_all)
    worker.go_on(200)
    worker.go_on(1, worker.vus[0].be_answered)
    quotes, others = histogram_of([2_000_000]), histogram_of([2_000_000] * 2)
    assert worker.take() == Seen(
        vu_us=3 * 204 * 10_000,
        outage_us=0,
        stalls=(Stall(waits={"GET /": others, "GET /quotes": quotes}),),
    )


def test_as_long_as_anybody_is_answered_it_is_not_still(worker: Worker) -> None:
    worker.go_on(50, worker.vus[2].be_answered)
    assert worker.take().stalls == ()


def test_below_a_tenth_of_a_second_nothing_is_a_stall(worker: Worker) -> None:
    worker.go_on(1, worker.vus[0].be_answered)
    worker.go_on(9)
    worker.go_on(1, worker.vus[0].be_answered)
    assert worker.take().stalls == ()


def test_reporting_a_second_is_no_answer(worker: Worker) -> None:
    worker.go_on(1, worker.vus[0].be_answered)
    worker.go_on(8)
    assert worker.take().stalls == ()
    worker.go_on(8)
    worker.go_on(1, worker.vus[0].be_answered)
    [stall] = worker.take().stalls
    assert stall.waits["GET /quotes"] == histogram_of([160_000])


def test_what_the_generator_did_not_see_for_itself_is_no_stillness(worker: Worker) -> None:
    worker.go_on(1, worker.vus[0].be_answered)
    worker.clock.advance_s(2.01)
    worker.stillness.look(late_ns=2_000_000_000)
    worker.go_on(1, worker.vus[0].be_answered)
    assert worker.take().stalls == ()


def test_in_the_open_model_nothing_is_left_out(worker: Worker) -> None:
    for vu in worker.vus:
        vu.due_ns = worker.clock()
    worker.go_on(20)
    worker.go_on(1, worker.vus[0].be_answered)
    assert worker.take().stalls == ()


def test_from_the_first_failure_to_the_next_answer_is_an_outage(worker: Worker) -> None:
    worker.go_on(5, worker.vus[0].be_answered)
    worker.go_on(20, worker.vus[0].fail)
    # From the look before the failure was seen; and what there is is told while it lasts.
    assert worker.take().outage_us == 200_000
    worker.go_on(10)
    worker.go_on(1, worker.vus[1].be_answered)
    worker.go_on(10, worker.vus[1].be_answered)
    assert worker.take().outage_us == 110_000


def test_time_outs_make_an_outage_of_all_that_was_waited(worker: Worker) -> None:
    worker.go_on(5, worker.answer_all)
    worker.go_on(29)
    worker.go_on(1, worker.vus[1].time_out)
    worker.go_on(5)
    assert worker.take().outage_us == 350_000


@pytest.mark.parametrize(
    "kind", [ErrorKind.STATUS, ErrorKind.DESCRIPTORS, ErrorKind.PORTS, ErrorKind.INTERRUPTED]
)
def test_what_does_not_say_that_the_target_is_away_is_no_outage(
    worker: Worker, kind: ErrorKind
) -> None:
    worker.go_on(1, lambda: worker.vus[0].fail(kind))
    worker.go_on(20)
    assert worker.take().outage_us == 0


def test_failures_among_answers_are_no_outage(worker: Worker) -> None:
    for _ in range(20):
        worker.go_on(1, worker.vus[0].fail)
        worker.go_on(1, worker.vus[1].be_answered)
    assert worker.take().outage_us == 0
