"""What a script measures of its own: declared at the top of the file, added to as it runs."""

import math
import re
from typing import ClassVar, Literal, Protocol

from vumeter.model.metric import THOUSANDTHS, CustomMetric, Kind, Unit
from vumeter.thresholds.metrics import METRICS

MOST_METRICS = 100
"""Of one script. They are on the screen, and each is sent and kept every second."""

_NAME = re.compile(r"[A-Za-z_][0-9A-Za-z_]{1,127}")
"""k6's rule."""
_LARGEST = 1e12
"""In thousandths still a whole number that a float holds exactly."""

NumberUnit = Literal["count", "ms", "s", "bytes", "percent"]

_UNITS: dict[str, tuple[Unit, int]] = {
    "count": (Unit.COUNT, 1),
    "ms": (Unit.MS, 1),
    "s": (Unit.MS, 1000),
    "bytes": (Unit.BYTES, 1),
    "percent": (Unit.PERCENT, 1),
}
"""What is counted in, and how many of it one of the script's is: a second is kept as ms."""


class Meter(Protocol):
    """Where what is added is counted: the engine's side of a metric."""

    def add(self, amount: int) -> None:
        """Count *amount*, in thousandths; of a rate 1 for true, 0 for not."""


class Metric:
    """What the four kinds have in common."""

    kind: ClassVar[Kind]

    def __init__(self, name: str, unit: str) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} cannot be a metric's name: 2 to 128 letters, digits and underscores,"
                " no digit first"
            )
        if name in METRICS:
            raise ValueError(f'"{name}" is a metric of vumeter\'s own')
        if unit not in _UNITS and self.kind is not Kind.RATE:
            raise ValueError(f"unit={unit!r} is none of: {', '.join(_UNITS)}")
        self._unit, self._factor = _UNITS.get(unit, (Unit.RATIO, 1))
        self.name = name
        self._meter: Meter | None = None

    @property
    def declaration(self) -> CustomMetric:
        """What a plan has to know of it."""
        return CustomMetric(name=self.name, kind=self.kind, unit=self._unit)

    def count_in(self, meter: Meter) -> None:
        """Let what is added from now on go to *meter*."""
        self._meter = meter

    def _add(self, amount: int) -> None:
        if self._meter is None:
            raise RuntimeError(
                f'nothing can be added to "{self.name}": metrics are declared at the top of the'
                " script, under a name of their own, and count while its scenarios run"
            )
        self._meter.add(amount)

    def _thousandths(self, value: float, *, lowest: float) -> int:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not lowest <= value <= _LARGEST:
            least = f"{lowest:g}"
            raise ValueError(f"{value!r} is not a number from {least} to 1e12 ({self.name})")
        return round(value * self._factor * THOUSANDTHS)


class Trend(Metric):
    """A distribution: averages and percentiles of what is added."""

    kind = Kind.TREND

    def __init__(self, name: str, *, unit: NumberUnit = "count") -> None:
        super().__init__(name, unit)

    def add(self, value: float) -> None:
        """Add *value*, which is not below 0."""
        self._add(self._thousandths(value, lowest=0.0))


class Counter(Metric):
    """A sum, and how fast it grows."""

    kind = Kind.COUNTER

    def __init__(self, name: str, *, unit: Literal["count", "bytes"] = "count") -> None:
        if unit not in ("count", "bytes"):
            raise ValueError(f"unit={unit!r} is none of: count, bytes")
        super().__init__(name, unit)

    def add(self, value: float = 1) -> None:
        """Add *value*, which is not below 0."""
        self._add(self._thousandths(value, lowest=0.0))


class Rate(Metric):
    """A share: how many of the samples are true."""

    kind = Kind.RATE

    def __init__(self, name: str) -> None:
        super().__init__(name, "")

    def add(self, passed: object) -> None:
        """Add a sample, true or not."""
        self._add(1 if passed else 0)


class Gauge(Metric):
    """A state: the newest value, and the lowest and highest."""

    kind = Kind.GAUGE

    def __init__(self, name: str, *, unit: NumberUnit = "count") -> None:
        super().__init__(name, unit)

    def add(self, value: float) -> None:
        """Let *value* be the newest."""
        self._add(self._thousandths(value, lowest=-_LARGEST))
