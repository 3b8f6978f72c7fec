"""What instances of the target cost, as a profile's table of prices has it."""

from msgspec import Struct


class InstancePrice(Struct, frozen=True, kw_only=True):
    """One type of instance; prices are per hour."""

    name: str
    on_demand_per_h: float
    reserved_per_h: float | None = None
    """`None`: it cannot be had so, or nobody says for how much."""
    spot_per_h: float | None = None
    capacity_ratio: float = 1.0
    """Of what the instance bears that was measured."""


class Prices(Struct, frozen=True, kw_only=True):
    """All types that there is a price of, in one currency."""

    currency: str
    """As it was written; empty: none was."""
    types: tuple[InstancePrice, ...]
