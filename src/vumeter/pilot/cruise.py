"""
The cruise control: readings in, moves of a lever out, so that a figure stays at a set point. Pure.

An integral controller on logarithms: each period the load is multiplied by (set/figure)^gain,
within limits. Logarithms, since response times grow like 1/(1−load) near saturation: a step
that is right at one load is ten times too large at another. The gain is halved when the figure
swings over to the other side, and grows a little while it stays on one: near saturation the same
step in load does far more. docs/probe.md, "Cruise control", has the reasons.
"""

import math
from collections import deque

from vumeter.model.measure import Reading
from vumeter.model.throttle import Lever
from vumeter.pilot.course import Course
from vumeter.pilot.slo import severity
from vumeter.pilot.window import Figure, Second, figure, second_of
from vumeter.thresholds.amounts import amount_text

PERIOD_S = 5
"""So many seconds are looked at, then the load is moved; the first of them does not count."""
DEADBAND = 0.05
"""Within 5 % of the set point, nothing is moved."""
_GAIN = 0.15
_LEAST_GAIN, _MOST_GAIN = 0.02, 0.3
_DAMPING = 0.5
_GROWTH = 1.15
_MOST_UP, _MOST_DOWN = math.log(1.25), math.log(0.6)
"""A period never moves the load farther. Down is more urgent than up."""
_ALARM = math.log(2.0)
"""Two seconds beyond twice the set point are answered without waiting for the period."""


class Cruise:
    """
    Keeps the figure of one rule near its limit by moving a lever.

    Never beyond *floor* and *top*; at either of them it only waits (there is no integral that
    could wind up: the load is the integral). Seconds in which the generator was the limit never
    lead up; where they are beyond the set point, less load is right whoever is to blame.
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        self.load = course.load
        self.gain = _GAIN
        self.observed = ""
        self.why = "looking"
        self._from_second = 0
        self._seconds: deque[Second] = deque(maxlen=PERIOD_S)
        self._side = 0

    def begin(self, at_s: float) -> None:
        """Begin at run time *at_s*, with the load that is on."""
        self._from_second = math.ceil(at_s)

    def hear(self, reading: Reading, at_s: float) -> float | None:
        """Take the newest reading into account; return the load to go to, or `None` to stay."""
        if reading.second < self._from_second:
            return None
        second = second_of(reading, (self.course.rule,))
        if not second.is_clean and not self._is_beyond(second):
            self.why = "the generator is the limit: waiting"
            return None
        self._seconds.append(second)
        seconds = list(self._seconds)
        is_alarm = self._is_alarming(seconds[-2:])
        if len(seconds) < PERIOD_S and not is_alarm:
            return None
        found = figure(self.course.rule, 0, seconds[-2:] if is_alarm else seconds)
        if found is None:
            self.why = "nothing was measured"
            return None
        return self._moved(found, at_s)

    def _is_beyond(self, second: Second) -> bool:
        found = figure(self.course.rule, 0, [second])
        return found is not None and found.severity > 0

    def _is_alarming(self, last: list[Second]) -> bool:
        each = [figure(self.course.rule, 0, [second]) for second in last]
        return len(last) == 2 and all(it is not None and it.severity > _ALARM for it in each)

    def _moved(self, found: Figure, at_s: float) -> float | None:
        rule = self.course.rule
        error = -severity(rule, found.value)
        self.observed = amount_text(found.value, rule.unit)
        if abs(error) <= DEADBAND:
            self.why = "at the set point"
            self._seconds.popleft()
            return None
        side = 1 if error > 0 else -1
        if side == -self._side:
            self.gain = max(_LEAST_GAIN, self.gain * _DAMPING)
        elif side == self._side:
            self.gain = min(_MOST_GAIN, self.gain * _GROWTH)
        self._side = side
        step = min(_MOST_UP, max(_MOST_DOWN, self.gain * error))
        if error < -_ALARM:
            # Far beyond it a queue grows with every second; what is too low now is got back.
            step = _MOST_DOWN
            self.gain = _GAIN
        load = self._rounded(self.load * math.exp(step))
        if load == self.load:
            self.why = "at its floor" if side < 0 else "at its limit"
            self._seconds.popleft()
            return None
        self.why = f"{self.observed} is {'below' if side > 0 else 'above'} the set point"
        self.load = load
        self._seconds.clear()
        # The second in which the load changes is of neither; the queue needs another.
        self._from_second = math.ceil(at_s) + 1
        return load

    def _rounded(self, load: float) -> float:
        load = min(self.course.top, max(self.course.floor, load))
        if self.course.lever is Lever.RATE:
            return float(f"{load:.4g}")
        whole = float(round(load))
        if whole == self.load and abs(load - self.load) > 1e-9:
            whole += 1 if load > self.load else -1
        return min(self.course.top, max(self.course.floor, whole))
