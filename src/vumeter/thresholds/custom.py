"""Metrics that a script declares, as thresholds see them."""

from collections.abc import Callable, Iterable
from typing import Any

from vumeter.model.measure import CounterSum, GaugeSum, Histogram, RateSum, TrendSum
from vumeter.model.metric import THOUSANDTHS, CustomMetric, Kind, Unit
from vumeter.stats.custom import merge
from vumeter.thresholds.metrics import METRICS, Metric, Seen, Selection
from vumeter.thresholds.sums import Aggregate, Count, Share, Sum, Times

_RATE_UNITS = {Unit.COUNT: Unit.PER_S, Unit.BYTES: Unit.BYTES_PER_S}
_NOTHING = Histogram()


def known_metrics(declared: Iterable[CustomMetric]) -> dict[str, Metric[Any]]:
    """Return vumeter's own metrics and those that are *declared*, by name."""
    return METRICS | {each.name: _metric(each) for each in declared}


def _metric(declared: CustomMetric) -> Metric[Any]:
    units = dict.fromkeys(Aggregate, declared.unit)
    part, new_sum = _READ[declared.kind]
    if declared.kind is Kind.COUNTER:
        units[Aggregate.RATE] = _RATE_UNITS.get(declared.unit, declared.unit)

    def found(seen: Seen, _: Selection) -> Any:
        return part(seen.metrics.get(declared.name))

    return Metric(declared.name, declared.kind, units, (), found, new_sum, True)


def _thousandths(added: object) -> int:
    # Declared and never added to: it did not happen, and that is known.
    return added.thousandths if isinstance(added, CounterSum) else 0


def _share(added: object) -> tuple[int, int]:
    return (added.true, added.samples) if isinstance(added, RateSum) else (0, 0)


def _values(added: object) -> Histogram:
    return added.values if isinstance(added, TrendSum) else _NOTHING


def _level(added: object) -> GaugeSum | None:
    return added if isinstance(added, GaugeSum) else None


class Gauge:
    """
    What a gauge was set to. Its newest value holds until the next one, as in k6: unlike a
    probe, a script that says nothing has not lost sight of anything.

    Not reversible: what leaves a window does not say what the lowest of the rest is.
    """

    def __init__(self) -> None:
        self._sum: GaugeSum | None = None

    def add(self, part: GaugeSum | None) -> None:
        """Count *part*."""
        if part is not None:
            merged = part if self._sum is None else merge((self._sum, part))
            self._sum = _level(merged)

    def figure(self, aggregate: Aggregate, *, percent: float, span_s: float) -> float | None:
        """Return the newest value, the mean of all that was set, or an extreme."""
        del percent, span_s
        it = self._sum
        if it is None:
            return None
        thousandths: dict[Aggregate, float] = {
            Aggregate.VALUE: it.newest,
            Aggregate.AVG: it.total / it.samples,
            Aggregate.MIN: it.lowest,
            Aggregate.MAX: it.highest,
        }
        return thousandths[aggregate] / THOUSANDTHS


_READ: dict[Kind, tuple[Callable[[object], Any], Callable[[], Sum[Any]]]] = {
    Kind.COUNTER: (_thousandths, lambda: Count(parts_per_one=THOUSANDTHS)),
    Kind.RATE: (_share, Share),
    Kind.TREND: (_values, Times),
    Kind.GAUGE: (_level, Gauge),
}
