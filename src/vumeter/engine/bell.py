"""A timer that rings when it is due, where the loop's own are half a millisecond off."""

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable
from typing import Protocol

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns

NEVER = 0
"""Instead of a time to ring at."""

_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1


class Bell(Protocol):
    """Rings once each time it is set; to set it again moves it. Set it anew when it rings."""

    def set(self, at_ns: int) -> None:
        """Ring at *at_ns*, at once if that has passed, or `NEVER`."""

    def close(self) -> None:
        """Ring no more."""


class FineBell:
    """
    Linux's timerfd, watched by the loop.

    uvloop rounds its timers to whole milliseconds: what is due in less than half of one it
    spins for, the rest is up to half of one early or late. This one is never early.

    Raises:
        OSError: There is no timerfd, or no descriptor for it.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        # Neither call waits for anything, so the interpreter's lock is kept.
        library = ctypes.PyDLL(None, use_errno=True)
        try:
            create, self._settime = library.timerfd_create, library.timerfd_settime
        except AttributeError as error:
            raise OSError("this system has no timerfd") from error
        self._descriptor = create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        # struct itimerspec: an interval, which stays zero, and a time, in seconds and ns.
        self._time = (ctypes.c_long * 4)()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._descriptor, ring)

    def set(self, at_ns: int) -> None:
        """Ring at *at_ns*, at once if that has passed, or `NEVER`."""
        # It also takes back that the descriptor is readable: no read is needed.
        self._time[2], self._time[3] = divmod(at_ns, NANOSECONDS_PER_S)
        self._settime(self._descriptor, _TFD_TIMER_ABSTIME, self._time, None)

    def close(self) -> None:
        """Ring no more."""
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)


class CoarseBell:
    """The loop's own timer."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def set(self, at_ns: int) -> None:
        """Ring at *at_ns*, at once if that has passed, or `NEVER`."""
        self.close()
        if at_ns != NEVER:
            left_s = max(0, at_ns - monotonic_ns()) / NANOSECONDS_PER_S
            self._timer = self._loop.call_later(left_s, self._ring)

    def close(self) -> None:
        """Ring no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def bell(ring: Callable[[], None]) -> Bell:
    """Return the finest bell that there is here; it calls *ring*."""
    if sys.platform == "linux":
        try:
            return FineBell(ring)
        except OSError:
            # A sandbox that knows no timerfd.
            pass
    return CoarseBell(ring)
