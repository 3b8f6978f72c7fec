"""A lever and its plan as the screen shows them."""

from vumeter.model.measure import ScenarioCounts
from vumeter.model.throttle import Course, Lever, StageSpan, ThrottleState
from vumeter.run import steps
from vumeter.run.levers import Key, Progress
from vumeter.run.standing import Standing
from vumeter.schedule import course as courses
from vumeter.schedule import legs
from vumeter.schedule.timetable import Section


def throttle_state(
    standing: Standing,
    key: Key,
    at_s: float,
    *,
    acknowledged: Course | None,
    counts: ScenarioCounts,
) -> ThrottleState:
    """Return the state at *at_s* of a lever that is there; *acknowledged* is its course so far."""
    scenario, lever = key
    progress, stand, leg = (
        standing.progress[scenario],
        standing.stands[key],
        standing.leg(key, at_s),
    )
    assert leg is not None, "it is there"
    has_ended = progress.has_ended(at_s)
    spans, stage = _stages(progress, at_s) if lever is progress.timetable.moved else ((), None)
    return ThrottleState(
        scenario=scenario,
        lever=lever,
        requested=0.0 if has_ended else leg.end,
        acknowledged=_end(acknowledged, at_s, has_ended=has_ended),
        target=standing.target(key, at_s) or 0.0,
        actual=counts.vus_active if lever is Lever.VUS else counts.iterations_started,
        eta_s=0.0 if has_ended else legs.remaining_s(leg, at_s),
        held=progress.held_s is not None,
        limit=standing.limit(key, at_s),
        step=steps.step(lever, leg.end),
        off_plan=bool(spans) and not stand.is_planned and progress.held_s is None,
        replays=progress.replays and stand.is_planned and stage is not None,
        begins_in_s=_begins_in_s(progress, at_s),
        stages=spans,
        stage=stage,
    )


def _end(course: Course | None, at_s: float, *, has_ended: bool) -> float | None:
    if course is None:
        return None
    return 0.0 if has_ended else courses.leg_at(course, at_s).end


def _begins_in_s(progress: Progress, at_s: float) -> float | None:
    if progress.held_s is not None or progress.has_begun(at_s):
        return None
    return progress.timetable.begin_s - at_s


def _stages(progress: Progress, at_s: float) -> tuple[tuple[StageSpan, ...], int | None]:
    """Return the stages as they are now to be, and which of them is the present one."""
    timetable = progress.as_seen(at_s)
    stages = [each for each in timetable.sections if 0 < each.number <= timetable.stages]
    present = timetable.section_at(at_s).number
    index = next((i for i, each in enumerate(stages) if each.number == present), None)
    return tuple(map(_span, stages)), None if timetable.has_ended(at_s) else index


def _span(section: Section) -> StageSpan:
    leg = section.leg
    kind = "steady" if legs.is_steady(leg) else "ramp up" if leg.end > leg.begin else "ramp down"
    return StageSpan(kind=kind, start_s=section.start_s, end_s=section.end_s, target=leg.end)
