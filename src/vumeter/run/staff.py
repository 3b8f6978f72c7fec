"""
Which workers a run has, what each was given and has done, and who follows on a lost one. Pure.

A worker has a number that no other ever has, and a share, which passes from a lost one to
the one that takes its place.

Over 400 lines, because adding a worker and following on a lost one change the same books.
"""

import math
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from vumeter.engine.allowance import own_part
from vumeter.model.measure import Reading, ScenarioCounts, Snapshot
from vumeter.model.messages import (
    Deal,
    Dealt,
    Pause,
    Retarget,
    Share,
    Station,
    Stop,
    Terms,
    Vacant,
)
from vumeter.model.plan import Load, Plan
from vumeter.model.throttle import Lever
from vumeter.run.standing import Move
from vumeter.schedule.integral import Integral
from vumeter.schedule.shares import Deals, share
from vumeter.schedule.timetable import openings
from vumeter.stats.totals import numbers_of

MOST_DEATHS = 3
"""So many workers of one share are replaced within `_DEATHS_WITHIN_S`, and then no more."""

_DEATHS_WITHIN_S = 600.0
_BUSY_CPU_PERCENT = 25.0
"""
Below, a second worker would be held up by what holds up the first: descriptors, a blocked loop.
On a machine with others a worker that always has work can be given as little as a third.
"""
_LIMITED_FOR_S = 3
_SETTLING_S = 3
"""After one was added, before the seconds count in which one was the limit."""
_LEAD_S = 0.05
"""Between the launch of a worker and the first iteration that is its own."""
_NUMBERS_APART = 1_000_000
"""Nobody heard how many VUs a lost worker had made: those of the next are called otherwise."""


@dataclass(slots=True)
class _Record:
    """What one worker has told so far."""

    share: Share
    granted: dict[str, int | None]
    """By scenario, of a number of iterations; `None`: there is no limit."""
    last_second: int = -1
    done: dict[str, ScenarioCounts] = field(default_factory=dict)
    cpu_percent: float = 0.0
    """In the newest second."""
    busiest: int = 0
    """Iterations that were started in the busiest second."""

    def started(self, scenario: str) -> int:
        counts = self.done.get(scenario)
        return 0 if counts is None else counts.iterations_started


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A worker that was lost, as people have to be told of it."""

    worker: int
    last_second: int
    """The last one that it reported; −1: none."""
    load_ratio: float
    """How much of the load was its."""
    successor: int | None
    """Who is to take its place; `None`: nobody."""
    at_s: float
    cut_off: dict[str, ScenarioCounts]
    """What it is known to have begun and nobody will end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a worker that is there begins with."""

    share: Share
    station: Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """A worker that takes the place of a lost one."""

    place: "Place"
    loss: Loss
    missed: dict[str, ScenarioCounts]
    """What was due meanwhile, and nobody began."""


class Staff:
    """Remembers, second by second, what is needed to let another worker go on."""

    def __init__(self, plan: Plan, *, cores: int = 1) -> None:
        self._loads = {scenario.name: scenario.load for scenario in plan.scenarios}
        self._records: dict[int, _Record] = {}
        for index in range(plan.workers):
            portion = Share(index=index, count=plan.workers)
            granted = {name: own_part(load, portion) for name, load in self._loads.items()}
            self._records[index] = _Record(portion, granted)
        self.size = plan.workers
        """How many workers there should be."""
        self._numbered = plan.workers
        self._lost: set[int] = set()
        self._deaths: defaultdict[int, deque[float]] = defaultdict(deque)
        self._awaited: dict[int, Loss] = {}
        # What each VU has of its own number is not told, and so cannot be divided.
        self._is_divisible = not any(load.per_vu for load in self._loads.values())
        self._most = cores if plan.adds_workers else plan.workers
        self._most_by_hand = max(cores, plan.workers)
        self._wanted = plan.workers
        self._limited_s = 0
        self._gone: set[int] = set()
        self._halving: dict[int, int] = {}
        """Who is to have the half of whom."""
        self._elsewhere: dict[int, tuple[int, dict[str, set[int]]]] = {}
        """Whose VUs are still on which of a worker's places."""
        self._axes = {
            name: Integral(opening.rate)
            for name, opening in openings(plan).items()
            if opening.rate is not None
        }

    @property
    def is_hiring(self) -> bool:
        """Whether somebody is about to take a lost one's place."""
        return bool(self._awaited)

    def knows(self, worker: int) -> bool:
        """Whether *worker* is one that works or is to, and whose loss is not known yet."""
        return worker in self._records and worker not in self._lost

    def halves(self, worker: int) -> bool:
        """Whether *worker* is to have the half of another."""
        return worker in self._halving

    def hear(self, snapshot: Snapshot) -> None:
        """Take what a worker reports into account."""
        record = self._records[snapshot.worker]
        record.last_second = snapshot.second
        record.cpu_percent = snapshot.vitals.cpu_percent
        started = 0
        for name, counts in snapshot.scenarios.items():
            record.done[name] = numbers_of(record.done.get(name, ScenarioCounts()), counts)
            started += counts.iterations_started
        record.busiest = max(record.busiest, started)

    def told(self, errand: Retarget | Pause | Stop) -> None:
        """Take what all workers were told into account: the rates that lie on one axis."""
        if not isinstance(errand, Retarget) or errand.lever is not Lever.RATE:
            return
        axis = self._axes.get(errand.scenario)
        if errand.course is None:
            self._axes.pop(errand.scenario, None)
        elif axis is None:
            self._axes[errand.scenario] = Integral(errand.course)
        else:
            axis.follow(errand.course)

    def lose(self, worker: int, *, at_s: float, was_killed: bool, is_wanted: bool = True) -> Loss:
        """
        Return what the loss of *worker* means, and who follows it, if that *is_wanted*.

        Nobody does where the last few have died young too, nor where one has ended by
        itself before its first report: the next one would as well.
        """
        record = self._records[worker]
        # One that was to take a lost one's place, and never came to it, leaves the loss as it is.
        before = self._awaited.pop(worker, None)
        deaths = self._deaths[record.share.index]
        deaths.append(at_s)
        while deaths[0] < at_s - _DEATHS_WITHIN_S:
            deaths.popleft()
        is_hopeful = was_killed or record.last_second >= 0 or before is not None
        successor = None
        self._lost.add(worker)
        if is_wanted and is_hopeful and len(deaths) <= MOST_DEATHS:
            successor = self._numbered
            self._numbered += 1
        loss = Loss(
            worker=worker,
            last_second=record.last_second,
            load_ratio=1 / record.share.count,
            successor=successor,
            at_s=at_s if before is None else before.at_s,
            cut_off=_cut_off(record.done),
        )
        if successor is not None:
            self._awaited[successor] = loss
            self._records[successor] = _Record(record.share, self._left(record))
            if worker in self._elsewhere:
                self._elsewhere[successor] = self._elsewhere.pop(worker)
        return loss

    def succeed(
        self, worker: int, *, at_s: float, moves: Iterable[Move], paused: bool
    ) -> Succession:
        """Return how *worker*, which is there now, goes on from where *moves* stand."""
        loss = self._awaited.pop(worker)
        record, lost = self._records[worker], self._records[loss.worker]
        vus = {move.scenario: move for move in moves if move.lever is Lever.VUS}
        first_due = {
            name: math.ceil(axis.asked(at_s + _LEAD_S)) for name, axis in self._axes.items()
        }
        station = Station(
            second=int(at_s),
            paused=paused,
            terms={
                name: replace(
                    self._terms(name, vus[name], first_due.get(name, 0)),
                    first_number=len(self._lost) * _NUMBERS_APART,
                    iterations=record.granted[name],
                    begun=self._begun(name, record.share, lost),
                    elsewhere=self._places_elsewhere(worker, name),
                )
                for name in self._loads
            },
            first_row=self._first_row(lost),
        )
        missed = {
            name: self._missed(name, record.share, loss.at_s, at_s + _LEAD_S, vus[name].end_s)
            for name in (() if paused else self._axes)
        }
        place = Place(share=record.share, station=station)
        return Succession(place=place, loss=loss, missed=missed)

    # Adding one

    def watch(self, reading: Reading) -> int | None:
        """
        Return the number of a worker that is to be added after *reading*; `None`: none.

        That is after some seconds in which one was the limit, and had work for its core.
        """
        it = reading.generator
        is_hot = it.limited and it.cpu_percent >= _BUSY_CPU_PERCENT
        self._limited_s = self._limited_s + 1 if is_hot else 0
        if self._limited_s < _LIMITED_FOR_S or self.size >= self._most:
            return None
        return self.add()

    def want(self, number: int) -> str:
        """Have *number* workers, added one after another; return why not, in words, or nothing."""
        if number < self.size:
            return f"There are {self.size} workers, and none is taken away while the load is on"
        if number > self._most_by_hand:
            return f"{number} workers are more than the {self._most_by_hand} that have a core here"
        if number > self.size and not self._is_divisible:
            return "What each VU has of its own number of iterations cannot be divided"
        self._wanted = number
        return ""

    def due(self) -> int | None:
        """Return the number of a worker that is to be added because it is wanted; `None`: none."""
        return self.add() if self.size < self._wanted else None

    def add(self) -> int | None:
        """
        Return the number of a worker that is to have half of what the busiest one has.

        `None`: one is on its way already, or has not got all of its half yet.
        """
        is_busy = self._awaited or self._halving or self._elsewhere
        if is_busy or not self._is_divisible:
            return None
        alive = set(self._records) - self._lost - self._gone
        if not alive:
            return None
        self._limited_s = -_SETTLING_S
        worker = self._numbered
        self._numbered += 1
        self._halving[worker] = max(alive, key=lambda each: self._records[each].cpu_percent)
        return worker

    def deal(self, worker: int) -> tuple[int, Deal]:
        """Return what to tell whom, now that *worker* is there to have the half of it."""
        giver = self._halving[worker]
        whole = self._records[giver].share
        own = Share(index=whole.index, count=2 * whole.count)
        return giver, Deal(worker=worker, own=own)

    def divide(
        self, dealt: Dealt, *, at_s: float, moves: Iterable[Move], paused: bool
    ) -> Place | None:
        """Return what a worker begins with that was dealt a half; `None`: it is not wanted."""
        giver = self._halving.pop(dealt.worker, None)
        if giver is None:
            return None
        record = self._records[giver]
        whole = record.share
        record.share = Share(index=whole.index, count=2 * whole.count)
        other = Share(index=whole.index + whole.count, count=2 * whole.count)
        given = {name: part.iterations for name, part in dealt.parts.items()}
        for name, number in given.items():
            record.granted[name] = _less(record.granted[name], number)
        self._records[dealt.worker] = _Record(other, given)
        self.size += 1
        held = {name: set(part.places) for name, part in dealt.parts.items() if part.places}
        if held:
            self._elsewhere[dealt.worker] = giver, held
        vus = {move.scenario: move for move in moves if move.lever is Lever.VUS}
        terms = {
            name: replace(
                self._terms(name, vus[name], part.first_due),
                first_number=part.first_number,
                iterations=part.iterations,
                elsewhere=part.places,
            )
            for name, part in dealt.parts.items()
        }
        station = Station(second=int(at_s), paused=paused, terms=terms, first_row=dealt.first_row)
        return Place(share=other, station=station)

    def vacated(self, giver: int, vacant: Vacant) -> list[tuple[int, Vacant]]:
        """Return whom to tell that VUs of *giver* have left these places."""
        told = []
        for worker, (holder, held) in list(self._elsewhere.items()):
            if holder != giver:
                continue
            places = {
                name: sorted(held[name].intersection(left))
                for name, left in vacant.places.items()
                if name in held
            }
            for name, left in places.items():
                held[name].difference_update(left)
            if not any(held.values()):
                del self._elsewhere[worker]
            told.append((worker, Vacant(places=places)))
        return told

    def forget(self, giver: int) -> list[tuple[int, Vacant]]:
        """Return whom to tell that *giver*, which has ended, is on nobody's places any more."""
        self._gone.add(giver)
        for worker, holder in list(self._halving.items()):
            if giver in (worker, holder):
                del self._halving[worker]
            if giver == worker:
                # It did not come up, and the next one would not either.
                self._wanted = self.size
        held = [held for holder, held in self._elsewhere.values() if holder == giver]
        everything: dict[str, list[int]] = {}
        for each in held:
            for name, places in each.items():
                everything.setdefault(name, []).extend(places)
        return self.vacated(giver, Vacant(places=everything))

    def _left(self, record: _Record) -> dict[str, int | None]:
        return {
            name: None if granted is None else max(0, granted - record.started(name))
            for name, granted in record.granted.items()
        }

    def _places_elsewhere(self, worker: int, name: str) -> tuple[int, ...]:
        held = self._elsewhere.get(worker)
        return () if held is None else tuple(held[1].get(name, ()))

    def _begun(self, name: str, portion: Share, lost: _Record) -> dict[int, int]:
        load = self._loads[name]
        return _begun(load, portion, lost.started(name)) if load.per_vu else {}

    def _terms(self, name: str, vus: Move, first_due: int) -> Terms:
        axis = self._axes.get(name)
        assert vus.course is not None, "VUs always have one"
        return Terms(
            vus=vus.course,
            rate=None if axis is None else axis.course,
            end_s=vus.end_s,
            asked=0.0 if axis is None else axis.base,
            first_due=first_due,
        )

    def _missed(
        self, name: str, portion: Share, from_s: float, until_s: float, end_s: float | None
    ) -> ScenarioCounts:
        axis = self._axes[name]
        last_s = until_s if end_s is None else min(until_s, end_s)
        begin, end = math.ceil(axis.asked(from_s)), math.ceil(axis.asked(last_s))
        number = Deals(portion).between(begin, end)
        return ScenarioCounts(iterations_due=number, iterations_dropped=number)

    def _first_row(self, lost: _Record) -> int:
        """Return a row that a lost worker cannot have come to: rather skipped than given twice."""
        started = sum(lost.started(name) for name in self._loads)
        return (started + 2 * lost.busiest) * lost.share.count


def _less(granted: int | None, given: int | None) -> int | None:
    return None if granted is None else granted - (given or 0)


def _cut_off(done: dict[str, ScenarioCounts]) -> dict[str, ScenarioCounts]:
    return {
        name: ScenarioCounts(
            iterations_interrupted=counts.iterations_started
            - counts.iterations_done
            - counts.iterations_interrupted
        )
        for name, counts in done.items()
    }


def _begun(load: Load, portion: Share, started: int) -> dict[int, int]:
    """Return how many each place has begun, as near as is known: only their sum is."""
    places = range(portion.index, load.vus, portion.count)
    return {place: share(started, i, len(places)) for i, place in enumerate(places)}


def of_loss(loss: Loss, cause: str) -> str:
    """Return in words that a worker was lost, and what with it."""
    since = (
        f"what it did after second {loss.last_second} is not counted"
        if loss.last_second >= 0
        else "what it did is not counted"
    )
    cut_off = sum(counts.iterations_interrupted for counts in loss.cut_off.values())
    in_progress = f", {cut_off} iterations of its were in progress" if cut_off else ""
    after = "another takes over" if loss.successor is not None else "nobody takes its place"
    return (
        f"worker {loss.worker} was lost: {cause}; {100 * loss.load_ratio:.0f} % of the load went "
        f"with it, {since}{in_progress}; {after}"
    )


def of_succession(worker: int, found: Succession, *, at_s: float) -> str:
    """Return in words that a worker takes over."""
    missed = sum(counts.iterations_dropped for counts in found.missed.values())
    dropped = f"; {missed} iterations were due meanwhile and are counted as dropped" * bool(missed)
    gone_s = at_s - found.loss.at_s
    return (
        f"worker {worker} took over from worker {found.loss.worker} after {gone_s:.1f} s{dropped}"
    )
