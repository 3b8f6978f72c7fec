"""What became of each threshold."""

from enum import StrEnum

from msgspec import Struct

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
