"""A run as it was driven: its plan, with the hands' commands turned into stages. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec.structs import replace

from vumeter.model.plan import Load, Plan, Scenario, Shape, Stage
from vumeter.model.throttle import Command, CommandKind, Course, JournalEntry, Lever
from vumeter.run.levers import Key
from vumeter.run.throttles import Throttles
from vumeter.schedule import course as courses
from vumeter.schedule import legs
from vumeter.schedule.timetable import openings

GRAIN_S = 1.0
"""A curve that was left half-way is followed in straight pieces of this length."""

_ENDS = (CommandKind.STOP, CommandKind.ABORT)
_NO_THROTTLES = (*_ENDS, CommandKind.MARK)
_Turn = tuple[float, Course | None]
"""From when on a lever followed which course; `None`: it had none."""


def driven(plan: Plan, journal: Sequence[JournalEntry], *, end_s: float) -> Plan:
    """
    Return the plan that does by itself what hands did to *plan*.

    A scenario that no hand moved stays as it was planned. One that was opened or closed in
    mid-run becomes several, one after another.

    Args:
        plan: What the run began with.
        journal: Its commands, oldest first.
        end_s: Run time at which it ended, or now.
    """
    history = _History(plan, journal, end_s=end_s)
    scenarios = [
        part
        for scenario in plan.scenarios
        for part in (history.parts(scenario) if history.was_moved(scenario) else (scenario,))
    ]
    # What never began has no part in it; a plan has one scenario at least.
    return replace(plan, scenarios=tuple(scenarios) or plan.scenarios)


class _History:
    """Where every lever was led, from the plan and the journal."""

    def __init__(self, plan: Plan, journal: Sequence[JournalEntry], *, end_s: float) -> None:
        self._turns: dict[Key, list[_Turn]] = {}
        self._ends_s: dict[str, float] = {}
        self._moved: set[str] = set()
        self._pauses: list[tuple[float, bool]] = []
        for name, opening in openings(plan).items():
            self._turns[name, Lever.VUS] = [(0.0, opening.vus)]
            self._turns[name, Lever.RATE] = [(0.0, opening.rate)]
            self._ends_s[name] = min(end_s, opening.timetable.end_s or end_s)
        throttles = Throttles(plan)
        for entry in journal:
            if not entry.accepted:
                continue
            if entry.command.kind in _NO_THROTTLES:
                if entry.command.kind in _ENDS:
                    self._cut(entry.second)
                continue
            self._apply(throttles, entry.command, entry, end_s=end_s)

    def was_moved(self, scenario: Scenario) -> bool:
        """Return whether any hand changed what *scenario* does."""
        return scenario.name in self._moved or bool(self._pauses)

    def parts(self, scenario: Scenario) -> Iterator[Scenario]:
        """Return *scenario* as it was driven: a part for each time its model was one."""
        spans = list(self._models(scenario))
        for number, (lever, from_s, until_s) in enumerate(spans, start=1):
            name = scenario.name if number == 1 else f"{scenario.name}-{number}"
            load = self._load(scenario, lever, from_s, until_s)
            yield replace(scenario, name=name, load=load)

    def _apply(
        self, throttles: Throttles, command: Command, entry: JournalEntry, *, end_s: float
    ) -> None:
        effect = throttles.apply(command, serial=entry.id, at_s=entry.second)
        for move in effect.moves:
            self._turns[move.scenario, move.lever].append((entry.second, move.course))
            self._ends_s[move.scenario] = min(end_s, move.end_s or end_s)
            self._moved.add(move.scenario)
        if effect.paused is not None:
            self._pauses.append((entry.second, effect.paused))

    def _cut(self, at_s: float) -> None:
        for name, end_s in self._ends_s.items():
            if at_s < end_s:
                self._ends_s[name] = at_s
                self._moved.add(name)

    def _models(self, scenario: Scenario) -> Iterator[tuple[Lever, float, float]]:
        """Return when the model of *scenario* was open and when closed."""
        begin_s, end_s = scenario.load.start_s, self._ends_s[scenario.name]
        turns = self._turns[scenario.name, Lever.RATE]
        borders_s = [(max(begin_s, at_s), course is not None) for at_s, course in turns]
        # Only where it changes: a rate that was set anew is still a rate.
        changes = borders_s[:1] + [now for was, now in pairwise(borders_s) if was[1] is not now[1]]
        ends_s = [at_s for at_s, _ in changes[1:]] + [end_s]
        for (from_s, is_open), until_s in zip(changes, ends_s, strict=True):
            if from_s < until_s:
                yield Lever.RATE if is_open else Lever.VUS, from_s, min(until_s, end_s)

    def _load(self, scenario: Scenario, lever: Lever, from_s: float, until_s: float) -> Load:
        key = (scenario.name, lever)
        stages = list(_merged(self._stages(key, from_s, until_s)))
        first = stages.pop(0).target if stages and stages[0].duration_s == 0 else 0.0
        load = replace(
            scenario.load,
            start_s=from_s,
            duration_s=until_s - from_s,
            stages=tuple(stages),
            iterations=None,
            per_vu=False,
        )
        if lever is Lever.VUS:
            return replace(load, vus=round(first), rate_per_s=None)
        pools = [
            courses.highest([course], max(from_s, at_s), until_s)
            for at_s, course in self._turns[scenario.name, Lever.VUS]
            if course is not None and at_s < until_s
        ]
        return replace(
            load, vus=max(1, round(max(pools, default=1))), rate_per_s=first, pacing_s=0.0
        )

    def _stages(self, key: Key, from_s: float, until_s: float) -> Iterator[Stage]:
        turns = [*self._turns[key], (until_s, None)]
        for (begin_s, course), (end_s, _) in pairwise(turns):
            span = max(begin_s, from_s), min(end_s, until_s)
            if course is not None and span[0] < span[1]:
                for start_s, stop_s, paused in self._unpaused(*span):
                    if paused:
                        yield from (_jump(0.0), Stage(duration_s=stop_s - start_s, target=0.0))
                    else:
                        yield from _followed(course, start_s, stop_s)

    def _unpaused(self, from_s: float, until_s: float) -> Iterator[tuple[float, float, bool]]:
        """Return the pieces of a span in which the load was paused, and in which it was not."""
        paused = False
        for at_s, pauses in self._pauses:
            if at_s > from_s:
                stop_s = min(at_s, until_s)
                if from_s < stop_s:
                    yield from_s, stop_s, paused
                from_s = max(from_s, stop_s)
            paused = pauses
        if from_s < until_s:
            yield from_s, until_s, paused


def _jump(target: float) -> Stage:
    return Stage(duration_s=0.0, target=target)


def _followed(course: Course, from_s: float, until_s: float) -> Iterator[Stage]:
    """Return the stages along *course* within a span; the first jumps to where it begins."""
    starts_s = [leg.start_s for leg in course[1:]] + [until_s]
    for leg, next_s in zip(course, starts_s, strict=True):
        begin_s, end_s = max(from_s, leg.start_s if leg is not course[0] else from_s), next_s
        end_s = min(end_s, until_s)
        if begin_s >= end_s:
            continue
        yield _jump(legs.target(leg, begin_s))
        ramp_end_s = min(end_s, begin_s + legs.remaining_s(leg, begin_s))
        if leg.shape is Shape.LINEAR:
            at_s = [ramp_end_s]
        else:
            pieces = int((ramp_end_s - begin_s) / GRAIN_S)
            at_s = [begin_s + GRAIN_S * each for each in range(1, pieces + 1)] + [ramp_end_s]
        for was_s, now_s in pairwise([begin_s, *at_s]):
            if now_s > was_s:
                yield Stage(duration_s=now_s - was_s, target=legs.target(leg, now_s))
        if end_s > ramp_end_s:
            yield Stage(duration_s=end_s - ramp_end_s, target=legs.target(leg, end_s))


def _merged(stages: Iterator[Stage]) -> Iterator[Stage]:
    """Return *stages* without jumps to where they are, and steady neighbours as one."""
    here: float | None = None
    held: Stage | None = None
    for stage in stages:
        if stage.duration_s == 0 and stage.target == here:
            continue
        if held is not None and stage.target == here == held.target and stage.duration_s > 0:
            held = replace(held, duration_s=held.duration_s + stage.duration_s)
            continue
        if held is not None:
            yield held
            held = None
        if stage.target == here:
            held = stage
        else:
            yield stage
        here = stage.target
    if held is not None:
        yield held
