"""Which pricing model suits the shape of a load: a rule of thumb, with what it rests on."""

from collections.abc import Sequence

from vumeter.report.forecast.schema import Advice, Hint
from vumeter.stats.loadshape import (
    IDLE_RATIO,
    IDLE_TIME_RATIO,
    STEADY_PEAK_TO_MEAN,
    Shape,
    ShapeKind,
    shape_of,
)


def advice_of(levels: Sequence[tuple[float, float]], *, is_interruptible: bool) -> Advice | None:
    """
    Return what *levels*, loads and the seconds of each, speak for; `None`: there is no load.

    That work may be interrupted is on no chart: somebody has to say so.
    """
    shape = shape_of(levels)
    if shape is None:
        return None
    if is_interruptible:
        why = "the work may be interrupted, as somebody has said: spot is the cheapest by far"
        return Advice(hint=Hint.SPOT, why=why, shape=shape)
    return Advice(hint=_HINTS[shape.kind], why=_why(shape), shape=shape)


_HINTS = {
    ShapeKind.STEADY: Hint.RESERVED,
    ShapeKind.PEAKS: Hint.MIXED,
    ShapeKind.BATCH: Hint.ON_DEMAND,
}


def _why(shape: Shape) -> str:
    match shape.kind:
        case ShapeKind.STEADY:
            return (
                f"the peak is {shape.peak_to_mean:.2f} times the mean, not above "
                f"{STEADY_PEAK_TO_MEAN:g}: what is reserved is used nearly all the time"
            )
        case ShapeKind.PEAKS:
            return (
                f"the peak is {shape.peak_to_mean:.2f} times the mean, above "
                f"{STEADY_PEAK_TO_MEAN:g}: reserve the base, and scale on demand above it"
            )
        case ShapeKind.BATCH:
            return (
                f"for {shape.idle_ratio:.0%} of the time, more than {IDLE_TIME_RATIO:.0%}, the "
                f"load is at {IDLE_RATIO:.0%} of its peak or less: pay only while it is there; "
                "spot, if the work may be interrupted"
            )
