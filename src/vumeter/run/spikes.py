"""
Moments that are kept whole: when a threshold or an alert fires, when p95 leaps, or by hand.

Bounded: two are at least `APART_S` apart, unless a hand takes them, and of many the first ones
and the newest are kept.
"""

from collections import deque
from collections.abc import Iterator
from statistics import median

from vumeter.model.frame import EventLevel, Frame, Point
from vumeter.model.spike import Spike, SpikeHead
from vumeter.run.events import EventLog
from vumeter.run.keeping import Keeper

AUTHOR = "vumeter"
"""Who says that one was taken by itself."""

APART_S = 20
"""Between two that are taken by themselves; what lasts is one spike, and not one each second."""

FIRST_KEPT, NEWEST_KEPT = 10, 40

_USUAL_S = 60
"""What is usual is the last minute; less than a third of it says nothing."""
_LEAP_RATIO = 2.0
_LEAP_SPREADS = 8.0
_LEAP_US = 20_000
"""A p95 is a leap at twice the median, eight times its spread above it, and 20 ms at least."""
_SPREAD_OF_NORMAL = 1.4826
"""The median absolute deviation times this is the standard deviation, where that is normal."""


class SpikeWatch:
    """Says of each frame why it is to be kept, if it is. Pure."""

    def __init__(self) -> None:
        self._failing: frozenset[int] = frozenset()
        self._firing: frozenset[str] = frozenset()
        self._p95s_us: deque[int] = deque(maxlen=_USUAL_S)
        self._seen = -1

    def reason(self, frame: Frame) -> str:
        """Return why *frame*, of a second after those before it, is kept; empty: it is not."""
        found = [*self._crossings(frame), *self._alarms(frame)]
        found += [leap for point in frame.points if (leap := self._leap(point))]
        return "; ".join(found)

    def _crossings(self, frame: Frame) -> Iterator[str]:
        failing = frozenset(at for at, it in enumerate(frame.verdicts) if it.is_failing)
        for at in sorted(failing - self._failing):
            threshold = frame.verdicts[at].threshold
            yield f"threshold {threshold.metric} {threshold.expression} failed"
        self._failing = failing

    def _alarms(self, frame: Frame) -> Iterator[str]:
        firing = frozenset(it.name for it in frame.alerts if it.is_firing)
        for name in sorted(firing - self._firing):
            yield f"alert {name} fires"
        self._firing = firing

    def _leap(self, point: Point) -> str:
        if point.second <= self._seen:
            return ""
        self._seen = point.second
        p95_us = point.p95_us
        if p95_us is None:
            return ""
        usual = [*self._p95s_us]
        self._p95s_us.append(p95_us)
        if len(usual) < _USUAL_S // 3:
            return ""
        middle = median(usual)
        spread = _SPREAD_OF_NORMAL * median(abs(each - middle) for each in usual)
        least = max(_LEAP_RATIO * middle, middle + _LEAP_SPREADS * spread, middle + _LEAP_US)
        if p95_us < least:
            return ""
        return f"p95 {p95_us / 1000:.0f} ms, {p95_us / middle:.1f} times the last minute's median"


class Spikes:
    """
    Takes and keeps the moments of one run.

    Args:
        events: Is told of each.
        keeper: Stores each.
    """

    def __init__(self, *, events: EventLog, keeper: Keeper) -> None:
        self._events = events
        self._keeper = keeper
        self._watch = SpikeWatch()
        self._kept: list[Spike] = []
        self._taken = 0
        self._newest_second = -APART_S

    @property
    def heads(self) -> tuple[SpikeHead, ...]:
        """What there is, oldest first."""
        return tuple(spike.head for spike in self._kept)

    def spike(self, number: int) -> Spike | None:
        """Return the one with that id; `None`: there is none, or it had to go."""
        return next((spike for spike in self._kept if spike.id == number), None)

    def look(self, frame: Frame) -> None:
        """Keep *frame*, the newest second's, if something happened in it."""
        reason = self._watch.reason(frame)
        if reason and frame.second - self._newest_second >= APART_S:
            self._newest_second = frame.second
            self._keep(frame, reason, "")

    def take(self, frame: Frame, author: str) -> Spike:
        """Keep *frame* because *author* asks for it."""
        return self._keep(frame, "taken by hand", author)

    def _keep(self, frame: Frame, reason: str, author: str) -> Spike:
        self._taken += 1
        spike = Spike(
            id=self._taken, second=frame.second, reason=reason, author=author, frame=frame
        )
        self._kept.append(spike)
        gone = self._kept.pop(FIRST_KEPT) if len(self._kept) > FIRST_KEPT + NEWEST_KEPT else None
        self._keeper.spike(spike, instead_of=None if gone is None else gone.id)
        self._events.add(
            f"snapshot {spike.id} kept: {reason} (v shows it)",
            level=EventLevel.ACTION if author else EventLevel.INFO,
            author=author or AUTHOR,
            label=f"snap {spike.id}",
        )
        return spike
