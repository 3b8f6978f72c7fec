"""
One step of a search: seconds at one load, until they say whether it is held.

docs/probe.md, "How a step is judged", says the same for people.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from vumeter.model.measure import Reading
from vumeter.model.pilot import StepVerdict
from vumeter.pilot.slo import samples_needed
from vumeter.pilot.window import Figure, Second, drift, figure, has_room, is_steady, second_of
from vumeter.thresholds.amounts import amount_text
from vumeter.thresholds.rule import Rule
from vumeter.thresholds.words import short_text

_BROKEN_S = 3
"""So many seconds in a row decide, where they are beyond the limit by `Patience.broken_by`."""
_KEEPS_UP_RATIO = 0.95
_DROPPED_RATIO = 0.01
_GROWS = 1.2


class Patience(NamedTuple):
    """How long a step is looked at."""

    settling_s: int
    """Not looked at, at its beginning."""
    least_s: int
    most_s: int
    margin: float
    """It may be decided early when the figure is farther than this from its limit (logarithm)."""
    broken_by: float
    """Seconds that break a limit by that factor decide at once."""


CLIMBING = Patience(settling_s=1, least_s=3, most_s=12, margin=math.log(1.25), broken_by=2.0)
SEARCHING = Patience(settling_s=3, least_s=10, most_s=18, margin=math.log(1.5), broken_by=4.0)
HOLDING = Patience(settling_s=3, least_s=20, most_s=20, margin=0.0, broken_by=4.0)
_SHAKEN_S = 1
"""So long after a second in which the generator was the limit, what it left is still waiting."""
_CERTAIN = 0.02
"""A figure that its batches agree on so well needs no margin."""
_FEW = 20
"""Samples are enough for a figure that is not half of its limit."""


class Judged(NamedTuple):
    """What a step came to."""

    verdict: StepVerdict
    why: str
    seconds: tuple[Second, ...]
    """Those that were judged."""
    looked: tuple[Second, ...]
    """All that could have been, from when the load had settled."""
    put_on: float
    """The load that there really was in them."""
    rule: Rule | None
    """The tightest."""
    severity: float
    """How far it was beyond its limit."""
    is_steady: bool = True
    is_marginal: bool = False
    is_disturbed: bool = False
    """Whether the generator was the limit, though its own load is not: others had the machine."""
    lacks_vus: bool = False
    """Whether it failed only because the pool of VUs was too small."""


class Step:
    """
    Takes the readings from *first_second* on, which are all of one load, and judges them.

    Args:
        load: What the lever is set to.
        first_second: Earlier ones are not of this load.
        rules: What has to hold.
        scenario: Whose lever it is.
        patience: How long to look.
        is_open: Whether the load is a rate that has to be kept up with.
    """

    def __init__(
        self,
        load: float,
        *,
        first_second: int,
        rules: Sequence[Rule],
        scenario: str,
        patience: Patience,
        is_open: bool,
    ) -> None:
        self.load = load
        self.patience = patience
        self._rules = rules
        self._scenario = scenario
        self._is_open = is_open
        self._first_second = first_second + patience.settling_s
        self._readings: list[Reading] = []
        """All, from when the load had settled."""
        self._clean: list[Second] = []
        """Of these, what tells of the target."""
        self.limited = 0
        """Seconds in which the generator was the limit."""
        self._disturbed = 0
        """Of these, seconds in which its own load was not to blame for that."""
        self._calm_second = 0

    @property
    def seconds(self) -> int:
        """How many count."""
        return len(self._clean)

    @property
    def observed(self) -> str:
        """What the tightest rule comes to so far, in words."""
        tightest = self._tightest(self._clean)
        return "" if tightest is None else _observed(*tightest)

    def add(self, reading: Reading) -> Judged | None:
        """Take a second into account; return what the step comes to once that is known."""
        if reading.second < self._first_second:
            return None
        second = second_of(reading, self._rules)
        self._readings.append(reading)
        if not second.is_clean:
            self.limited += 1
            self._disturbed += has_room(reading.generator)
            self._calm_second = reading.second + _SHAKEN_S + 1
            return self._generator()
        if reading.second < self._calm_second:
            return None
        self._clean.append(second)
        return self._broken() or self._decided()

    def _generator(self) -> Judged | None:
        looked = self.limited + len(self._clean)
        if looked < max(6, self.patience.least_s) or 2 * self.limited < looked:
            return None
        is_disturbed = 2 * self._disturbed > self.limited
        what = "disturbed by others" if is_disturbed else "the limit"
        why = f"the generator was {what} in {self.limited} of {looked} seconds"
        judged = self._judged(StepVerdict.GENERATOR, why, self._clean)
        return judged._replace(is_disturbed=is_disturbed)

    def _broken(self) -> Judged | None:
        """Return that the step has failed when its last seconds leave no doubt."""
        last = self._clean[-_BROKEN_S:]
        if len(last) < _BROKEN_S:
            return None
        dropped, due = self._dropped(last)
        if self._is_open and dropped > max(3.0, _DROPPED_RATIO * due):
            tightest = self._tightest(last)
            holds = tightest is not None and tightest[1].severity <= 0
            why = f"{dropped} of {due} iterations found no free VU"
            return self._judged(StepVerdict.FAILED, why, last, lacks_vus=holds)
        for index, rule in enumerate(self._rules):
            if sum(each.requests for each in last) < samples_needed(rule):
                continue
            each_s = [figure(rule, index, [second]) for second in last]
            beyond = math.log(self.patience.broken_by)
            if all(each is not None and each.severity > beyond for each in each_s):
                found = figure(rule, index, last)
                assert found is not None, "each of its seconds has one"
                why = f"{_observed(rule, found)} for {_BROKEN_S} s"
                return self._judged(StepVerdict.FAILED, why, last, is_steady=False)
        return None

    def _decided(self) -> Judged | None:
        """Return what the step comes to, if it has been looked at for long enough."""
        seconds = self._steady_part()
        number = len(self._clean)
        is_late = number + self.limited >= self.patience.most_s
        if number < self.patience.least_s and not (is_late and 2 * number > self.limited):
            return None
        if not is_late and (seconds is None or not self._has_samples(seconds)):
            return None
        judged = self._clean if seconds is None else seconds
        tightest = self._tightest(judged)
        if tightest is None:
            if not is_late:
                return None
            return self._judged(StepVerdict.FAILED, "nothing was measured", judged)
        rule, found = tightest
        is_far = abs(found.severity) >= self.patience.margin or found.error <= _CERTAIN
        is_clear = found.is_clear and is_far
        if not (is_clear or is_late):
            return None
        return self._judgement(rule, found, judged, is_steady=seconds is not None)

    def _judgement(
        self, rule: Rule, found: Figure, seconds: Sequence[Second], *, is_steady: bool
    ) -> Judged:
        why = _observed(rule, found)
        verdict = StepVerdict.HELD if found.severity <= 0 else StepVerdict.FAILED
        behind = self._behind(seconds)
        if verdict is StepVerdict.HELD and behind:
            verdict, why = StepVerdict.FAILED, behind
        elif verdict is StepVerdict.HELD and not is_steady and drift(seconds) > _GROWS:
            verdict, why = StepVerdict.FAILED, f"{why}, and still growing"
        return self._judged(
            verdict, why, seconds, is_steady=is_steady, is_marginal=not found.is_clear
        )

    def _judged(
        self,
        verdict: StepVerdict,
        why: str,
        seconds: Sequence[Second],
        *,
        is_steady: bool = True,
        is_marginal: bool = False,
        lacks_vus: bool = False,
    ) -> Judged:
        tightest = self._tightest(seconds)
        rule = None if tightest is None else tightest[0]
        return Judged(
            verdict,
            why,
            tuple(seconds),
            tuple(self._clean),
            self._put_on(self._clean),
            rule,
            -1.0 if tightest is None else tightest[1].severity,
            is_steady,
            is_marginal,
            lacks_vus=lacks_vus,
        )

    def _steady_part(self) -> list[Second] | None:
        """Return the longest end that is steady; `None`: none that is long enough."""
        least = max(2, min(self.patience.least_s, len(self._clean)) // 2, 3)
        for start in range(max(0, len(self._clean) - least) + 1):
            part = self._clean[start:]
            if is_steady(part):
                return part
        return None

    def _has_samples(self, seconds: Sequence[Second]) -> bool:
        number = sum(each.requests for each in seconds)
        tightest = self._tightest(seconds)
        if tightest is not None and tightest[1].severity < math.log(0.5):
            return number >= _FEW
        return all(number >= samples_needed(rule) for rule in self._rules)

    def _tightest(self, seconds: Sequence[Second]) -> tuple[Rule, Figure] | None:
        if not seconds:
            return None
        found = [
            (rule, each)
            for index, rule in enumerate(self._rules)
            if (each := figure(rule, index, seconds)) is not None
        ]
        return max(found, key=lambda pair: pair[1].severity, default=None)

    def _behind(self, seconds: Sequence[Second]) -> str:
        """Return that the target does not keep up with the rate, in words; empty: it does."""
        if not self._is_open:
            return ""
        # Those left out included: what came just before one of them is done in it.
        between = range(seconds[0].reading.second, seconds[-1].reading.second + 1)
        counts = [
            each.scenarios.get(self._scenario) for each in self._readings if each.second in between
        ]
        due = sum(each.iterations_due for each in counts if each)
        done = sum(each.iterations_done for each in counts if each)
        # Arrivals scatter by chance like √n, and what was begun before ends now.
        if done >= due - max((1 - _KEEPS_UP_RATIO) * due, 3 * math.sqrt(due)):
            return ""
        return f"only {done} of {due} iterations were done: the rest piles up"

    def _put_on(self, seconds: Sequence[Second]) -> float:
        """Return the load that there really was: of a rate, the arrivals as chance had them."""
        if not (self._is_open and seconds):
            return self.load
        return self._dropped(seconds)[1] / len(seconds)

    def _dropped(self, seconds: Sequence[Second]) -> tuple[int, int]:
        counts = [each.reading.scenarios.get(self._scenario) for each in seconds]
        return (
            sum(each.iterations_dropped for each in counts if each),
            sum(each.iterations_due for each in counts if each),
        )


def _observed(rule: Rule, found: Figure) -> str:
    return f"{short_text(rule.threshold)} is {amount_text(found.value, rule.unit)}"
