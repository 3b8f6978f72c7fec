"""
The search for a capacity: readings in, moves of a lever out. Pure.

    climb ──fails──▶ recover ──▶ bisect ⇄ recover ──▶ hold ──▶ recover ──▶ over
      │ (the first load fails already)                 │ fails: a little lower, again
      └──▶ recover ──▶ descend ──▶ bisect              ┘

docs/probe.md says the same for people. Whoever owns one of these feeds it every reading of the
run, and sets the lever to what it answers.

Over 400 lines: its phases share one state, and each is some lines of it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from vumeter.model.measure import Reading
from vumeter.model.pilot import Outcome, PilotPhase, StepVerdict
from vumeter.model.throttle import Lever
from vumeter.pilot.crossing import Crossing
from vumeter.pilot.recovery import Recovery
from vumeter.pilot.step import CLIMBING, HOLDING, SEARCHING, Judged, Patience, Step
from vumeter.pilot.trials import limit_of
from vumeter.thresholds.rule import Rule

USUAL_S = 180.0
RAMP_S = 0.5
"""A step up takes a moment: opening every connection at once would be a load of its own."""
FACTOR = 2.0
SLOW_FACTOR = 1.3
"""From where a figure is at half of its limit, steps are smaller."""
_NEAR_LIMIT = math.log(0.5)
_REST_RATIO = 0.5
"""Of the highest load that held: what the target recovers at."""
_MILD = math.log(1.5)
"""A figure that is not farther beyond its limit leaves nothing to get over."""
_RETRIES = 2
"""
So often a step is repeated in which the generator was the limit; where others only had the machine,
for as long as there is time for a hold and its repetition.
"""
_HOLDS = 3
"""So often a hold is tried, each time a little lower."""
_HOLD_TAKES_S = 29.0
"""What a hold and the recovery after it take."""
_LAST_S = 2.2 * _HOLD_TAKES_S
"""The search for more ends so long before its time: one hold may fail."""
_BELOW_RATIO = 0.99
"""Of the load at which the limit is met: what is held, so that noise alone does not break it."""
_SURE_RATIO = 0.01
"""A crossing with a smaller standard error is as good as a narrow bracket."""
_SURE_TRIALS = 4
_BEYOND = 1.05
_LOWER_RATIO = 0.95
"""Of a load that was not confirmed, where nothing else says how much lower to go."""
_WIDE = 1.5
"""Of a wider bracket the middle is that of logarithms, as the steps down were."""


class Search(NamedTuple):
    """What is looked for, and within what."""

    rules: tuple[Rule, ...]
    scenario: str
    lever: Lever
    is_open: bool
    start: float
    floor: float
    """No lower load is tried."""
    top: float
    """The guard rail: no higher load is tried."""
    resolution_ratio: float = 0.03
    """How near the highest load that held and the lowest that did not have to come."""
    within_s: float = USUAL_S
    """It goes on to the hold when the time for a further step has run out."""


class Move(NamedTuple):
    """What the lever is to be set to."""

    load: float
    ramp_s: float
    why: str


class Record(NamedTuple):
    """A step that was judged."""

    load: float
    judged: Judged
    limited_seconds: int
    phase: PilotPhase


class Finder:
    """
    Looks for the highest load at which every rule holds.

    Use: `begin`, then `hear` each reading, until `outcome` says what came of it.
    """

    def __init__(self, search: Search) -> None:
        self.search = search
        self.phase = PilotPhase.CLIMB
        self.load = self._rounded(search.start)
        self.low: float | None = None
        self.high: float | None = None
        self.records: list[Record] = []
        self.why = ""
        self.outcome: Outcome | None = None
        self.is_confirmed = False
        self.recovered_s: float | None = None
        self.is_rail = False
        """Whether a guard rail kept it from going higher."""
        self.is_generator = False
        """Whether the generator did."""
        self._started_s = 0.0
        self._moved_s = 0.0
        self._retries = 0
        self._holds = 0
        self._step: Step | None = None
        self._recovery: Recovery | None = None
        self._after = PilotPhase.CLIMB

    # What others see

    @property
    def number(self) -> int:
        """The number of the present step, from 1 on."""
        return len(self.records) + (0 if self.outcome else 1)

    @property
    def observed(self) -> str:
        """What the tightest rule comes to at this load so far."""
        return self._step.observed if self._step is not None else ""

    @property
    def crossing(self) -> Crossing | None:
        """Where the tightest rule meets its limit, as far as the steps say."""
        failed = [each for each in self.records if each.judged.verdict is StepVerdict.FAILED]
        rule = min(failed, key=lambda each: each.load).judged.rule if failed else None
        if self.high is None or rule is None:
            return None
        is_wide = self.low is None or self.high > _WIDE * self.low
        middle = self.high if is_wide or self.low is None else (self.low + self.high) / 2
        judged = [each.judged for each in self.records]
        return limit_of(judged, self.search.rules, rule, around=middle)

    @property
    def sustainable(self) -> float | None:
        """The highest load that is held; confirmed or, as `is_confirmed` says, not."""
        if self.is_confirmed or self.low is None or self.crossing is None:
            return self.low
        below = self.search.top if self.high is None else self.high
        return max(self.low, min(below, self._answer(self.low)))

    def eta_s(self, at_s: float) -> float | None:
        """Return a guess of how long it still takes; `None`: nobody knows yet."""
        left_s = max(0.0, self.search.within_s - (at_s - self._started_s))
        spent_s = at_s - self._moved_s
        match self.phase:
            case PilotPhase.BISECT if self.low and self.high:
                width = (self.high - self.low) / self.high
                steps = max(1, math.ceil(math.log2(max(1.0, width / self.search.resolution_ratio))))
                return max(0.0, min(left_s, steps * 14.0 + 35.0 - spent_s))
            case PilotPhase.HOLD:
                return max(0.0, HOLDING.least_s + HOLDING.settling_s + 8.0 - spent_s)
        return None

    # What it does

    def begin(self, at_s: float) -> Move:
        """Begin at run time *at_s*."""
        self._started_s = at_s
        return self._try(self.load, PilotPhase.CLIMB, "first step", at_s)

    def hear(self, reading: Reading, at_s: float) -> Move | None:
        """Take the newest reading into account; return where to go now, or to stay."""
        if self.outcome is not None:
            return None
        if self._recovery is not None:
            return self._hear_recovery(self._recovery, reading, at_s)
        assert self._step is not None, "there is a step unless the target recovers"
        judged = self._step.add(reading)
        if judged is None:
            self.why = self._waiting(self._step)
            return None
        self.records.append(Record(self._step.load, judged, self._step.limited, self.phase))
        return self._go_on(judged, at_s)

    def _waiting(self, step: Step) -> str:
        if step.seconds == 0:
            return "settling"
        return f"{step.seconds} s of {step.patience.least_s} to {step.patience.most_s} s seen"

    # One step after the other

    def _go_on(self, judged: Judged, at_s: float) -> Move | None:
        if judged.verdict is StepVerdict.GENERATOR:
            return self._after_generator(judged, at_s)
        self._retries = 0
        self._bound()
        is_confirmed = self.phase is PilotPhase.HOLD and self._is_within_noise(judged)
        if judged.verdict is StepVerdict.HELD or is_confirmed:
            if self.phase is PilotPhase.HOLD:
                self.is_confirmed = True
                self.low = self.load
                return self._rest(PilotPhase.OVER, f"{judged.why}: confirmed", at_s)
            return self._next(judged, at_s)
        if judged.lacks_vus:
            self.is_rail = True
        if self.phase is PilotPhase.HOLD:
            return self._after_failed_hold(judged, at_s)
        return self._after_failure(judged, at_s)

    def _after_failure(self, judged: Judged, at_s: float) -> Move | None:
        if self.low is None:
            is_lowest = self.load <= self.search.floor
            after = PilotPhase.OVER if is_lowest else PilotPhase.DESCEND
            return self._rest(after, judged.why, at_s)
        # Below the limit it failed by what piles up.
        if judged.is_steady and 0 < judged.severity < _MILD:
            return self._next(judged, at_s)
        return self._rest(PilotPhase.BISECT, judged.why, at_s)

    def _is_within_noise(self, judged: Judged) -> bool:
        """
        Return whether a hold that ended beyond the limit is confirmed all the same.

        It is where its own noise could have done that, and the line through all steps, this
        one included, still has the limit at a higher load.
        """
        found = self.crossing
        return judged.is_marginal and found is not None and found.load >= self.load

    def _bound(self) -> None:
        """Find the bracket: a later step that held takes back a failure at that load or below."""
        failed: set[float] = set()
        held: set[float] = set()
        for load, verdict in ((each.load, each.judged.verdict) for each in self.records):
            if verdict is StepVerdict.HELD:
                failed = {each for each in failed if each > load}
                held.add(load)
            elif verdict is StepVerdict.FAILED:
                held.discard(load)
                failed.add(load)
        self.high = min(failed, default=None)
        top = self.search.top if self.high is None else self.high
        self.low = max((each for each in held if each <= top), default=None)

    def _next(self, judged: Judged, at_s: float) -> Move | None:
        """Return the next step, the load before it having been held or got over."""
        low = self.low
        assert low is not None, "something held"
        if self.high is None:
            if low >= self.search.top:
                self.is_rail = True
                return self._hold(low, "the guard rail is reached", at_s)
            factor = FACTOR if judged.severity < _NEAR_LIMIT else SLOW_FACTOR
            load = min(self._rounded(low * factor), self.search.top)
            return self._try(load, PilotPhase.CLIMB, f"{judged.why}: up", at_s)
        between = self._between(low, self.high)
        is_late = at_s - self._started_s > self.search.within_s - _LAST_S
        if between is None or is_late:
            why = "near enough" if between is None else "no time for another step"
            return self._hold(self._answer(low), why, at_s)
        return self._try(between, PilotPhase.BISECT, "between the two", at_s)

    def _between(self, low: float, high: float) -> float | None:
        """Return the next load around the limit; `None`: it is known well enough."""
        found = self.crossing
        if found is None:
            is_near = high - low <= self.search.resolution_ratio * high
            is_wide = high > _WIDE * low
            load = self._rounded(math.sqrt(low * high) if is_wide else (low + high) / 2)
            return None if is_near or not low < load < high else load
        if found.trials >= _SURE_TRIALS and found.error <= _SURE_RATIO * found.load:
            return None
        # Noise may have set the bracket too low or too high: a little beyond it is looked, too.
        load = self._rounded(min(high * _BEYOND, max(low / _BEYOND, found.load)))
        if self.search.lever is Lever.VUS and any(each.load == load for each in self.records):
            # Of whole numbers there are few: once more the same one would tell nothing new.
            return low + 1 if low + 1 < high else None
        return load

    def _answer(self, low: float) -> float:
        """Return the load to confirm: a little below the limit, as far as that is known."""
        found = self.crossing
        if found is not None:
            return self._rounded(_BELOW_RATIO * found.load)
        is_near = self.high is not None and self.high < 1.25 * low
        return self._rounded((low + (self.high or low)) / 2) if is_near else low

    def _lower(self, low: float) -> float:
        """Return the load to confirm after one that was not."""
        tried = self.records[-1].load
        found = self.crossing
        load = min(
            tried * (1 - self.search.resolution_ratio / 2),
            tried * _LOWER_RATIO if found is None else _BELOW_RATIO * found.load,
        )
        return max(low, self._rounded(load))

    def _hold(self, load: float, why: str, at_s: float) -> Move:
        self._holds += 1
        return self._try(load, PilotPhase.HOLD, f"{why}: confirm it", at_s, patience=HOLDING)

    def _after_failed_hold(self, judged: Judged, at_s: float) -> Move | None:
        left_s = self.search.within_s - (at_s - self._started_s)
        is_last = self._holds >= _HOLDS or left_s < _HOLD_TAKES_S or self.low is None
        after = PilotPhase.OVER if is_last else PilotPhase.HOLD
        return self._rest(after, judged.why, at_s)

    def _after_generator(self, judged: Judged, at_s: float) -> Move | None:
        self._retries += 1
        left_s = self.search.within_s - (at_s - self._started_s)
        may_pass = judged.is_disturbed and left_s > 2 * _HOLD_TAKES_S
        if left_s > _HOLD_TAKES_S and (self._retries <= _RETRIES or may_pass):
            patience = HOLDING if self.phase is PilotPhase.HOLD else None
            return self._try(self.load, self.phase, f"{judged.why}: again", at_s, patience=patience)
        self.is_generator = True
        self._retries = 0
        is_last = self.phase is PilotPhase.HOLD or left_s < _HOLD_TAKES_S
        if self.low is None or is_last:
            return self._rest(PilotPhase.OVER, judged.why, at_s)
        return self._hold(self.low, judged.why, at_s)

    # Recovering

    def _rest(self, after: PilotPhase, why: str, at_s: float) -> Move:
        """Let the target recover, and then go on with *after*."""
        self._after = after
        base = self.low if self.low is not None else self.load
        # Where nothing was held yet, only the floor is known to be harmless.
        load = self.search.floor if after is PilotPhase.DESCEND else base * _REST_RATIO
        load = self._rounded(max(self.search.floor, load))
        self.phase = PilotPhase.RECOVER
        self._step = None
        self.load = load
        self._moved_s = at_s
        self.why = "recovering"
        self._recovery = Recovery(
            rules=self.search.rules,
            first_second=math.ceil(at_s),
            held=[each.judged for each in self._held()],
        )
        return Move(load, 0.0, f"{why}: let it recover")

    def _hear_recovery(self, recovery: Recovery, reading: Reading, at_s: float) -> Move | None:
        recovery.add(reading)
        if recovery.took_s is None and not recovery.is_given_up:
            return None
        self._recovery = None
        if recovery.took_s is None:
            self._end(Outcome.NOTHING if self.low is None else Outcome.BROKEN, recovery.why)
            return None
        if self._after is PilotPhase.OVER:
            self.recovered_s = recovery.took_s
            self._end(self._result(), "")
            return None
        return self._after_recovery(at_s)

    def _after_recovery(self, at_s: float) -> Move | None:
        match self._after:
            case PilotPhase.HOLD:
                assert self.low is not None, "only then"
                assert self.high is not None, "it has just failed"
                return self._hold(self._lower(self.low), "a little lower", at_s)
            case PilotPhase.DESCEND:
                assert self.high is not None, "it has failed"
                load = max(self.search.floor, self._rounded(self.high / FACTOR))
                return self._try(load, PilotPhase.DESCEND, "lower", at_s)
            case _:
                assert self.records, "a step has failed"
                return self._next(self.records[-1].judged, at_s)

    def _result(self) -> Outcome:
        if self.low is None:
            return Outcome.GENERATOR if self.is_generator else Outcome.NOTHING
        if self.is_generator:
            return Outcome.GENERATOR
        return Outcome.GUARD_RAIL if self.is_rail else Outcome.FOUND

    def _end(self, outcome: Outcome, why: str) -> None:
        self.outcome = outcome
        self.phase = PilotPhase.OVER
        self.why = why

    # Moving

    def _try(
        self,
        load: float,
        phase: PilotPhase,
        why: str,
        at_s: float,
        *,
        patience: Patience | None = None,
    ) -> Move:
        ramp_s = RAMP_S if load > self.load else 0.0
        self.phase, self.load, self.why = phase, load, "settling"
        self._moved_s = at_s
        usual = CLIMBING if phase is PilotPhase.CLIMB else SEARCHING
        self._step = Step(
            load,
            first_second=math.ceil(at_s + ramp_s),
            rules=self.search.rules,
            scenario=self.search.scenario,
            patience=patience or usual,
            is_open=self.search.is_open,
        )
        return Move(load, ramp_s, why)

    def _rounded(self, load: float) -> float:
        if self.search.lever is Lever.VUS:
            return float(max(1, round(load)))
        return float(f"{load:.4g}")

    def _held(self) -> Sequence[Record]:
        return [each for each in self.records if each.judged.verdict is StepVerdict.HELD]
