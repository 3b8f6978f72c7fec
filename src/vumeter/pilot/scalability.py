"""
The Universal Scalability Law through the curve of a search.

`stats.usl` has the law and its fit; docs/probe.md what it says and what not.
"""

from collections.abc import Sequence

from vumeter.model.pilot import LoadPoint, StepVerdict, Usl
from vumeter.stats.usl import fitted

_WIDEST = 1.5
"""The loads have to be spread at least so far in concurrency, or any curve would fit."""


def fitted_usl(curve: Sequence[LoadPoint]) -> Usl | None:
    """
    Return the law that fits the steady points of *curve* best; `None`: too few, or too alike.

    N is the requests in flight, X the requests per second.
    """
    points = [
        (each.in_flight, each.requests_per_s)
        for each in curve
        if each.is_steady
        and each.verdict is not StepVerdict.GENERATOR
        and each.in_flight > 0
        and each.error_ratio < 0.05
    ]
    if not points or max(points)[0] < _WIDEST * min(points)[0]:
        return None
    return fitted(points)
