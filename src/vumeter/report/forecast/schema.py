"""
The shape of a forecast: what `vumeter forecast --format json` writes, see docs/forecast.md.

`null` means that nobody knows, or that there is none; never 0.
"""

from enum import StrEnum

from msgspec import Struct

from vumeter.stats.costs import Mix
from vumeter.stats.loadshape import Shape

SCHEMA_VERSION = 1
"""Raised when a field goes or changes its meaning; a new field does not raise it."""


class LoadUnit(StrEnum):
    """What a capacity, and so every load of its forecast, is in."""

    PER_S = "iterations/s"
    USERS = "users"
    """At a time, each as a VU of the search was."""


class Capacity(Struct, frozen=True, kw_only=True):
    """What one instance bears, and how sure that is."""

    source: str
    """Who says so."""
    unit: LoadUnit
    load: float
    low: float | None
    high: float | None
    """It lies between the two with about 95 %; null: nobody knows on that side."""
    is_lower_bound: bool
    """Whether it bears more, and nobody has seen how much."""
    sigma: float = 0.0
    kappa: float = 0.0
    """Of the Universal Scalability Law over instances; both 0: ten bear ten times as much."""
    r_squared: float | None = None
    """Of its fit; null: it was given, or there is none."""


class Need(Struct, frozen=True, kw_only=True):
    """How many instances one month takes, spare ones included."""

    month: int
    """From now; 0: now."""
    load: float
    instances: int | None
    """null: no number does, because instances cost each other more than they bring."""
    instances_least: int | None
    """If the capacity is at the high end."""
    instances_most: int | None
    """If it is at the low end."""


class Room(Struct, frozen=True, kw_only=True):
    """How so many instances stand the load of now, and for how long they suffice."""

    instances: int
    utilisation_ratio: float
    utilisation_one_lost_ratio: float | None
    """With one instance less; null: there is but one."""
    efficiency_ratio: float
    """What they bear together, of so many times what one does."""
    p95_ms: float | None
    """At this load of one instance, as the search has measured it; null: it has not."""
    p95_one_lost_ms: float | None
    queue_factor: float | None
    """1 / (1 − utilisation): so many times longer than without a queue, if it is M/M/1."""
    months_left: float | None
    """Until the planned utilisation is exceeded; null: never, at this growth."""
    months_left_least: float | None
    months_left_most: float | None
    months_until_full: float | None
    """The same for a utilisation of 1."""


class TypeCost(Struct, frozen=True, kw_only=True):
    """What one type of instance would cost, all of them of this type."""

    name: str
    capacity_ratio: float
    instances: int | None
    instances_least: int | None
    instances_most: int | None
    on_demand_per_month: float | None
    on_demand_per_month_least: float | None
    on_demand_per_month_most: float | None
    reserved_per_month: float | None
    spot_per_month: float | None
    per_million: float | None
    """Of iterations, on demand, at this load; null: the load is in users."""
    break_even_ratio: float | None
    """From this share of the time on a reservation is cheaper than on demand."""
    months: tuple[float | None, ...]
    """On demand, in each month from 0 on, for the instances of that month."""
    scaled_per_month: float | None
    """On demand, with as many instances at any time as the load's shape takes then."""
    mix: Mix | None
    """Which of these are worth a reservation."""


class Hint(StrEnum):
    """Which pricing model suits."""

    RESERVED = "reserved"
    MIXED = "mixed"
    """Reserved for the base, on demand for what is above."""
    ON_DEMAND = "on-demand"
    SPOT = "spot"


class Advice(Struct, frozen=True, kw_only=True):
    """What the shape of a load says of pricing models: a rule of thumb."""

    hint: Hint
    why: str
    shape: Shape


class Forecast(Struct, frozen=True, kw_only=True):
    """The whole answer, with everything that it was made from."""

    schema_version: int = SCHEMA_VERSION
    capacity: Capacity
    users: int | None
    rate_per_user_per_s: float | None
    load: float
    """That is to be borne now, at its peak; in the capacity's unit."""
    utilisation_ratio: float
    """Planned: of the capacity."""
    spare: int
    """Instances beyond those that the load takes."""
    growth_per_month_ratio: float
    currency: str
    now: Need
    room: Room | None
    months: tuple[Need, ...]
    """From month 1 on."""
    costs: tuple[TypeCost, ...]
    advice: Advice | None
    remarks: tuple[str, ...]
