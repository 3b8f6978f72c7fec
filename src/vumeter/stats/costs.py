"""
What instances cost in a month, and which of them are worth a reservation. Pure.

A price is per instance and hour, in whatever currency. The sources are in docs/measurement.md,
"Forecasts".
"""

from collections.abc import Mapping

from msgspec import Struct

HOURS_PER_MONTH = 730.0
"""8760 hours of a year, by twelve: what the price calculators of the large clouds count with."""


class Mix(Struct, frozen=True, kw_only=True):
    """How many instances are reserved, and what the others are needed for."""

    reserved: int
    on_demand_hours: float
    """In a month, of all instances beyond the reserved ones."""
    per_month: float


def monthly_cost(instances: float, per_h: float) -> float:
    """
    Return what *instances* that run all the time cost in a month: instances · price · 730 h.

    >>> round(monthly_cost(3, 0.096), 2)
    210.24
    """
    return instances * per_h * HOURS_PER_MONTH


def per_million(per_h: float, rate_per_s: float) -> float:
    """
    Return what a million of what is done *rate_per_s* times a second costs.

    >>> round(per_million(0.36, 100), 2)
    1.0
    """
    return per_h / 3600 / rate_per_s * 1e6


def break_even_ratio(reserved_per_h: float, on_demand_per_h: float) -> float:
    """
    Return from which share of the time on an instance is cheaper reserved: reserved / on demand.

    A reservation costs r · T whatever is used, on demand p · u · T: equal at u = r / p.

    >>> round(break_even_ratio(0.06, 0.096), 3)
    0.625
    """
    return reserved_per_h / on_demand_per_h


def cheapest_mix(
    needed: Mapping[int, float], *, on_demand_per_h: float, reserved_per_h: float
) -> Mix:
    """
    Return how many instances to reserve where *needed* are so many for that share of the time.

    The k-th instance is needed whenever k or more are. It is worth a reservation where that is so
    for a larger share of the time than `break_even_ratio`. None is ever reserved and not needed.

    >>> cheapest_mix({2: 0.75, 4: 0.25}, on_demand_per_h=1.0, reserved_per_h=0.6)
    Mix(reserved=2, on_demand_hours=365.0, per_month=1241.0)
    """
    even = break_even_ratio(reserved_per_h, on_demand_per_h)
    # Ever more instances are needed ever more rarely, so those worth it are the first ones.
    candidates = [0, *sorted(needed)]
    reserved = max(
        number for number in candidates if not number or _at_least(number, needed) > even
    )
    hours = HOURS_PER_MONTH * sum(
        max(0, number - reserved) * share for number, share in needed.items()
    )
    cost = monthly_cost(reserved, reserved_per_h) + hours * on_demand_per_h
    return Mix(reserved=reserved, on_demand_hours=hours, per_month=cost)


def mean_instances(needed: Mapping[int, float]) -> float:
    """
    Return how many instances run on average where their number follows what is *needed*.

    >>> mean_instances({2: 0.75, 4: 0.25})
    2.5
    """
    return sum(number * share for number, share in needed.items())


def _at_least(number: int, needed: Mapping[int, float]) -> float:
    return sum(share for each, share in needed.items() if each >= number)
