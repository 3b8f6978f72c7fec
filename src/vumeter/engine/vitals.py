"""A worker's own health: CPU, lag of its event loop, descriptors, memory."""

import asyncio
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.engine.recorder import Record
from vumeter.model.measure import Histogram, Vitals

_TICK_NS = 10_000_000
_DESCRIPTORS = "/proc/self/fd"
_SCHEDULED = Path("/proc/self/schedstat")
_SHORTEST_SPAN_S = 0.05
"""Below, the share of CPU time is chance."""


class Pulse:
    """
    A tick every 10 ms, and how late each one fires: what a ready answer waits for us.

    Each tick is counted from the ideal time of the last, so that lateness does not add up.
    A tick that comes after the next one was due stands for both: a worker that stood still
    for a second shows one lag of a second.
    """

    def __init__(self, on_tick: Callable[[int], None] = lambda late_ns: None) -> None:
        self.lag = Record()
        self._on_tick = on_tick
        self._loop = asyncio.get_running_loop()
        self._due_ns = monotonic_ns()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to tick."""
        self._due_ns = monotonic_ns()
        self._arm(self._due_ns)

    def stop(self) -> None:
        """Tick no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, now_ns: int) -> None:
        missed = max(0, (now_ns - self._due_ns) // _TICK_NS)
        self._due_ns += (missed + 1) * _TICK_NS
        self._timer = self._loop.call_later((self._due_ns - now_ns) / NANOSECONDS_PER_S, self._tick)

    def _tick(self) -> None:
        now_ns = monotonic_ns()
        # uvloop fires up to half a millisecond early.
        late_ns = now_ns - self._due_ns
        self.lag.add(late_ns // 1000)
        self._arm(now_ns)
        self._on_tick(late_ns)


def open_descriptors() -> int:
    """Return how many this process has open; 0: the kernel does not say, as before Linux 6.2."""
    try:
        return Path(_DESCRIPTORS).stat().st_size
    except OSError:
        return 0


class Health:
    """Readings of this process, each over the time since the last."""

    def __init__(self, open_descriptors: Callable[[], int] = open_descriptors) -> None:
        self._open_descriptors = open_descriptors
        self._cpu_s = time.process_time()
        self._at_ns = monotonic_ns()
        self._core_wait_ns = _core_wait_ns()
        self._cpu_percent = self._core_wait_percent = 0.0
        # Counting all takes 45 ms at 10,000 connections: done once, before they open.
        self._own_descriptors = len(os.listdir(_DESCRIPTORS))  # noqa: PTH208 - no paths needed

    def take(
        self,
        *,
        connections: Callable[[], int],
        tick_lag: Histogram,
        start_lag: Histogram,
        late_starts: int,
    ) -> Vitals:
        """
        Return how this worker has fared since the last call.

        *connections* counts those that are open, and is asked only where the kernel does not
        say how many descriptors are.
        """
        cpu_s, at_ns = time.process_time(), monotonic_ns()
        passed_s = (at_ns - self._at_ns) / NANOSECONDS_PER_S
        # The rest of a last second can be a millisecond, in which anything is 100 %.
        if passed_s >= _SHORTEST_SPAN_S:
            self._cpu_percent = (cpu_s - self._cpu_s) / passed_s * 100
            core_wait_ns = _core_wait_ns()
            waited_s = (core_wait_ns - self._core_wait_ns) / NANOSECONDS_PER_S
            self._core_wait_percent = waited_s / passed_s * 100
            self._cpu_s, self._at_ns, self._core_wait_ns = cpu_s, at_ns, core_wait_ns
        return Vitals(
            cpu_percent=self._cpu_percent,
            core_wait_percent=self._core_wait_percent,
            tick_lag=tick_lag,
            start_lag=start_lag,
            late_starts=late_starts,
            descriptors=self._open_descriptors() or self._own_descriptors + connections(),
            descriptor_limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            rss_bytes=_rss_bytes(),
        )


def raise_descriptor_limit() -> None:
    """Raise this process's soft limit of descriptors to the hard one, where that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        # macOS refuses "unlimited"; the soft limit then stays, and vitals show it.
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _core_wait_ns() -> int:
    """Return how long the loop's thread was ready to run and did not; 0: nobody says."""
    try:
        return int(_SCHEDULED.read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def _rss_bytes() -> int:
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        # Where there is no /proc, the highest so far is all that is known: KiB, but bytes on macOS.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
