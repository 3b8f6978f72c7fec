"""Giving way: what can wait lets go first what cannot."""

import os
from collections.abc import Callable


def _go_on() -> None:
    """Do nothing: this system has no way to ask."""


# Between two parts of what is worked out once a second, each 0.5 ms or so. Where nobody waits it
# costs 0.5 µs. Linux lets who has slept long go on for a turn of 3 ms, whoever wakes meanwhile: a
# worker on the same core, which has starts due all the time, or a target. Without it the pieces
# that a worker had to wait for, of more than 1 ms each, were 15 ms a second, and with it they are
# 3. A cockpit that draws in one go delays the slowest hundredth of answers by half, and one that
# gives way meanwhile by a twentieth; to be nicer (`nice`) changes nothing, a turn is a turn.
give_way: Callable[[], None] = getattr(os, "sched_yield", _go_on)
"""Let those run first who wait for this core."""
