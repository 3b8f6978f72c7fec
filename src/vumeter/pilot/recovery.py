"""Whether a target is as well again as it was before a load that it could not take."""

import math
from collections.abc import Sequence

from vumeter.model.measure import Reading
from vumeter.pilot.step import Judged
from vumeter.pilot.window import Second, figure, second_of
from vumeter.thresholds.rule import Rule

LIMIT_S = 60
"""How long a target may take: after that it counts as broken."""
_CALM_S = 2
"""So many seconds in a row have to be well."""
_WORSE_RATIO = 3.0
"""Times the mean response time when it was well: still well, as seconds scatter."""


class Recovery:
    """
    Looks at seconds at a load that is known to be held.

    Well is a second in which something was answered, every rule holds, and the mean response
    time is no longer than it was at any load that was held, or three times that of the first.
    """

    def __init__(self, *, rules: Sequence[Rule], first_second: int, held: Sequence[Judged]) -> None:
        self._rules = rules
        self._first_second = first_second
        # The first step is the target at its best; the highest one that was held, at its limit.
        means = [_mean_us(each.seconds) for each in held]
        self._well_us = max(_WORSE_RATIO * means[0], *means) if means else math.inf
        self._well = 0
        self._seen = 0
        self.took_s: float | None = None
        """How long it took until it was well; `None`: it is not."""
        self.why = ""

    @property
    def is_given_up(self) -> bool:
        """Whether it has had its time."""
        return self.took_s is None and self._seen >= LIMIT_S

    def add(self, reading: Reading) -> None:
        """Take a second into account."""
        if reading.second < self._first_second:
            return
        self._seen += 1
        if not any(each.iterations_due or each.vus_busy for each in reading.scenarios.values()):
            return  # at a low rate there are seconds in which nobody comes
        problem = self._problem(second_of(reading, self._rules))
        if problem:
            self.why = f"not well after {self._seen} s: {problem}"
        self._well = 0 if problem else self._well + 1
        if self._well == _CALM_S:
            self.took_s = float(self._seen - _CALM_S)

    def _problem(self, second: Second) -> str:
        if second.mean_us is None:
            return "nothing is answered"
        for index, rule in enumerate(self._rules):
            found = figure(rule, index, [second])
            if found is not None and found.severity > 0:
                return f"{rule.threshold.metric} {rule.threshold.expression} is broken"
        if second.is_clean and second.mean_us > self._well_us:
            return f"answers take {second.mean_us / 1000:.3g} ms on average"
        return ""


def _mean_us(seconds: Sequence[Second]) -> float:
    known = [(each.mean_us, each.requests) for each in seconds if each.mean_us is not None]
    number = sum(requests for _, requests in known)
    return sum(mean * requests for mean, requests in known) / number if number else math.inf
