"""
A run driven again, live: what was led since its start becomes the plan from now on. Pure.

What export-profile writes into a file, this puts on the clock: each time in which a model
was open or closed is a timetable, and the next takes over where it changed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from vumeter.model.plan import Plan, Scenario
from vumeter.model.throttle import Course, Lever
from vumeter.run.levers import PLANNED, Aims, Progress, Turn
from vumeter.run.standing import Standing
from vumeter.run.track import Piece, Span, Track
from vumeter.run.words import span as span_words
from vumeter.schedule import course as courses
from vumeter.schedule import legs
from vumeter.schedule.timetable import Section, Timetable

MOST_STAGES = 500
"""Of a scenario that is driven again: every frame that viewers are sent has them all."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The turn that drives a run again, and in words what it leaves out."""

    turn: Turn
    """Without aims: there is nothing to drive again."""
    notes: tuple[str, ...]
    end_s: float | None
    """When the schedules end with it; `None`: one has no end, and stays where it was led."""


def replay(plan: Plan, track: Track, standing: Standing, at_s: float) -> Replay:
    """
    Return how to drive again, from *at_s* on, what was driven until then.

    A schedule with an end ends with its replay; one without stays where it was led. What
    has ended or is counted in iterations cannot be had again. What has not begun yet waits
    for so much longer.
    """
    aims: Aims = {}
    progress: dict[str, Progress] = {}
    notes: list[str] = []
    for scenario in plan.scenarios:
        name = scenario.name
        now = standing.progress[name]
        refusal = _refusal(scenario, track, now, at_s)
        if refusal:
            notes.append(refusal)
        elif not now.has_begun(at_s):
            progress[name] = now.put_off(2 * at_s, since_s=now.clock_s(at_s))
        else:
            progress[name] = _again(track, name, now, at_s)
            has_rate = standing.stands[name, Lever.RATE].course is not None
            is_open = progress[name].timetable.moved is Lever.RATE
            aims |= {(name, Lever.VUS): PLANNED}
            aims |= {(name, Lever.RATE): PLANNED} if has_rate or is_open else {}
    ends_s = [progress[name].end_s for name, _ in aims]
    end_s = None if None in ends_s else max((end for end in ends_s if end is not None), default=0)
    return Replay(Turn(aims, progress if aims else {}), tuple(notes), end_s)


def _refusal(scenario: Scenario, track: Track, progress: Progress, at_s: float) -> str:
    name = scenario.name
    if progress.has_ended(at_s):
        return f"{name} has ended and stays so"
    if scenario.load.iterations is not None:
        return f"{name} goes on: its iterations are counted, and not done anew"
    stages = sum(1 for span in track.spans(name, at_s) for _ in _stages(track.pieces(name, span)))
    if stages > MOST_STAGES:
        return f"{name} was led through {stages} stages: above {MOST_STAGES}, export-profile it"
    if progress.has_begun(at_s) and not stages:
        return f"{name} has just begun"
    return ""


def _again(track: Track, name: str, now: Progress, at_s: float) -> Progress:
    """Return the progress that leads *name* from *at_s* on as it was led until then."""
    end_s = None if now.timetable.end_s is None else 2 * at_s
    first, *then = (
        _timetable(
            list(_stages(track.pieces(name, span))),
            span,
            track.pool(name, span),
            by_s=at_s,
            end_s=end_s,
        )
        for span in track.spans(name, at_s)
    )
    return Progress(first, then=tuple(then), replays=True)


def _whole(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Return *pieces*, those that only go on where the one before was as one with it."""
    held: Piece | None = None
    for piece in pieces:
        if held is not None and _goes_on(held, piece):
            held = replace(held, end_s=piece.end_s)
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _stages(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Return *pieces* as stages: a ramp is one, and what stays after it another."""
    for piece in _whole(pieces):
        ramped_s = piece.start_s + legs.remaining_s(piece.leg, piece.start_s)
        if piece.start_s < ramped_s < piece.end_s:
            yield replace(piece, end_s=ramped_s)
            yield Piece(legs.flat(piece.leg.end, start_s=ramped_s), ramped_s, piece.end_s)
        else:
            yield piece


def _goes_on(before: Piece, piece: Piece) -> bool:
    return legs.rest(before.leg, piece.start_s) == legs.rest(piece.leg, piece.start_s)


def _timetable(
    pieces: list[Piece], span: Span, pool: Course, *, by_s: float, end_s: float | None
) -> Timetable:
    """Return *pieces* as stages, but everything *by_s* later, and what follows the last."""
    begin_s, until_s = span.start_s + by_s, span.end_s + by_s
    sections = [
        Section(
            number=number,
            start_s=piece.start_s + by_s,
            end_s=piece.end_s + by_s,
            leg=courses.shifted((piece.leg,), by_s)[0],
        )
        for number, piece in enumerate(pieces, start=1)
    ]
    stays = legs.flat(legs.target(pieces[-1].leg, span.end_s), start_s=until_s)
    wait = Section(number=0, start_s=0.0, end_s=begin_s, leg=legs.flat(0.0))
    after = Section(
        number=len(pieces) + 1,
        start_s=until_s,
        end_s=math.inf if end_s is None else end_s,
        leg=stays,
    )
    return Timetable(
        sections=tuple(
            section for section in (wait, *sections, after) if section.start_s < section.end_s
        ),
        stages=len(pieces),
        begin_s=begin_s,
        end_s=end_s,
        moved=span.lever,
        pool=courses.shifted(pool, by_s),
    )


def words(made: Replay, track_words: str, at_s: float) -> str:
    """Return what a replay will do: "replay the first 4m12s: 3 changes of VU; …"."""
    ends = (
        "then stays where that led: no end"
        if made.end_s is None
        else f"then the schedule ends, in {span_words(made.end_s - at_s)}"
    )
    return "; ".join((f"replay the first {span_words(at_s)}: {track_words}", ends, *made.notes))
