"""What scripts add to their metrics, as it is counted where it happens."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

from vumeter.clock import monotonic_ns
from vumeter.model.measure import Added, CounterSum, GaugeSum, Histogram, RateSum, TrendSum
from vumeter.model.metric import CustomMetric, Kind


class Meter(Protocol):
    """Counts what is added to one metric; nothing of a single sample is kept."""

    def add(self, amount: int) -> None:
        """Count *amount*, in thousandths; of a rate 1 for true, 0 for not."""

    def take(self) -> Added | None:
        """Return what was added in the second, and begin anew; `None`: nothing was."""


NO_METERS: Mapping[str, Meter] = {}


class CounterMeter:
    """Adds up."""

    __slots__ = ("_thousandths",)

    def __init__(self) -> None:
        self._thousandths = 0

    def add(self, amount: int) -> None:
        """Count *amount*."""
        self._thousandths += amount

    def take(self) -> CounterSum | None:
        """Return the second's sum, and begin anew."""
        taken, self._thousandths = self._thousandths, 0
        return CounterSum(thousandths=taken) if taken else None


class RateMeter:
    """Counts true samples, and all."""

    __slots__ = ("_samples", "_true")

    def __init__(self) -> None:
        self._true = self._samples = 0

    def add(self, amount: int) -> None:
        """Count a sample: 1 for true, 0 for not."""
        self._true += amount
        self._samples += 1

    def take(self) -> RateSum | None:
        """Return the second's samples, and begin anew."""
        true, samples = self._true, self._samples
        self._true = self._samples = 0
        return RateSum(true=true, samples=samples) if samples else None


class TrendMeter:
    """A histogram in `stats.histogram`'s layout, which has no top here: see `script.metrics`."""

    __slots__ = ("_counts", "_total")

    def __init__(self) -> None:
        self._counts: defaultdict[int, int] = defaultdict(int)
        self._total = 0

    def add(self, amount: int) -> None:
        """Count *amount*: `bucket_index` written out, as on the hot path."""
        shift = amount.bit_length() - 11
        self._counts[(shift << 10) + (amount >> shift) if shift > 0 else amount] += 1
        self._total += amount

    def take(self) -> TrendSum | None:
        """Return the second's distribution, and begin anew."""
        if not self._counts:
            return None
        counts, self._counts = self._counts, defaultdict(int)
        total, self._total = self._total, 0
        return TrendSum(values=Histogram(counts=dict(counts), sum_us=total))


class GaugeMeter:
    """Keeps the newest value with its time, and what else there is to a gauge."""

    __slots__ = ("_at_ns", "_highest", "_lowest", "_newest", "_samples", "_total")

    def __init__(self) -> None:
        self._newest = self._lowest = self._highest = 0
        self._at_ns = 0
        self._total = self._samples = 0

    def add(self, amount: int) -> None:
        """Let *amount* be the newest."""
        is_first = not self._samples
        self._newest, self._at_ns = amount, monotonic_ns()
        self._lowest = amount if is_first else min(self._lowest, amount)
        self._highest = amount if is_first else max(self._highest, amount)
        self._total += amount
        self._samples += 1

    def take(self) -> GaugeSum | None:
        """Return what it was set to in the second, and begin anew."""
        if not self._samples:
            return None
        taken = GaugeSum(
            newest=self._newest,
            at_ns=self._at_ns,
            lowest=self._lowest,
            highest=self._highest,
            total=self._total,
            samples=self._samples,
        )
        self._total = self._samples = 0
        return taken


_METERS: dict[Kind, type[Meter]] = {
    Kind.COUNTER: CounterMeter,
    Kind.RATE: RateMeter,
    Kind.TREND: TrendMeter,
    Kind.GAUGE: GaugeMeter,
}


def meters_of(metrics: Iterable[CustomMetric]) -> dict[str, Meter]:
    """Return a meter for each of *metrics*, by name."""
    return {metric.name: _METERS[metric.kind]() for metric in metrics}


def taken(meters: Mapping[str, Meter]) -> dict[str, Added]:
    """Return what was added to each of *meters* in the second, but for those without any."""
    each = {name: meter.take() for name, meter in meters.items()}
    return {name: added for name, added in each.items() if added is not None}
