"""A finder and a cruise control at work: their moves as commands, and how they stand."""

from msgspec.structs import replace

from vumeter.model.measure import Reading
from vumeter.model.metric import Unit
from vumeter.model.pilot import Finding, Outcome, PilotKind, PilotPhase, PilotState
from vumeter.model.plan import Plan
from vumeter.model.throttle import Command, CommandKind, Lever, ThrottleState
from vumeter.pilot.course import Course
from vumeter.pilot.cruise import Cruise
from vumeter.pilot.findings import finding
from vumeter.pilot.level import LevelCruise
from vumeter.pilot.search import USUAL_S, Finder, Move, Search
from vumeter.pilot.slo import is_time
from vumeter.thresholds.rule import Rule
from vumeter.thresholds.words import short_text


class Searching:
    """A finder at work, and for whom."""

    kind = PilotKind.FINDER

    def __init__(
        self,
        plan: Plan,
        rules: tuple[Rule, ...],
        state: ThrottleState,
        *,
        pool: ThrottleState | None,
        author: str,
        at_s: float,
    ) -> None:
        self._pool = pool
        floor = _floor(plan, state.lever)
        self._search = Search(
            rules=rules,
            scenario=state.scenario,
            lever=state.lever,
            is_open=state.lever is Lever.RATE,
            start=min(max(state.target, floor), state.limit),
            floor=min(floor, state.limit),
            top=state.limit,
            within_s=USUAL_S if plan.probe is None else plan.probe.within_s,
        )
        self._finder = Finder(self._search)
        self._author = author
        self._started_s = at_s
        self._before = state.target
        self.aim = ", ".join(short_text(rule.threshold) for rule in rules)

    @property
    def is_over(self) -> bool:
        """Whether it has its answer."""
        return self._finder.outcome is not None

    @property
    def steps(self) -> int:
        """How many steps were judged so far."""
        return len(self._finder.records)

    def begin(self, at_s: float) -> list[Command]:
        """Return the first moves: a rate needs as many VUs as there may be."""
        first = self._command(self._finder.begin(at_s))
        if self._pool is None or self._pool.requested >= self._pool.limit:
            return [first]
        why = "as many as there may be: no rate is to fail for want of them"
        return [self._of_pool(self._pool.limit, why), first]

    def hear(self, reading: Reading, at_s: float) -> Command | None:
        """Return the move that follows from *reading*."""
        move = self._finder.hear(reading, at_s)
        return None if move is None else self._command(move)

    def finding(self, at_s: float, *, why: str) -> Finding:
        """Return what it has found, or would have but for *why*."""
        return finding(
            self._finder, author=self._author, started_s=self._started_s, at_s=at_s, why=why
        )

    def way_back(self, found: Finding) -> list[Command]:
        """Return the moves that leave the levers where they do no harm."""
        load, why = self._search.floor, "to the floor"
        if found.outcome not in (Outcome.BROKEN, Outcome.NOTHING) and found.sustainable is not None:
            load, why = min(self._before, found.sustainable), "back to where it was"
        back = [_set(self.kind, self._search, load, why)]
        if self._pool is not None and self._pool.requested < self._pool.limit:
            back.append(self._of_pool(self._pool.requested, "back to where it was"))
        return back

    def _of_pool(self, vus: float, why: str) -> Command:
        return replace(_set(self.kind, self._search, vus, why), lever=Lever.VUS)

    def state(self, at_s: float, *, text: str = "") -> PilotState:
        """Return how it stands; over, with *text* for what came of it."""
        finder = self._finder
        return PilotState(
            kind=self.kind,
            phase=PilotPhase.OVER if text else finder.phase,
            scenario=self._search.scenario,
            lever=self._search.lever,
            aim=self.aim,
            load=finder.load,
            why=text or finder.why,
            step=finder.number,
            low=finder.low,
            high=finder.high,
            observed=finder.observed,
            since_s=self._started_s,
            eta_s=None if text else finder.eta_s(at_s),
        )

    def _command(self, move: Move) -> Command:
        why = f"{self._finder.phase}, {move.why}"
        return replace(_set(self.kind, self._search, move.load, why), ramp_s=move.ramp_s)


class Cruising:
    """A cruise control at work."""

    kind = PilotKind.CRUISE

    def __init__(self, plan: Plan, rule: Rule, state: ThrottleState, *, at_s: float) -> None:
        floor = min(_floor(plan, state.lever), state.limit)
        self._course = Course(
            rule=rule,
            scenario=state.scenario,
            lever=state.lever,
            load=max(state.target, floor),
            floor=floor,
            top=state.limit,
        )
        is_queue = is_time(rule) and rule.unit is Unit.MS and state.lever is Lever.RATE
        self._cruise = (LevelCruise if is_queue else Cruise)(self._course)
        self._cruise.begin(at_s)
        self._started_s = at_s
        self.aim = short_text(rule.threshold).replace("<", " ")

    def hear(self, reading: Reading, at_s: float) -> Command | None:
        """Return the move that follows from *reading*."""
        load = self._cruise.hear(reading, at_s)
        return None if load is None else _set(self.kind, self._course, load, self._cruise.why)

    def state(self, at_s: float, *, text: str = "") -> PilotState:
        """Return how it stands; over, with *text* for why."""
        return PilotState(
            kind=self.kind,
            phase=PilotPhase.OVER if text else PilotPhase.CRUISE,
            scenario=self._course.scenario,
            lever=self._course.lever,
            aim=self.aim,
            load=self._cruise.load,
            why=text or self._cruise.why,
            observed=self._cruise.observed,
            since_s=self._started_s,
        )


def _floor(plan: Plan, lever: Lever) -> float:
    if lever is Lever.VUS:
        return float(max(1, plan.limits.floor_vus))
    return max(0.1, plan.limits.floor_rate_per_s)


def _set(kind: PilotKind, place: Search | Course, load: float, why: str) -> Command:
    return Command(
        kind=CommandKind.SET,
        author=kind,
        scenario=place.scenario,
        lever=place.lever,
        value=load,
        note=why,
    )
