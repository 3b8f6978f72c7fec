"""Timers for the few who are near the end of their time; `engine.sweep` finds them."""

import asyncio
from collections.abc import Callable

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns

Expire = Callable[[int], None]
"""Is told since when there was time, by which it knows whether it is still meant."""

_GRAIN_S = 0.001


def ring_at(since_ns: int, timeout_ns: int, expire: Expire) -> None:
    """Call *expire* when *timeout_ns* since *since_ns* have passed."""
    left_s = max(0, since_ns + timeout_ns - monotonic_ns()) / NANOSECONDS_PER_S
    asyncio.get_running_loop().call_later(left_s, expire, since_ns)


def is_over(since_ns: int, timeout_ns: int, *, otherwise: Expire) -> bool:
    """Return whether the time has passed; if not, *otherwise* is called anew."""
    early_ns = since_ns + timeout_ns - monotonic_ns()
    if early_ns <= 0:
        return True
    # uvloop rounds timers to milliseconds, and so fires up to half of one early.
    delay_s = max(_GRAIN_S, early_ns / NANOSECONDS_PER_S)
    asyncio.get_running_loop().call_later(delay_s, otherwise, since_ns)
    return False
