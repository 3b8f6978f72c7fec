"""Metrics as they are declared: of which kind their samples are, and in which unit."""

from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """What a metric's samples are."""

    COUNTER = "counter"
    RATE = "rate"
    """True or not, each."""
    TREND = "trend"
    """A distribution: times, most often."""
    GAUGE = "gauge"
    """A state over time."""


class Unit(StrEnum):
    """What the numbers of a metric, and of verdicts on it, are."""

    MS = "ms"
    RATIO = "ratio"
    """0 to 1."""
    PERCENT = "percent"
    """0 to 100."""
    COUNT = "count"
    PER_S = "per_s"
    BYTES = "bytes"
    BYTES_PER_S = "bytes_per_s"


THOUSANDTHS = 1000
"""
What is added to a metric of a script's is kept in so many parts of its unit, as whole numbers:
their sums are the same in any order, as those of fractions are not.
"""


class CustomMetric(Struct, frozen=True, kw_only=True):
    """A metric that a script declares, and adds to while it runs."""

    name: str
    """As k6 allows it, and none of vumeter's own."""
    kind: Kind
    unit: Unit = Unit.COUNT
    """Of what is added; of a rate always `RATIO`."""
