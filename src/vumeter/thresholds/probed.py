"""Metrics of what probes see: each number of theirs, by the name that its series has."""

from vumeter.model.metric import Kind
from vumeter.stats.series import is_probed, probed_value, shown_value, unit_of
from vumeter.thresholds.metrics import Metric, Seen, Selection
from vumeter.thresholds.sums import Aggregate, Level


def probed_metric(name: str) -> Metric[float | None] | None:
    """
    Return the metric of the series *name*; `None`: no probe has such a number.

    >>> probed_metric("host.load_1m").name, probed_metric("host.lod_1m")
    ('host.load_1m', None)
    """
    if not is_probed(name):
        return None

    def part(seen: Seen, _: Selection) -> float | None:
        value = None if seen.reading is None else probed_value(name, seen.reading)
        return None if value is None else shown_value(name, value)

    units = dict.fromkeys(Aggregate, unit_of(name))
    return Metric(name, Kind.GAUGE, units, (), part, Level, False)
