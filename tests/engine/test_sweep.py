"""Deadlines by a sweep hold as exactly as a timer each."""

import asyncio

import pytest

from vumeter.clock import monotonic_ns
from vumeter.engine.sweep import Sweep
from vumeter.testing.patience import until


class Waiting:
    """A VU as the sweep sees it, which waits for an answer."""

    def __init__(self, timeout_s: float) -> None:
        self.step = self
        self.timeout_ns = round(timeout_s * 1e9)
        self.sent_ns = self.opening_ns = 0
        self.is_awaiting = False
        self.expired_ns: int | None = None

    def send(self) -> None:
        self.sent_ns = monotonic_ns()
        self.is_awaiting = True

    def expire(self, sent_ns: int) -> None:
        assert sent_ns == self.sent_ns
        if self.is_awaiting:
            self.is_awaiting = False
            self.expired_ns = monotonic_ns()


class Connecting(Waiting):
    """The same, but what it waits for is a connection."""

    def send(self) -> None:
        self.opening_ns = monotonic_ns()

    def give_up_opening(self, since_ns: int) -> None:
        if self.opening_ns:
            assert since_ns == self.opening_ns
            self.opening_ns = 0
            self.expired_ns = monotonic_ns()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Waiting, Connecting])
@pytest.mark.parametrize("timeout_s", [0.01, 0.1, 0.3, 0.5])
async def test_no_deadline_is_missed_by_more_than_a_timer_would(timeout_s, kind) -> None:
    loop = asyncio.get_running_loop()
    # Sent at all places between two sweeps, each beside a timer of its own.
    vus = [kind(timeout_s) for _ in range(40)]
    timers_ns: dict[Waiting, int] = {}

    def send(vu: Waiting) -> None:
        vu.send()
        loop.call_later(timeout_s, lambda: timers_ns.setdefault(vu, monotonic_ns()))

    sweep = Sweep(lambda: vus, shortest_timeout_s=timeout_s)
    sweep.start()
    for number, vu in enumerate(vus):
        loop.call_later(number * 0.007, send, vu)
    await until(lambda: all(vu.expired_ns and vu in timers_ns for vu in vus))
    sweep.stop()
    late_us = sorted((vu.expired_ns - timers_ns[vu]) // 1000 for vu in vus)
    # Both timers have a grain of 1 ms; in the median, no stall of the machine is left.
    assert -2500 < late_us[len(late_us) // 2] < 2500


async def test_an_answer_that_came_keeps_its_request_from_expiring() -> None:
    vu = Waiting(0.05)
    sweep = Sweep(lambda: [vu], shortest_timeout_s=0.05)
    sweep.start()
    vu.send()
    await asyncio.sleep(0.01)
    vu.is_awaiting = False
    await asyncio.sleep(0.1)
    sweep.stop()
    assert vu.expired_ns is None
