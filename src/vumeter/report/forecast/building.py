"""From a capacity and what is planned to a forecast. Pure: the formulas are in `stats`."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from vumeter.model.prices import InstancePrice, Prices
from vumeter.report.forecast.advising import advice_of
from vumeter.report.forecast.schema import (
    Advice,
    Capacity,
    Forecast,
    LoadUnit,
    Need,
    Room,
    TypeCost,
)
from vumeter.stats.costs import (
    break_even_ratio,
    cheapest_mix,
    mean_instances,
    monthly_cost,
    per_million,
)
from vumeter.stats.forecast import (
    MOST_INSTANCES,
    Scaling,
    capacity_of,
    grown,
    instances_for,
    months_until,
    stretch,
    time_at,
)
from vumeter.stats.loadshape import shares_of_time
from vumeter.stats.usl import peak
from vumeter.units import duration_text

Levels = Sequence[tuple[float, float]]
"""A load over time: how much, and for how many seconds. Only ratios of loads count."""


class Intent(Struct, frozen=True, kw_only=True):
    """What is planned: all of it said by somebody, or a default that the answer shows."""

    load: float
    """Now, at its peak; in the capacity's unit."""
    users: int | None = None
    rate_per_user_per_s: float | None = None
    utilisation_ratio: float = 0.7
    spare: int = 0
    present: int | None = None
    """Instances that there are; `None`: as many as are needed now."""
    growth_per_month_ratio: float = 0.0
    months: int = 0
    prices: Prices | None = None
    levels: Levels = ()
    is_interruptible: bool = False


def forecast(
    capacity: Capacity,
    intent: Intent,
    *,
    curve: Sequence[tuple[float, float]] = (),
    doubts: Sequence[str] = (),
) -> Forecast:
    """
    Return how many instances *intent* takes of those that have *capacity*, and what they cost.

    Args:
        capacity: Of one instance.
        intent: What is planned.
        curve: Loads of one instance and p95 in ms that were measured at them.
        doubts: What must be known of the capacity; remarks of the answer, too.
    """
    needs = [_need(month, capacity, intent) for month in range(intent.months + 1)]
    present = needs[0].instances if intent.present is None else intent.present
    room = None if present is None else _room(present, capacity, intent, curve)
    advice = advice_of(intent.levels, is_interruptible=intent.is_interruptible)
    prices = intent.prices or Prices(currency="", types=())
    return Forecast(
        capacity=capacity,
        users=intent.users,
        rate_per_user_per_s=intent.rate_per_user_per_s,
        load=intent.load,
        utilisation_ratio=intent.utilisation_ratio,
        spare=intent.spare,
        growth_per_month_ratio=intent.growth_per_month_ratio,
        currency=prices.currency,
        now=needs[0],
        room=room,
        months=tuple(needs[1:]),
        costs=tuple(_cost(each, capacity, intent) for each in prices.types),
        advice=advice,
        remarks=(*doubts, *_remarks(capacity, intent, needs, room, advice)),
    )


def _scaling(capacity: Capacity) -> Scaling:
    return Scaling(sigma=capacity.sigma, kappa=capacity.kappa)


def _instances(load: float, of_one: float | None, capacity: Capacity, intent: Intent) -> int | None:
    """Return the instances that *load* takes, spare ones included, if one bears *of_one*."""
    if of_one is None or of_one <= 0:
        return None
    number = instances_for(
        load,
        capacity=of_one,
        utilisation_ratio=intent.utilisation_ratio,
        scaling=_scaling(capacity),
    )
    return None if number is None else number + intent.spare


def _load(month: int, intent: Intent) -> float:
    return grown(intent.load, growth_ratio=intent.growth_per_month_ratio, months=month)


def _need(month: int, capacity: Capacity, intent: Intent) -> Need:
    load = _load(month, intent)
    return Need(
        month=month,
        load=load,
        instances=_instances(load, capacity.load, capacity, intent),
        instances_least=_instances(load, capacity.high, capacity, intent),
        instances_most=_instances(load, capacity.low, capacity, intent),
    )


def _room(
    instances: int, capacity: Capacity, intent: Intent, curve: Sequence[tuple[float, float]]
) -> Room:
    used = _utilisation(instances, capacity, intent)
    one_lost = _utilisation(instances - 1, capacity, intent) if instances > 1 else None
    growth = intent.growth_per_month_ratio

    def months(of_one: float | None, utilisation_ratio: float) -> float | None:
        if of_one is None:
            return None
        bears = capacity_of(instances, capacity=of_one, scaling=_scaling(capacity))
        return months_until(intent.load, utilisation_ratio * bears, growth_ratio=growth)

    return Room(
        instances=instances,
        utilisation_ratio=used,
        utilisation_one_lost_ratio=one_lost,
        efficiency_ratio=capacity_of(instances, capacity=1.0, scaling=_scaling(capacity))
        / instances,
        p95_ms=time_at(used * capacity.load, curve),
        p95_one_lost_ms=None if one_lost is None else time_at(one_lost * capacity.load, curve),
        queue_factor=stretch(used),
        months_left=months(capacity.load, intent.utilisation_ratio),
        months_left_least=months(capacity.low, intent.utilisation_ratio),
        months_left_most=months(capacity.high, intent.utilisation_ratio),
        months_until_full=months(capacity.load, 1.0),
    )


def _utilisation(instances: int, capacity: Capacity, intent: Intent) -> float:
    return intent.load / capacity_of(instances, capacity=capacity.load, scaling=_scaling(capacity))


def _cost(price: InstancePrice, capacity: Capacity, intent: Intent) -> TypeCost:
    def instances(load: float, of_one: float | None) -> int | None:
        own = None if of_one is None else of_one * price.capacity_ratio
        return _instances(load, own, capacity, intent)

    def cost(number: float | None, per_h: float | None) -> float | None:
        return None if number is None or per_h is None else monthly_cost(number, per_h)

    now, on_demand, reserved = intent.load, price.on_demand_per_h, price.reserved_per_h
    number = instances(now, capacity.load)
    least, most = instances(now, capacity.high), instances(now, capacity.low)
    needed = _needed(intent, lambda load: instances(load, capacity.load))
    return TypeCost(
        name=price.name,
        capacity_ratio=price.capacity_ratio,
        instances=number,
        instances_least=least,
        instances_most=most,
        on_demand_per_month=cost(number, on_demand),
        on_demand_per_month_least=cost(least, on_demand),
        on_demand_per_month_most=cost(most, on_demand),
        reserved_per_month=cost(number, reserved),
        spot_per_month=cost(number, price.spot_per_h),
        per_million=per_million(number * on_demand, now)
        if number is not None and capacity.unit is LoadUnit.PER_S
        else None,
        break_even_ratio=None if reserved is None else break_even_ratio(reserved, on_demand),
        months=tuple(
            cost(instances(_load(month, intent), capacity.load), on_demand)
            for month in range(intent.months + 1)
        ),
        scaled_per_month=cost(mean_instances(needed), on_demand) if needed else None,
        mix=cheapest_mix(needed, on_demand_per_h=on_demand, reserved_per_h=reserved)
        if needed and reserved is not None
        else None,
    )


def _needed(intent: Intent, instances: Callable[[float], int | None]) -> Mapping[int, float]:
    """Return how many instances the shape of the load takes in which share of the time."""
    highest = max((load for load, _ in intent.levels), default=0.0)
    if highest <= 0:
        return {}
    several = [
        (instances(intent.load * load / highest), length_s) for load, length_s in intent.levels
    ]
    known = [(number, length_s) for number, length_s in several if number is not None]
    return shares_of_time(known) if len(known) == len(several) else {}


def _remarks(
    capacity: Capacity,
    intent: Intent,
    needs: Sequence[Need],
    room: Room | None,
    advice: Advice | None,
) -> Iterator[str]:
    if capacity.is_lower_bound:
        yield "the capacity is a lower bound: fewer instances may do"
    if any(each.instances is None for each in needs):
        yield _out_of_reach(capacity)
    elif not capacity.sigma and not capacity.kappa and (needs[-1].instances or 0) > 1:
        yield (
            "that N instances bear N times as much is assumed: what they share, a database above "
            "all, was measured with one"
        )
    if room is not None and (room.utilisation_one_lost_ratio or 0.0) > 1:
        yield "when one instance is lost, the others cannot bear the load: plan a spare one"
    if room is not None and room.utilisation_ratio > intent.utilisation_ratio + 1e-9:
        yield f"{room.instances} instances are too few already"
    if advice is not None and advice.shape.hours < 24:
        seen = duration_text(round(advice.shape.hours * 3600))
        yield f"the load's shape was seen for {seen}, and counts as that of a whole month"


def _out_of_reach(capacity: Capacity) -> str:
    if not capacity.sigma and not capacity.kappa:
        return f"it takes more than {MOST_INSTANCES:,} instances, which is no plan"
    most = peak(sigma=capacity.sigma, kappa=capacity.kappa)
    if most is None:
        return (
            "no number of instances bears the load: their contention lets them never bear more than"
            f" {capacity.load / capacity.sigma:.4g} together"
        )
    number = max(1, round(most))
    bears = capacity_of(number, capacity=capacity.load, scaling=_scaling(capacity))
    return (
        f"no number of instances bears the load: {number} bear most, {bears:.4g}, and more hinder"
        " each other"
    )
