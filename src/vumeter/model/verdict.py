"""What became of each threshold, and of each alert."""

from enum import StrEnum

from msgspec import Struct

from vumeter.model.alert import AlertLevel
from vumeter.model.metric import Unit
from vumeter.model.plan import Threshold


class Standing(StrEnum):
    """How a threshold stands; at the end of a run, how it came out."""

    PENDING = "pending"
    """Not looked at yet: the run is young, or its window is not full."""
    PASSED = "passed"
    FAILED = "failed"
    NO_DATA = "no-data"
    """Nothing was measured that it could be judged by: neither passed nor failed."""


class Verdict(Struct, frozen=True, kw_only=True):
    """One threshold's outcome so far."""

    threshold: Threshold
    standing: Standing
    """Of a window `FAILED` once it has failed; of totals, as they are now."""
    is_failing: bool
    """Whether it failed when it was last looked at; a window may have recovered."""
    observed: float | None
    """What it was when it was last looked at; `None`: nothing was measured."""
    limit: float
    unit: Unit
    """Of *observed* and of *limit*."""
    first_failed_second: int | None
    """The newest second in the numbers when it first failed; `None`: never."""
    crossings: int
    """How often it began to fail."""


class AlertState(Struct, frozen=True, kw_only=True):
    """How one alert stands, and what it has come to since the start."""

    name: str
    level: AlertLevel
    metric: str
    expression: str
    """What it fires at."""
    bell: bool
    is_firing: bool
    is_acknowledged: bool
    """Somebody has seen it: quiet until it clears."""
    observed: float | None
    """What it was when it was last looked at; `None`: nothing was measured."""
    limit: float
    unit: Unit
    """Of *observed*, *worst* and *limit*."""
    firings: int
    """How often it began to fire."""
    firing_s: float
    """How long it fired, all in all."""
    first_fired_s: float | None
    """Run time at which it first fired; `None`: never."""
    fired_s: float | None
    """Run time at which it fired last."""
    worst: float | None
    """The farthest beyond the limit that it was while it fired; `None` where that says nothing."""
