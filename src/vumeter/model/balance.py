"""What a run has come to since its start, as of one second: what no later look can count anew."""

from msgspec import Struct

from vumeter.model.comparison import Comparison
from vumeter.model.frame import ErrorCount, Figures, Frame
from vumeter.model.verdict import AlertState, Verdict


class Balance(Struct, frozen=True, kw_only=True):
    """
    The part of a frame that is not of the last seconds, but of all of them.

    Kept beside a run's readings, it lets a replay begin at any of them without adding up those
    before it; and thresholds stand as they stood, whatever is left of what they were judged by.
    """

    second: int
    """The newest second that is in the numbers."""
    total: Figures
    endpoints: dict[str, Figures]
    errors: tuple[ErrorCount, ...]
    dropped: int
    outage_s: float
    metrics: dict[str, dict[str, float]]
    """Of each metric of the plan what all that was added came to, see `MetricRow`."""
    verdicts: tuple[Verdict, ...]
    alerts: tuple[AlertState, ...]
    comparison: Comparison | None = None


def balance_of(frame: Frame) -> Balance:
    """Return what the run had come to when *frame* was shown."""
    return Balance(
        second=frame.second,
        total=frame.total,
        endpoints={row.name: row.total for row in frame.endpoints},
        errors=frame.errors,
        dropped=frame.dropped,
        outage_s=frame.outage_s,
        metrics={row.name: row.total for row in frame.metrics},
        verdicts=frame.verdicts,
        alerts=frame.alerts,
        comparison=frame.comparison,
    )
