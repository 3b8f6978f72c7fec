"""
Patience: who waits for a condition, and not for a time, is right on a busy machine, too.

For what notifies nobody: another process, the kernel, a server of someone else. Where there is
an event to wait for, wait for that.
"""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns

PATIENCE_S = 30.0
"""Longer than anything takes that comes at all."""

_LOOK_EVERY_S = 0.01

Condition = Callable[[], Any]


def wait_until(holds: Condition, what: object = "", *, within_s: float = PATIENCE_S) -> Any:
    """
    Return what *holds* gives as soon as that is true.

    Args:
        holds: Looked at again and again.
        what: Is waited for, in words, or a function that says how it stands.
        within_s: Patience.

    Raises:
        AssertionError: It did not become true in time.

    >>> wait_until(lambda: "there")
    'there'
    """
    deadline_ns = monotonic_ns() + round(within_s * NANOSECONDS_PER_S)
    while not (found := holds()):
        assert monotonic_ns() < deadline_ns, _never(what, within_s)
        time.sleep(_LOOK_EVERY_S)
    return found


async def until(holds: Condition, what: object = "", *, within_s: float = PATIENCE_S) -> Any:
    """
    Return what *holds* gives, or what comes of awaiting that, as soon as it is true.

    Args:
        holds: Looked at again and again; the loop has its turn between.
        what: Is waited for, in words, or a function that says how it stands.
        within_s: Patience.

    Raises:
        AssertionError: It did not become true in time.
    """
    deadline_ns = monotonic_ns() + round(within_s * NANOSECONDS_PER_S)
    while True:
        found = holds()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        assert monotonic_ns() < deadline_ns, _never(what, within_s)
        await asyncio.sleep(_LOOK_EVERY_S)


def _never(what: object, within_s: float) -> str:
    shown = what() if callable(what) else what
    return f"not within {within_s:g} s: {shown}" if shown else f"not within {within_s:g} s"
