"""The only reader of time. `_ns` stamps are monotonic and mean nothing outside their host."""

import time
from collections.abc import Callable

NANOSECONDS_PER_S = 1_000_000_000

NsClock = Callable[[], int]

# CLOCK_MONOTONIC is one clock for all processes of a host: a start stamp that the run
# process hands to its workers means the same instant to each of them.
monotonic_ns: NsClock = time.monotonic_ns


def unix_ms() -> int:
    """Return the wall clock in milliseconds since 1970; it may jump, so only labels use it."""
    return time.time_ns() // 1_000_000
