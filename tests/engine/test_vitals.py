"""What a worker says of its own health."""

import asyncio
import contextlib
import os
import resource
import socket
import time
from collections.abc import Callable

import psutil
import pytest

from vumeter.engine.vitals import Health, Pulse, raise_descriptor_limit
from vumeter.model.measure import Histogram
from vumeter.stats.histogram import count, lowest_us, max_us

NONE = Histogram()


@pytest.mark.parametrize(
    "health", [Health, lambda: Health(lambda: 0)], ids=["Linux 6.2 and newer", "older"]
)
def test_descriptors_and_memory_are_what_the_kernel_says(health: Callable[[], Health]) -> None:
    sockets: list[socket.socket] = []
    teller = health()
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(300)]
        vitals = teller.take(
            connections=lambda: len(sockets), tick_lag=NONE, start_lag=NONE, late_starts=0
        )
        now = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the plain way, for comparison
    # Listing opens one itself.
    assert abs(vitals.descriptors - now) <= 2
    assert vitals.descriptor_limit == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    rss = psutil.Process().memory_info().rss
    assert abs(vitals.rss_bytes - rss) < 0.1 * rss


def test_a_busy_process_says_so() -> None:
    health = Health()
    end = time.process_time() + 0.05
    begun = time.monotonic()
    while time.process_time() < end:
        pass
    wall_s = time.monotonic() - begun
    vitals = health.take(connections=lambda: 0, tick_lag=NONE, start_lag=NONE, late_starts=0)
    assert abs(vitals.cpu_percent - 100 * 0.05 / wall_s) < 25


async def test_a_loop_that_stands_still_shows_one_tick_as_late_as_it_stood() -> None:
    pulse = Pulse()
    pulse.start()
    await asyncio.sleep(0.05)
    before = pulse.lag.take()
    time.sleep(0.15)  # noqa: ASYNC251 - that is the point
    await asyncio.sleep(0.03)
    pulse.stop()
    after = pulse.lag.take()
    assert count(before) >= 1
    assert max_us(after) >= 130_000
    assert sum(n for index, n in after.counts.items() if lowest_us(index) > 100_000) == 1
    await asyncio.sleep(0.03)
    assert count(pulse.lag.take()) == 0


def test_the_soft_limit_of_descriptors_is_raised_to_the_hard_one() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
    try:
        raise_descriptor_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
