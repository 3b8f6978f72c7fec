"""Numbers of reports as people read them; the unit is the end of a field's name, or its group's."""

from vumeter.model.metric import Unit
from vumeter.report.numbers import clock_text
from vumeter.thresholds.amounts import amount_text
from vumeter.units import duration_text

_UNITS = {
    "_ms": Unit.MS,
    "_percent": Unit.PERCENT,
    "_ratio": Unit.RATIO,
    "_bytes_per_s": Unit.BYTES_PER_S,
    "_per_s": Unit.PER_S,
    "_bytes": Unit.BYTES,
    "rps": Unit.PER_S,
}
_EXTREMES = ("_max", "_min", "_mean")
_RUN_TIMES = (
    *("at_s", "first_failed_s", "first_fired_s", "first_broken_s"),
    *("highest_s", "acknowledged_s"),
)
"""Moments of a run, and not lengths."""


def figure_text(name: str, value: float) -> str:
    """
    Return *value* of the field *name*, with its unit.

    >>> figure_text("latency_ms.p95", 41.2), figure_text("totals.requests", 24103)
    ('41.2ms', '24,103')
    >>> figure_text("host.memory_used_bytes_max", 3.1e9), figure_text("journal.0.at_s", 75.2)
    ('3.1GB', '00:01:15')
    >>> figure_text("outage_s", 0.0), figure_text("outage_s", 0.25)
    ('0s', '250ms')
    """
    field = _field(name)
    if field in _RUN_TIMES:
        return clock_text(value)
    for ending, unit in _UNITS.items():
        if field.endswith(ending):
            return amount_text(value, unit)
    if field.endswith("_s"):
        if not value:
            return "0s"
        return amount_text(value * 1000, Unit.MS) if value < 60 else duration_text(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _field(name: str) -> str:
    """Return the part of *name* that ends in the unit: of `latency_ms.p95` the first."""
    parts = name.split(".")
    group = next((part for part in reversed(parts[:-1]) if part.endswith(tuple(_UNITS))), None)
    field = parts[-1] if group is None else group
    for extreme in _EXTREMES:
        field = field.removesuffix(extreme)
    return field
