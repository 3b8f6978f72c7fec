"""
A scenario's plan on the clock of the run: when it begins, which stage is when, when it ends.

A timetable is a value. Waiting, skipping and extending make a new one out of it, so that
the one before is all that undoing takes.
"""

import math
from dataclasses import dataclass, replace

from msgspec import structs

from vumeter.model.plan import Load, Plan, Stage
from vumeter.model.throttle import Course, Leg, Lever
from vumeter.schedule import course as courses
from vumeter.schedule import legs


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A span of a timetable: the wait before it, a stage, or what follows the last stage."""

    number: int
    """Of the stage, from 1 on; 0: the wait; above the number of stages: what follows them."""
    start_s: float
    end_s: float
    """Infinity: never."""
    leg: Leg
    """Of the lever that the plan moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """
    One scenario's plan.

    *moved* is the lever that has stages, or could have: the rate of an open scenario, the
    VUs of a closed one. The open one's VUs are its pool, which no stage moves.
    """

    sections: tuple[Section, ...]
    stages: int
    begin_s: float
    """When the load begins."""
    end_s: float | None
    """When the schedule ends; `None`: never, by time."""
    moved: Lever
    pool: Course
    """VUs of an open scenario, from its begin on."""

    @property
    def vus(self) -> Course:
        """Where the plan leads the number of VUs."""
        if self.moved is Lever.VUS:
            return self._legs
        return self.pool if self.begin_s <= 0 else (legs.flat(0.0), *self.pool)

    @property
    def rate(self) -> Course | None:
        """Where the plan leads the rate; `None`: a closed scenario has none."""
        return self._legs if self.moved is Lever.RATE else None

    @property
    def _legs(self) -> Course:
        return tuple(section.leg for section in self.sections)

    def section_at(self, at_s: float) -> Section:
        """Return the section in which run time *at_s* lies."""
        return next(
            (section for section in self.sections if at_s < section.end_s), self.sections[-1]
        )

    def has_begun(self, at_s: float) -> bool:
        """Whether the load is on at *at_s*, or has been."""
        return at_s >= self.begin_s

    def has_ended(self, at_s: float) -> bool:
        """Whether the schedule is over at *at_s*."""
        return self.end_s is not None and at_s >= self.end_s

    def put_off(self, by_s: float, *, at_s: float) -> "Timetable":
        """Return the timetable whose clock stood still for *by_s* from *at_s* on."""
        here = self.section_at(at_s)
        # As a whole, so that what is left of it is right from any time that it stood at.
        (leg,) = courses.shifted((here.leg,), by_s)
        return self._with(replace(here, end_s=here.end_s + by_s, leg=leg), by_s, at_s)

    def extended(self, by_s: float, *, at_s: float) -> "Timetable":
        """Return the timetable whose present section takes *by_s* more: a ramp goes slower."""
        here = self.section_at(at_s)
        leg, left_s = here.leg, legs.remaining_s(here.leg, at_s)
        if left_s > 0:
            rest = legs.rest(leg, at_s)
            slower = (left_s + by_s) / left_s
            leg = structs.replace(
                rest, ramp_s=rest.ramp_s * slower, passed_s=rest.passed_s * slower
            )
        return self._with(replace(here, end_s=here.end_s + by_s, leg=leg), by_s, at_s)

    def skipped(self, at_s: float) -> "Timetable":
        """Return the timetable whose present section, which has an end, is over at *at_s*."""
        here = self.section_at(at_s)
        return self._with(replace(here, end_s=at_s), at_s - here.end_s, at_s)

    def _with(self, changed: Section, by_s: float, at_s: float) -> "Timetable":
        """Return the timetable with one section *changed* at *at_s*, the rest *by_s* later."""
        number = changed.number
        sections = (
            section
            if section.number < number
            else changed
            if section.number == number
            else _moved(section, by_s)
            for section in self.sections
        )
        return replace(
            self,
            sections=tuple(sections),
            begin_s=self.begin_s + (by_s if number == 0 else 0.0),
            end_s=None if self.end_s is None else self.end_s + by_s,
            pool=courses.put_off(self.pool, by_s, at_s=at_s),
        )


def timetable(load: Load) -> Timetable:
    """Return when *load* begins, what its stages are, and when it ends, as it was planned."""
    moved = Lever.VUS if load.rate_per_s is None else Lever.RATE
    begin = float(load.vus) if load.rate_per_s is None else load.rate_per_s
    sections: list[Section] = []
    if load.start_s > 0:
        wait = Section(number=0, start_s=0.0, end_s=load.start_s, leg=legs.flat(0.0))
        sections.append(wait)
    start_s = load.start_s
    for number, stage in enumerate(load.stages, 1):
        sections.append(_section(stage, number=number, start_s=start_s, begin=begin))
        start_s, begin = start_s + stage.duration_s, stage.target
    after = legs.flat(begin, start_s=start_s)
    sections.append(
        Section(number=len(load.stages) + 1, start_s=start_s, end_s=math.inf, leg=after)
    )
    end_s = math.inf if load.end_s is None else load.end_s
    return Timetable(
        sections=tuple(
            replace(section, end_s=min(section.end_s, end_s))
            for section in sections
            if section.start_s < min(section.end_s, end_s)
        ),
        stages=len(load.stages),
        begin_s=load.start_s,
        end_s=load.end_s,
        moved=moved,
        pool=(legs.flat(float(load.vus), start_s=load.start_s),),
    )


def _section(stage: Stage, *, number: int, start_s: float, begin: float) -> Section:
    leg = Leg(
        start_s=start_s,
        begin=begin,
        end=stage.target,
        ramp_s=stage.duration_s,
        shape=stage.shape,
    )
    return Section(number=number, start_s=start_s, end_s=start_s + stage.duration_s, leg=leg)


def _moved(section: Section, by_s: float) -> Section:
    (leg,) = courses.shifted((section.leg,), by_s)
    return replace(section, start_s=section.start_s + by_s, end_s=section.end_s + by_s, leg=leg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a scenario begins with: its timetable, and its courses within the run's limits."""

    timetable: Timetable
    vus: Course
    rate: Course | None


def openings(plan: Plan) -> dict[str, Opening]:
    """Return how each scenario of *plan* begins; where limits do not suffice, the first win."""
    found: dict[str, Opening] = {}
    for scenario in plan.scenarios:
        table = timetable(scenario.load)
        others = found.values()
        vus_before = [courses.ending(each.vus, each.timetable.end_s) for each in others]
        rates_before = [
            courses.ending(each.rate, each.timetable.end_s)
            for each in others
            if each.rate is not None
        ]
        vus_left = plan.limits.max_vus - _highest(vus_before, table)
        rate_left = plan.limits.max_rate_per_s - _highest(rates_before, table)
        found[scenario.name] = Opening(
            timetable=table,
            vus=courses.clamped(table.vus, max(0.0, vus_left)),
            rate=None if table.rate is None else courses.clamped(table.rate, max(0.0, rate_left)),
        )
    return found


def _highest(others: list[Course], table: Timetable) -> float:
    return courses.highest(others, table.begin_s, table.end_s)
