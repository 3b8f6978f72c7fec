"""
Keeps a response time near a set point by moving a rate: two loops, one within the other. Pure.

Near its capacity a server is a queue, and a queue is an integrator: whatever comes beyond what is
served adds to the wait of all that follow, for as long as it goes on. The inner loop therefore
looks at the mean response time of the last second or two, which is the level of that queue, and
moves the rate in proportion to how far it is off and to how it changes (PI). The outer one sees
over some twenty seconds what multiple of the mean the percentile is, and sets the level that the
inner one keeps. docs/probe.md, "Cruise control", has the reasons and the figures.
"""

import math
from collections import deque

from vumeter.model.measure import Reading
from vumeter.pilot.course import Course
from vumeter.pilot.slo import severity
from vumeter.pilot.window import Second, figure, mean_s, second_of
from vumeter.thresholds.amounts import amount_text

LEAST_SAMPLES = 30
"""Of which a mean is taken: at a low rate, more than one second."""
LONG_S = 30
"""The percentile's own window; a tail is made of few samples."""
LEAST_LONG = 200
"""Samples from which on a percentile tells its multiple of the mean."""
_LAG_S = 1.0
"""A second has ended when it is looked at, and the next one has begun."""
_DAMPING = 3.0
"""The level is brought back in so many lags: faster would swing, as one acts on what was."""
_INTEGRAL = 4.0
"""Times that long, the integral's: critically damped on an integrator."""
_FAR_BELOW = math.log(0.5)
"""Below half of the level there is no queue that could be kept: the load climbs."""
_CLIMB = 0.25
"""Of the logarithm that is missing, at each step up."""
_MOST_UP, _MOST_DOWN = math.log(1.25), math.log(0.7)
_MOST_UP_NEAR = math.log(1.06)
"""Where there is a queue."""
_LOST = math.log(2.5)
_LOST_S = 2
"""Beyond that for so long, it is no swing: the server can do less than it could."""
_NEAR_FULL = 0.8
_BELOW_SERVED = 0.97
"""Of what a server at its capacity has done: where the way up to it begins."""
_CREEP = 0.01
"""A second, where the load is near what was too much last."""
_GROWTH, _MOST_URGENT = 1.1, 4.0
"""The integral's, while the level is on one side: where waiting is little of it, little happens."""
_TRIM, _TRIM_MOST = 0.02, 0.3
"""A second: what the percentile is off is taken from the level, over half a minute and more."""
_TRIM_DOWN = 4.0
"""Times that, down: of windows above and below, those above have the more requests beyond."""
_TRIMMED = (0.6, 1.5)
_LEAST_MOVE = 0.004
"""A smaller change is not worth a command; it is not lost either."""
_TOLD_RATIO = 0.05
"""So near to the level it is called at the set point."""


class LevelCruise:
    """
    Keeps one limit on response times by a rate; the same use as of `Cruise`.

    Never beyond *floor* and *top* of the course. Seconds in which the generator was the limit
    never lead up.
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        self.load = course.load
        self.observed = ""
        self.why = "looking"
        self._wanted = course.load
        self._from_second = 0
        self._set_s = course.rule.limit / 1000
        self._multiple: float | None = None
        """What the percentile is of the mean."""
        self._short: list[Second] = []
        self._long: deque[Second] = deque(maxlen=LONG_S)
        self._error_s: float | None = None
        self._side = 0
        self._urgency = 1.0
        self._trim = 1.0
        self._beyond_s = 0
        self._served_per_s: float | None = None
        """While a backlog is drained: what was served when it was found."""
        self._full = math.inf
        """What was too much last."""

    def begin(self, at_s: float) -> None:
        """Begin at run time *at_s*, with the load that is on."""
        self._from_second = math.ceil(at_s)

    def hear(self, reading: Reading, at_s: float) -> float | None:
        """Take the newest reading into account; return the load to go to, or `None` to stay."""
        if reading.second < self._from_second:
            return None
        second = second_of(reading, (self.course.rule,))
        if not second.is_clean and not self._is_beyond([second]):
            self.why = "the generator is the limit: waiting"
            return None
        self._short.append(second)
        self._long.append(second)
        if sum(each.requests for each in self._short) < LEAST_SAMPLES and len(self._short) < 5:
            return None
        mean = mean_s(self.course.rule, 0, self._short)
        if not mean:
            self.why = "nothing was measured"
            return None
        self._learn()
        return self._moved(mean, at_s)

    def _learn(self) -> None:
        """See what multiple of the mean the percentile is; over few samples it is a guess."""
        seconds = list(self._long)
        found, mean = figure(self.course.rule, 0, seconds), mean_s(self.course.rule, 0, seconds)
        if found is None or not mean:
            return
        self.observed = amount_text(found.value, self.course.rule.unit)
        if self._multiple is None or sum(each.requests for each in seconds) >= LEAST_LONG:
            self._multiple = max(1.0, found.value / 1000 / mean)
        if len(seconds) == LONG_S:
            off = math.log(self._set_s / (found.value / 1000))
            off = max(-_TRIM_MOST, min(_TRIM_MOST, off)) * (_TRIM_DOWN if off < 0 else 1.0)
            self._trim = min(_TRIMMED[1], max(_TRIMMED[0], self._trim * math.exp(_TRIM * off)))

    def _moved(self, mean: float, at_s: float) -> float | None:
        short, self._short = self._short, []
        level_s = self._trim * self._set_s / (self._multiple or 1.0)
        beyond = math.log(mean / level_s)
        self._beyond_s = self._beyond_s + len(short) if beyond > _LOST else 0
        if self._beyond_s >= _LOST_S:
            return self._go(self._after_loss(mean, level_s), at_s, pause_s=min(10.0, mean))
        if self._served_per_s is not None and beyond <= 0:
            return self._go(self._after_draining(), at_s, pause_s=1.0)
        if beyond > 0:
            self._full = self._wanted
        if beyond < _FAR_BELOW:
            self._error_s = None
            self._full = max(self._full, self._wanted)
            is_full = self._wanted >= _NEAR_FULL * self._full
            step = _CREEP * len(short) if is_full else min(_MOST_UP, -_CLIMB * beyond)
            self.why = "far below the set point"
            # The second in which the load changes is of neither.
            pause_s = 0.0 if is_full else 1.0
            return self._go(self._wanted * math.exp(step), at_s, pause_s=pause_s)
        return self._regulated(level_s, mean, len(short), at_s)

    def _regulated(self, level_s: float, mean: float, seconds: int, at_s: float) -> float | None:
        """Move in proportion to the error's change and to the error, as PI controllers do."""
        error_s = level_s - mean
        # A short queue is at rest before the second is over: there, the answer to a change is
        # that of its curve, dR/dλ = R² in M/M/1.
        time_s = _DAMPING * min(_LAG_S + self._set_s, self._wanted * level_s**2)
        whole_s = _INTEGRAL * max(time_s, _LAG_S)
        change_s = 0.0 if self._error_s is None else error_s - self._error_s
        self._error_s = error_s
        self._urge(error_s, seconds)
        step = change_s / time_s + seconds * self._urgency * error_s / time_s / whole_s
        step = min(_MOST_UP_NEAR, max(_MOST_DOWN, step))
        is_near = abs(error_s) <= _TOLD_RATIO * level_s
        self.why = "at the set point" if is_near else f"the mean is {1000 * mean:.3g} ms"
        return self._go(self._wanted * math.exp(step), at_s)

    def _urge(self, error_s: float, seconds: int) -> None:
        """Be more urgent the longer the error is on one side, and less where it changes sides."""
        side = 1 if error_s > 0 else -1
        factor = _GROWTH**seconds if side == self._side else 0.5
        self._urgency = min(_MOST_URGENT, max(1.0, self._urgency * factor))
        self._side = side

    def _after_draining(self) -> float:
        """Return nearly what was served when there was more than that, the backlog being gone."""
        assert self._served_per_s is not None, "there was a backlog"
        self._full, self._served_per_s = self._served_per_s, None
        self._long.clear()
        self.why = "the backlog is gone"
        return _BELOW_SERVED * self._full

    def _after_loss(self, mean: float, level_s: float) -> float:
        """Return what is served, which is all that there is, and less until the backlog is gone."""
        last = list(self._long)[-_LOST_S:]
        served_per_s = sum(each.done(self.course.scenario) for each in last) / max(1, len(last))
        self._beyond_s = 0
        self._served_per_s = served_per_s
        self._error_s = None
        self._long.clear()
        self.why = f"far above the set point, {served_per_s:.4g}/s are served: draining"
        excess = min(-_MOST_DOWN, (mean - level_s) / (_DAMPING * (_LAG_S + self._set_s)))
        return min(self._wanted, served_per_s) * math.exp(-excess)

    def _go(self, load: float, at_s: float, *, pause_s: float = 0.0) -> float | None:
        self._wanted = min(self.course.top, max(self.course.floor, load))
        self._from_second = math.ceil(at_s + pause_s) if pause_s else self._from_second
        rounded = float(f"{self._wanted:.4g}")
        if abs(rounded / self.load - 1) < _LEAST_MOVE:
            return None
        self.load = rounded
        return rounded

    def _is_beyond(self, seconds: list[Second]) -> bool:
        found = figure(self.course.rule, 0, seconds)
        return found is not None and severity(self.course.rule, found.value) > 0
