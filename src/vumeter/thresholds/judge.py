"""
The judge: readings in, verdicts out. Pure.

`docs/thresholds.md`, "When a threshold is judged", says the same for people. As in k6 a
rule without a window is held against everything since the start, and what that is at the
end decides; one with a window has failed the run once it has failed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vumeter.model.measure import Added, Reading, ScenarioCounts, Tally
from vumeter.model.verdict import Standing, Verdict
from vumeter.thresholds.metrics import NO_METRICS, Seen
from vumeter.thresholds.rule import Rule
from vumeter.thresholds.spans import Span, Spans

EVALUATION_S = 2
"""How often rules are looked at, in run time: k6's interval."""


class Judge:
    """Holds every reading of a run, in order, to the rules; memory is bounded by windows."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._trials = [Trial(rule) for rule in rules]
        self._spans = Spans(trial.rule for trial in self._trials)
        self._second = -1

    def add(self, reading: Reading) -> None:
        """Take *reading*, newer than all before it, into account; every 2 s look at the rules."""
        self._spans.add(reading)
        end_s = reading.second + reading.span_s
        self._second = end_s - 1
        if end_s % EVALUATION_S == 0:
            self._look(float(end_s))

    def conclude(
        self,
        *,
        totals: Mapping[str, Tally],
        scenario_totals: Mapping[str, ScenarioCounts],
        duration_s: float,
        metric_totals: Mapping[str, Added] = NO_METRICS,
    ) -> None:
        """
        Look at the rules for the last time, at the end of the run.

        Args:
            totals: Everything that was counted, with what came too late for any reading.
            scenario_totals: Likewise.
            duration_s: Of the run; rates since the start are over it.
            metric_totals: What scripts added to metrics of their own.
        """
        self._spans.conclude(Seen(totals, scenario_totals, metric_totals), self._second)
        self._look(duration_s, is_last=True)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Return how each rule stands, in the order of the rules."""
        return tuple(trial.verdict() for trial in self._trials)

    def aborting(self) -> Verdict | None:
        """Return the verdict that ends the run now, if there is one."""
        return next((trial.verdict() for trial in self._trials if trial.aborts), None)

    def _look(self, at_s: float, *, is_last: bool = False) -> None:
        for trial in self._trials:
            span = self._spans.of(trial.rule)
            if is_last or span.is_full:
                trial.look(span, at_s=at_s, second=self._second)


@dataclass(slots=True)
class Trial:
    """What is known of one rule."""

    rule: Rule
    _observed: float | None = field(default=None, init=False)
    _is_failing: bool = field(default=False, init=False)
    _was_looked_at: bool = field(default=False, init=False)
    _was_judged: bool = field(default=False, init=False)
    _broken_since_s: float | None = field(default=None, init=False)
    _looked_at_s: float = field(default=0.0, init=False)
    _first_failed_second: int | None = field(default=None, init=False)
    _crossings: int = field(default=0, init=False)

    def look(self, span: Span, *, at_s: float, second: int) -> None:
        """Hold the rule against *span* at run time *at_s*, *second* being the newest in it."""
        self._observed = span.figure(self.rule, at_s)
        self._was_looked_at = True
        self._looked_at_s = at_s
        if self._observed is None:
            # A window in which nothing was measured neither breaks a rule nor mends it.
            self._is_failing = self._is_failing and self.rule.is_lasting
            return
        self._was_judged = True
        fails = self._fails(self._observed, at_s)
        if fails and not self._is_failing:
            self._crossings += 1
            if self._first_failed_second is None:
                self._first_failed_second = second
        self._is_failing = fails

    def verdict(self) -> Verdict:
        """Return how it stands."""
        return Verdict(
            threshold=self.rule.threshold,
            standing=self._standing,
            is_failing=self._is_failing,
            observed=self._observed,
            limit=self.rule.limit,
            unit=self.rule.unit,
            first_failed_second=self._first_failed_second,
            crossings=self._crossings,
        )

    @property
    def aborts(self) -> bool:
        """Whether it ends the run."""
        threshold = self.rule.threshold
        is_late_enough = self._looked_at_s > threshold.delay_abort_s
        return self._is_failing and threshold.abort_on_fail and is_late_enough

    def _fails(self, observed: float, at_s: float) -> bool:
        if self.rule.holds(observed):
            self._broken_since_s = None
            return False
        if self._broken_since_s is None:
            self._broken_since_s = at_s
        return at_s - self._broken_since_s >= self.rule.for_s

    @property
    def _standing(self) -> Standing:
        if self._is_failing or (self.rule.is_lasting and self._crossings):
            return Standing.FAILED
        if not self._was_looked_at:
            return Standing.PENDING
        has_data = self._was_judged if self.rule.is_lasting else self._observed is not None
        return Standing.PASSED if has_data else Standing.NO_DATA
