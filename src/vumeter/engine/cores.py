"""Cores that workers keep to."""

import os
import sys


def pin(number: int) -> int | None:
    """
    Keep this process to one of the cores that it may use, the *number*-th in turn.

    Return its number, or `None` where the system knows no such thing (macOS).
    """
    if sys.platform != "linux":
        return None
    cores = sorted(os.sched_getaffinity(0))
    core = cores[number % len(cores)]
    os.sched_setaffinity(0, {core})
    return core
