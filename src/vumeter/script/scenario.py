"""What a script declares: coroutines, and how much load each is."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from vumeter.errors import VumeterError
from vumeter.model.flow import Distribution, Think
from vumeter.script.vu import Vu
from vumeter.units import parse_duration_s, parse_rate_per_s

Act = Callable[[Vu], Awaitable[Any]]


class Scenario:
    """A coroutine that is called for each iteration, and what comes once before and after."""

    def __init__(
        self,
        act: Act,
        *,
        weight: float = 1.0,
        vus: int | None = None,
        rate: float | str | None = None,
        duration: float | str | None = None,
        think: float | tuple[float, float] | None = None,
    ) -> None:
        check_act(act)
        self.name = act.__name__
        self.act = act
        self.start: Act | None = None
        self.stop: Act | None = None
        self.weight = _above_zero("weight", weight)
        self.vus = None if vus is None else _whole(vus)
        self.rate_per_s = amount("rate", rate, parse_rate_per_s)
        self.duration_s = amount("duration", duration, parse_duration_s)
        self.think = _think(think)

    def on_start(self, act: Act) -> Act:
        """Let each VU call *act* once before its iterations; should it raise, again."""
        check_act(act)
        self.start = act
        return act

    def on_stop(self, act: Act) -> Act:
        """Let each VU call *act* once after its iterations, when it ends gracefully."""
        check_act(act)
        self.stop = act
        return act


def scenario(
    *,
    weight: float = 1.0,
    vus: int | None = None,
    rate: float | str | None = None,
    duration: float | str | None = None,
    think: float | tuple[float, float] | None = None,
) -> Callable[[Act], Scenario]:
    """
    Return a decorator that makes a coroutine a scenario.

    Args:
        weight: Its share of the VUs, or of the rate, that the command line gives to all.
        vus: Its own number of VUs instead; with a rate: the pool.
        rate: Iterations arrive so often, `"50/s"` or a number per second.
        duration: It ends after so long, `"5m"` or a number of seconds.
        think: Seconds of pause after each iteration; two: between them, drawn evenly.

    Raises:
        ValueError: A value cannot be meant.
    """
    return lambda act: Scenario(
        act, weight=weight, vus=vus, rate=rate, duration=duration, think=think
    )


def check_act(act: object) -> None:
    """
    Return when *act* is what a VU can be handed to.

    Raises:
        TypeError: It is no coroutine, or takes something else.
    """
    if not inspect.iscoroutinefunction(act):
        name = getattr(act, "__name__", repr(act))
        raise TypeError(f'"{name}" is not a coroutine; write "async def {name}(vu: Vu) -> None"')
    try:
        inspect.signature(act).bind(None)
    except TypeError:
        raise TypeError(f'"{act.__name__}" must take one parameter, the VU') from None


def _above_zero(what: str, number: object) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number < 1e12:
        raise ValueError(f"{what}={number!r} is not a number above 0")
    return float(number)


def _whole(number: object) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError(f"vus={number!r} is not a whole number above 0")
    return number


def amount(what: str, given: float | str | None, parse: Callable[[str], float]) -> float | None:
    """
    Return a number above 0 that was *given* as one, or as text with a unit.

    Raises:
        ValueError: It is none; *what* says of what.
    """
    if given is None:
        return None
    try:
        return _above_zero(what, parse(given) if isinstance(given, str) else given)
    except VumeterError as error:
        raise ValueError(f"{what}={given!r}: {error.message} {error.hint}".rstrip()) from None


def _think(given: float | tuple[float, float] | None) -> Think | None:
    match given:
        case None:
            return None
        case int() | float() if given >= 0:
            return Think(first_s=given)
        case (int() | float() as first_s, int() | float() as second_s) if 0 <= first_s <= second_s:
            return Think(distribution=Distribution.UNIFORM, first_s=first_s, second_s=second_s)
    raise ValueError(f"think={given!r} is neither seconds nor a pair of them")
