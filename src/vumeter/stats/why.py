"""Why some time of a run was slow, or failed, and who was to blame. Pure."""

import math
from collections.abc import Iterable

from msgspec.structs import replace

from vumeter.model.explanation import Explanation, Finding, Question
from vumeter.model.frame import SPANS_S
from vumeter.model.measure import Reading
from vumeter.stats.culprits import culprit
from vumeter.stats.explaining import Row, explanation
from vumeter.stats.series import probed_value
from vumeter.stats.serieslog import SeriesSpan
from vumeter.stats.spans import merged_extents

MOST_ROWS = 600
"""So many values of each series are compared; of a longer time, those of longer spans."""


def why(
    spans: Iterable[SeriesSpan], question: Question, from_second: int, to_second: int
) -> Explanation:
    """Return what may explain the time from one second up to and without another."""
    several = tuple(spans)
    longest_s = max((each.span_s for each in several), default=1)
    span_s = max(_span_s(to_second - from_second), longest_s)
    first, end = from_second // span_s, -(-to_second // span_s)
    found: dict[int, list[SeriesSpan]] = {place: [] for place in range(first, end)}
    for each in several:
        for place in range(each.second // span_s, -(-(each.second + each.span_s) // span_s)):
            if place in found:
                found[place].append(each)
    rows = [_row(of_place) for of_place in found.values()]
    return explanation(rows, question, from_second=first * span_s, span_s=span_s)


def with_culprits(found: Explanation, readings: Iterable[Reading]) -> Explanation:
    """
    Return *found* with who it was, by that one of *readings* that has most of it and can say so.

    Of several with as much of it the nearest to when the series was worst counts.
    """
    seen = tuple(readings)
    return replace(found, findings=tuple(_named(each, seen) for each in found.findings))


def _named(finding: Finding, readings: tuple[Reading, ...]) -> Finding:
    def harm(reading: Reading) -> tuple[float, int]:
        value = probed_value(finding.series, reading)
        near = -abs(reading.second - (finding.worst_second or 0))
        return -math.inf if value is None else math.copysign(1, finding.rho) * value, near

    worst_first = sorted(readings, key=harm, reverse=True)
    words = (culprit(finding.series, reading) for reading in worst_first)
    return replace(finding, culprit=next(filter(None, words), ""))


def _span_s(seconds: int) -> int:
    return next((span_s for span_s in SPANS_S if seconds <= span_s * MOST_ROWS), SPANS_S[-1])


def _row(several: list[SeriesSpan]) -> Row:
    """Return the mean of each series in *several* spans; nothing of none."""
    extents = merged_extents(each.extents for each in several)
    return {name: extent.mean for name, extent in extents.items()}
