"""A run as it was driven: its plan, with the hands' commands turned into stages. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec.structs import replace

from vumeter.model.plan import Load, Plan, Scenario, Shape, Stage
from vumeter.model.throttle import ENDS, NO_THROTTLES, JournalEntry, Lever
from vumeter.run.throttles import Throttles
from vumeter.run.track import Piece, Span
from vumeter.schedule import course as courses
from vumeter.schedule import legs

GRAIN_S = 1.0
"""A curve that was left half-way is followed in straight pieces of this length."""


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
    # Two targets as they were driven are two scenarios: nothing is divided once more.
    return replace(plan, scenarios=tuple(scenarios) or plan.scenarios, variants=None)


class _History:
    """Where every lever was led, from the plan and the journal."""

    def __init__(self, plan: Plan, journal: Sequence[JournalEntry], *, end_s: float) -> None:
        throttles = Throttles(plan)
        cut_s = end_s
        for entry in journal:
            kind = entry.command.kind
            if entry.accepted and kind in ENDS:
                cut_s = min(cut_s, entry.second)
            elif entry.accepted and kind not in NO_THROTTLES:
                throttles.apply(entry.command, serial=entry.id, at_s=entry.second)
        throttles.advance(end_s)
        self._track = throttles.track
        self._cut_s, self._end_s = cut_s, end_s

    def was_moved(self, scenario: Scenario) -> bool:
        """Return whether any hand changed what *scenario* does."""
        track = self._track
        is_cut = self._cut_s < self._led_until_s(scenario)
        return scenario.name in track.moved or track.was_paused or is_cut

    def parts(self, scenario: Scenario) -> Iterator[Scenario]:
        """Return *scenario* as it was driven: a part for each time its model was one."""
        until_s = min(self._cut_s, self._led_until_s(scenario))
        for number, span in enumerate(self._track.spans(scenario.name, until_s), start=1):
            name = scenario.name if number == 1 else f"{scenario.name}-{number}"
            yield replace(scenario, name=name, load=self._load(scenario, span))

    def _led_until_s(self, scenario: Scenario) -> float:
        end_s = self._track.ends_s[scenario.name]
        return self._end_s if end_s is None else min(self._end_s, end_s)

    def _load(self, scenario: Scenario, span: Span) -> Load:
        pieces = self._track.pieces(scenario.name, span)
        stages = list(_merged(stage for piece in pieces for stage in _stages(piece)))
        first = stages.pop(0).target if stages and stages[0].duration_s == 0 else 0.0
        load = replace(
            scenario.load,
            start_s=span.start_s,
            duration_s=span.end_s - span.start_s,
            stages=tuple(stages),
            iterations=None,
            per_vu=False,
        )
        if span.lever is Lever.VUS:
            return replace(load, vus=round(first), rate_per_s=None)
        vus = self._track.pool(scenario.name, span)
        pool = max(1, round(courses.highest([vus], span.start_s, span.end_s)))
        return replace(load, vus=pool, rate_per_s=first, pacing_s=0.0)


def _jump(target: float) -> Stage:
    return Stage(duration_s=0.0, target=target)


def _stages(piece: Piece) -> Iterator[Stage]:
    """Return the stages along *piece*; the first jumps to where it begins."""
    leg, begin_s, end_s = piece.leg, piece.start_s, piece.end_s
    yield _jump(legs.target(leg, begin_s))
    ramp_end_s = min(end_s, begin_s + legs.remaining_s(leg, begin_s))
    at_s = [ramp_end_s]
    if leg.shape is not Shape.LINEAR:
        grains = int((ramp_end_s - begin_s) / GRAIN_S)
        at_s = [begin_s + GRAIN_S * each for each in range(1, grains + 1)] + [ramp_end_s]
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
