"""Metrics that scripts declare: adding up what was added, and reading figures off it."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from vumeter.model.frame import MetricRow
from vumeter.model.measure import Added, CounterSum, GaugeSum, RateSum, TrendSum
from vumeter.model.metric import THOUSANDTHS, CustomMetric, Kind
from vumeter.model.summary import MetricTotal
from vumeter.stats import histogram
from vumeter.stats.lookback import LookBack

_PERCENTS = {"min": 0, "med": 50, "max": 100, "p(90)": 90, "p(95)": 95, "p(99)": 99}


def merge(parts: Iterable[Added]) -> Added:
    """
    Return all of *parts*, which are of one metric, as one: exact, in any order and grouping.

    Of two gauges the one that was set later has the newest value; of two that were set in
    the same nanosecond, the higher value counts.
    """
    return reduce(_sum, parts)


def _sum(first: Added, second: Added) -> Added:
    match first, second:
        case CounterSum(), CounterSum():
            return CounterSum(thousandths=first.thousandths + second.thousandths)
        case RateSum(), RateSum():
            return RateSum(true=first.true + second.true, samples=first.samples + second.samples)
        case TrendSum(), TrendSum():
            return TrendSum(values=histogram.merge((first.values, second.values)))
        case GaugeSum(), GaugeSum():
            at_ns, newest = max((first.at_ns, first.newest), (second.at_ns, second.newest))
            return GaugeSum(
                newest=newest,
                at_ns=at_ns,
                lowest=min(first.lowest, second.lowest),
                highest=max(first.highest, second.highest),
                total=first.total + second.total,
                samples=first.samples + second.samples,
            )
        case _:
            raise ValueError("a metric is of one kind")


def merge_by_name(parts: Iterable[Mapping[str, Added]]) -> dict[str, Added]:
    """Return all of *parts* as one, metric by metric."""
    found: dict[str, list[Added]] = {}
    for part in parts:
        for name, added in part.items():
            found.setdefault(name, []).append(added)
    return {name: merge(several) for name, several in found.items()}


def values(metric: CustomMetric, added: Added | None, seconds: float) -> dict[str, float]:
    """Return what *added*, over *seconds*, came to: see `model.frame.MetricRow`."""
    match added:
        case None if metric.kind is Kind.COUNTER:
            return {"count": 0.0, "rate": 0.0}
        case None:
            return {}
        case CounterSum(thousandths=thousandths):
            count = thousandths / THOUSANDTHS
            return {"count": count, "rate": count / seconds if seconds > 0 else 0.0}
        case RateSum(true=true, samples=samples):
            return {"rate": true / samples, "passes": true, "fails": samples - true}
        case TrendSum(values=found):
            numbers = histogram.percentiles_us(found, tuple(_PERCENTS.values()))
            count = histogram.count(found)
            return {
                "count": count,
                "avg": found.sum_us / count / THOUSANDTHS,
                **{
                    name: number / THOUSANDTHS
                    for name, number in zip(_PERCENTS, numbers, strict=True)
                },
            }
        case GaugeSum():
            return {
                "value": added.newest / THOUSANDTHS,
                "avg": added.total / added.samples / THOUSANDTHS,
                "min": added.lowest / THOUSANDTHS,
                "max": added.highest / THOUSANDTHS,
            }


def totals(
    metrics: Sequence[CustomMetric], added: Mapping[str, Added], duration_s: float
) -> tuple[MetricTotal, ...]:
    """Return each of *metrics* with what it came to over a whole run."""
    return tuple(
        MetricTotal(
            name=metric.name,
            kind=metric.kind,
            unit=metric.unit,
            values=values(metric, added.get(metric.name), duration_s),
        )
        for metric in metrics
    )


class CustomWindow:
    """Keeps what was added to each metric in the last `WINDOW_S` seconds."""

    def __init__(self, metrics: Sequence[CustomMetric]) -> None:
        self._metrics = metrics
        self._look_back = LookBack()
        self._seconds: deque[tuple[int, Mapping[str, Added]]] = deque()
        self._window: dict[str, Added] = {}

    def add(self, second: int, added: Mapping[str, Added], *, span_s: int = 1) -> None:
        """Take *second*, newer than all before it, into account, or *span_s* from it on."""
        if not self._metrics:
            return
        self._look_back.take(second, span_s=span_s)
        self._seconds.append((second, added))
        while self._seconds[0][0] < self._look_back.first_second:
            self._seconds.popleft()
        self._window = merge_by_name(each for _, each in self._seconds)

    def rows(self, added: Mapping[str, Added], elapsed_s: float) -> tuple[MetricRow, ...]:
        """Return each metric, with *added*, its total, which is over *elapsed_s*."""
        return self.rows_with(
            {
                metric.name: values(metric, added.get(metric.name), elapsed_s)
                for metric in self._metrics
            }
        )

    def rows_with(self, totals: Mapping[str, dict[str, float]]) -> tuple[MetricRow, ...]:
        """Return each metric, with its total as *totals* has it."""
        window_s = self._look_back.seconds
        return tuple(
            MetricRow(
                name=metric.name,
                kind=metric.kind,
                unit=metric.unit,
                window=values(metric, self._window.get(metric.name), window_s),
                total=totals.get(metric.name, {}),
            )
            for metric in self._metrics
        )
