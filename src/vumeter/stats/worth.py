"""
What an outage or a share of errors puts at risk, and what a measure against it is worth. Pure.

Nothing here has a default: who has not measured a conversion must not be given one. The sources
are in docs/measurement.md, "Forecasts".
"""

import math

from vumeter.stats.costs import HOURS_PER_MONTH

_Z95 = 1.959964
"""The normal distribution's, two-sided 95 %."""


def roi_ratio(gain: float, cost: float) -> float:
    """
    Return the return on an investment: (gain − cost) / cost.

    >>> roi_ratio(18_000, 12_000)
    0.5
    """
    return (gain - cost) / cost


def payback_months(cost: float, gain_per_month: float) -> float | None:
    """
    Return after how many months *cost* has come back: cost / gain; `None`: never.

    >>> payback_months(12_000, 1_500), payback_months(12_000, 0)
    (8.0, None)
    """
    return cost / gain_per_month if gain_per_month > 0 else None


def downtime_h(availability_ratio: float) -> float:
    """
    Return how many hours of a month an availability leaves: (1 − A) · 730 h.

    >>> round(downtime_h(0.999), 2)
    0.73
    """
    return (1 - availability_ratio) * HOURS_PER_MONTH


def revenue_at_risk(lost_requests: float, *, conversion_ratio: float, order_value: float) -> float:
    """
    Return what *lost_requests* would have brought: lost · conversion · value of an order.

    >>> revenue_at_risk(3_600, conversion_ratio=0.02, order_value=50)
    3600.0
    """
    return lost_requests * conversion_ratio * order_value


def share_interval(part: int, whole: int) -> tuple[float, float]:
    """
    Return between what a share lies with 95 %, of which *part* in *whole* were seen.

    E. B. Wilson's interval (JASA 22, 1927), which also holds where nothing was seen.

    >>> [round(each, 4) for each in share_interval(0, 1000)]
    [0.0, 0.0038]
    """
    seen, square = part / whole, _Z95**2 / whole
    middle = (seen + square / 2) / (1 + square)
    around = _Z95 / (1 + square) * math.sqrt(seen * (1 - seen) / whole + square / (4 * whole))
    return max(0.0, middle - around), min(1.0, middle + around)
