"""What a script does once per run: before all VUs, and after them."""

from collections.abc import Callable

from vumeter.model.frame import Phase
from vumeter.script.scenario import Act, amount, check_act
from vumeter.units import parse_duration_s

TIMEOUT_S = 60.0
"""k6's."""


class Once:
    """A coroutine that is called once per run; what setup returns, all VUs have as `vu.data`."""

    def __init__(self, act: Act, *, phase: Phase, timeout: float | str) -> None:
        check_act(act)
        self.name = act.__name__
        self.act = act
        self.phase = phase
        self.timeout_s = amount("timeout", timeout, parse_duration_s) or TIMEOUT_S
        self.line = act.__code__.co_firstlineno


def setup(*, timeout: float | str = TIMEOUT_S) -> Callable[[Act], Once]:
    """
    Return a decorator: the coroutine is called once, before any VU begins.

    What it returns has to be writable as JSON. Should it raise, there is no load.

    Args:
        timeout: It has so long, `"2m"` or a number of seconds.

    Raises:
        ValueError: A value cannot be meant.
    """
    return lambda act: Once(act, phase=Phase.SETUP, timeout=timeout)


def teardown(*, timeout: float | str = TIMEOUT_S) -> Callable[[Act], Once]:
    """
    Return a decorator: the coroutine is called once, after the last VU has ended.

    Args:
        timeout: It has so long, `"2m"` or a number of seconds.

    Raises:
        ValueError: A value cannot be meant.
    """
    return lambda act: Once(act, phase=Phase.TEARDOWN, timeout=timeout)
