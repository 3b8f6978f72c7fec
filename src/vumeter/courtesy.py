"""Giving way: what can wait lets go first what cannot."""

import os
from collections.abc import Callable


def _go_on() -> None:
    """Do nothing: this system has no way to ask."""


# Between two parts of what is worked out once a second, each 1 ms or so. Where nobody waits it
# costs 0.5 µs. A worker on the same core has starts due all the time: without it the pieces that
# it had to wait for, of more than 1 ms each, were 15 ms a second, and with it they are 3.
give_way: Callable[[], None] = getattr(os, "sched_yield", _go_on)
"""Let those run first who wait for this core."""
