"""A threshold as it is understood: what is looked at, how, and what must be true of it."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vumeter.model.metric import Unit
from vumeter.model.plan import Threshold
from vumeter.thresholds.metrics import Metric, Selection
from vumeter.thresholds.sums import Aggregate

RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "===": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
"""By the sign that is written; longer ones before those that they begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What `grammar.parse` makes of a threshold."""

    threshold: Threshold
    metric: Metric[Any]
    selection: Selection
    aggregate: Aggregate
    percent: float = 0.0
    """Of `Aggregate.PERCENTILE`."""
    relation: str
    limit: float
    over_s: int | None = None
    """The window; `None`: since the start, or the newest value of a gauge."""
    for_s: float = 0.0
    """How long it must be broken without a pause before it fails."""

    @property
    def unit(self) -> Unit:
        """What *limit* and all that is observed are in."""
        return self.metric.units[self.aggregate]

    @property
    def is_lasting(self) -> bool:
        """Whether one failure fails the run; of totals, what they are at the end decides."""
        return self.over_s is not None or self.for_s > 0

    def holds(self, observed: float) -> bool:
        """Return whether *observed* is as it must be."""
        return RELATIONS[self.relation](observed, self.limit)
