"""The plan's thresholds while a run lasts: held against each second, and what is told of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from vumeter.model.frame import EventLevel
from vumeter.model.measure import Added, Reading, ScenarioCounts, Tally
from vumeter.model.plan import Plan
from vumeter.model.throttle import Command, CommandKind
from vumeter.model.verdict import Verdict
from vumeter.thresholds.judge import Judge
from vumeter.thresholds.metrics import NO_METRICS
from vumeter.thresholds.rules import rules_of
from vumeter.thresholds.words import observed_text, short_text, threshold_text
from vumeter.units import duration_text

AUTHOR = "threshold"
"""Who ends a run that a threshold ends, as the journal has it."""


class News(NamedTuple):
    """A threshold began to fail, or recovered: for the event log and the charts."""

    text: str
    level: EventLevel
    label: str


class Alarm:
    """
    Has the judge look at each second, and says what changed.

    Raises:
        ProfileError: A threshold of *plan* is none.
    """

    def __init__(self, plan: Plan) -> None:
        self._judge = Judge(rules_of(plan))
        self.verdicts: tuple[Verdict, ...] = self._judge.verdicts()
        """How each threshold stands."""

    def hear(self, readings: Iterable[Reading]) -> list[News]:
        """Take *readings*, in their order, into account; return what has changed by them."""
        changes: list[News] = []
        for reading in readings:
            self._judge.add(reading)
            changes += self._changes()
        return changes

    def conclude(
        self,
        *,
        totals: Mapping[str, Tally],
        scenario_totals: Mapping[str, ScenarioCounts],
        duration_s: float,
        metric_totals: Mapping[str, Added] = NO_METRICS,
    ) -> list[News]:
        """Look for the last time, with what the whole run came to; return what has changed."""
        self._judge.conclude(
            totals=totals,
            scenario_totals=scenario_totals,
            duration_s=duration_s,
            metric_totals=metric_totals,
        )
        return self._changes()

    @property
    def command(self) -> Command | None:
        """What a threshold wants done now: the run aborted, or nothing."""
        verdict = self._judge.aborting()
        if verdict is None:
            return None
        note = f"{threshold_text(verdict.threshold)} was {observed_text(verdict)}"
        return Command(kind=CommandKind.ABORT, author=AUTHOR, note=note)

    def _changes(self) -> list[News]:
        before, self.verdicts = self.verdicts, self._judge.verdicts()
        return news(before, self.verdicts)


def news(before: Sequence[Verdict], after: Sequence[Verdict]) -> list[News]:
    """Return what has changed between two looks at the same thresholds."""
    changed = [
        now for was, now in zip(before, after, strict=True) if was.is_failing != now.is_failing
    ]
    return [_fails(each) if each.is_failing else _holds(each) for each in changed]


def _fails(verdict: Verdict) -> News:
    text = f"threshold fails: {threshold_text(verdict.threshold)} is {observed_text(verdict)}"
    return News(text, EventLevel.WARNING, short_text(verdict.threshold))


def _holds(verdict: Verdict) -> News:
    text = f"threshold holds again: {threshold_text(verdict.threshold)} is {observed_text(verdict)}"
    if verdict.first_failed_second is not None:
        text += f"; it first failed at {duration_text(verdict.first_failed_second + 1)}"
    return News(text, EventLevel.INFO, f"{short_text(verdict.threshold)} ok")
