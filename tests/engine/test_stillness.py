"""When VUs wait and nobody is answered, and when it only looks so."""

import time
from collections.abc import Callable, Iterator

import pytest

from vumeter.clock import monotonic_ns
from vumeter.engine.ledger import Ledger
from vumeter.engine.recorder import Recorder, recorder_of
from vumeter.engine.stillness import Stillness
from vumeter.stats.histogram import count, max_us, min_us

pytestmark = pytest.mark.slow


class Waiting:
    """A VU as it is looked at."""

    def __init__(self, recorder: Recorder, *, due_ns: int = 0) -> None:
        self.step = self
        self.recorder = recorder
        self.due_ns = due_ns
        self.sent_ns = monotonic_ns()
        self.is_awaiting = True

    def be_answered(self) -> None:
        self.recorder.service.add((monotonic_ns() - self.sent_ns) // 1000)
        self.sent_ns = monotonic_ns()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def vus(ledger: Ledger) -> list[Waiting]:
    book = ledger.book("main")
    names = ("GET /", "GET /", "GET /quotes")
    return [Waiting(recorder_of(book, name)) for name in names]


@pytest.fixture
def stillness(ledger: Ledger, vus: list[Waiting]) -> Stillness:
    return Stillness(ledger, vus=lambda: vus, working=lambda: len(vus))


def ticks(seconds: float) -> Iterator[None]:
    """Come back every 5 ms for so long."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        time.sleep(0.005)
        yield


def looking(stillness: Stillness, seconds: float, meanwhile: Callable[[], None]) -> float:
    """Look until so much time has passed, and return how much it was."""
    began_s = time.monotonic()
    for _ in ticks(seconds):
        meanwhile()
        stillness.look()
    return time.monotonic() - began_s


def nothing() -> None:
    """Let nobody be answered."""


def test_all_that_wait_through_a_stillness_are_known_by_name_and_time(stillness, vus) -> None:
    stillness.start()
    looking(stillness, 0.03, vus[0].be_answered)
    for vu in vus:
        vu.be_answered()
    stillness.look()
    still_s = looking(stillness, 0.25, nothing)
    vus[0].be_answered()
    vu_us, [stall] = stillness.take()

    assert {name: count(waits) for name, waits in stall.waits.items()} == {
        "GET /": 2,
        "GET /quotes": 1,
    }
    for waits in stall.waits.values():
        assert min_us(waits) / 1e6 == pytest.approx(still_s, abs=0.03)
        assert max_us(waits) / 1e6 == pytest.approx(still_s, abs=0.03)
    assert vu_us / 1e6 >= 3 * still_s


def test_as_long_as_anybody_is_answered_it_is_not_still(stillness, vus) -> None:
    stillness.start()
    looking(stillness, 0.3, vus[2].be_answered)
    assert stillness.take()[1] == ()


def test_reporting_a_second_is_no_answer(stillness, vus, ledger) -> None:
    stillness.start()
    vus[0].be_answered()
    looking(stillness, 0.08, nothing)
    assert stillness.take()[1] == ()
    ledger.take(())
    looking(stillness, 0.08, nothing)
    vus[0].be_answered()
    [stall] = stillness.take()[1]
    assert min_us(stall.waits["GET /quotes"]) > 140_000


def test_what_the_generator_did_not_see_for_itself_is_no_stillness(stillness, vus) -> None:
    stillness.start()
    vus[0].be_answered()
    stillness.look()
    time.sleep(0.25)
    stillness.look(late_ns=245_000_000)
    vus[0].be_answered()
    stillness.look()
    assert stillness.take()[1] == ()


def test_in_the_open_model_nothing_is_left_out(stillness, vus) -> None:
    for vu in vus:
        vu.due_ns = monotonic_ns()
    stillness.start()
    looking(stillness, 0.15, nothing)
    vus[0].be_answered()
    assert stillness.take()[1] == ()
