"""
The VUs of one scenario in one worker: how many there are, and when each begins.

Over 400 lines, because a VU is in exactly one of a crowd's groups (staying, leaving, free,
resting, thinking), and every move between them has to keep that true.
"""

import asyncio
import math
import random
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable, Iterator
from itertools import chain, islice
from operator import attrgetter
from typing import Any

from vumeter.client.connector import Connector
from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.engine.agenda import Agenda
from vumeter.engine.allowance import Allowance
from vumeter.engine.arrivals import Arrivals
from vumeter.engine.counts import Counts
from vumeter.engine.places import Places
from vumeter.engine.script import Script
from vumeter.engine.virtual_user import VirtualUser
from vumeter.engine.warm_up import WarmUp, warm_vus
from vumeter.model.measure import Histogram, ScenarioCounts
from vumeter.model.messages import Part, Share, Terms
from vumeter.model.plan import Load
from vumeter.model.throttle import Course
from vumeter.schedule.course import next_move_s, target
from vumeter.schedule.pacer import Pacer
from vumeter.schedule.shares import Deals, share
from vumeter.schedule.spacing import spacing

_LOOK_EVERY_S = 0.05
"""While a ramp is in progress."""
_SHORTEST_WAIT_S = 0.001
"""The grain of the loop's timers."""
_BATCH_EVERY_S = 0.002
_CONNECTING_BATCH = 4
"""
So many VUs may begin to connect at once: 2,000 a second, which leave five sixths of the core to
those that run, and make an answer wait 0.3 ms for them at most. Where the loop comes round late
they are fewer, for then others need it too.
"""
_IDLE_BATCH = 100
"""In the open model a VU connects only when an iteration is due: to be there is cheap."""
_FAREWELLS = 200
"""So many VUs may end at once: 2.5 ms, which those that go on may have to wait."""
_LONG_WAIT_S = 0.1
"""From here on, a millisecond more or less is not noticed: 0.5 %, in the mean."""
_ABSENT = object()
_IN_ITERATION = attrgetter("in_iteration")
"""In C: 0.3 ms for 10,000 VUs, a third of what a generator's loop takes."""


class Crowd:
    """
    Raises and lowers the VUs along a course, in the closed model and in the open one.

    A VU is *staying* or *leaving*, and of these it may be *free* (does nothing), *resting*
    (backs off, or keeps its pace) or *thinking* (within an iteration). Lowering lets the
    newest leave after their iterations, for which they have some time; raising takes back
    those that are still about to leave before it makes new ones. A VU that has done its own
    number of iterations is *retired*: nobody replaces it.
    """

    def __init__(
        self,
        load: Load,
        script: Script,
        *,
        portion: Share,
        terms: Terms,
        is_paused: bool,
        start_ns: int,
        connector: Connector,
        tasks: asyncio.TaskGroup,
        agenda: Agenda,
        graceful_s: float,
        seed: str,
        on_over: Callable[[], None],
        on_remark: Callable[[str], None],
        on_vacant: Callable[[int], None],
    ) -> None:
        self.script = script
        self.counts = Counts()
        self.connector = connector
        self._portion = portion
        self._start_ns = start_ns
        self._tasks = tasks
        self._agenda = agenda
        self._graceful_s = graceful_s
        self._on_over = on_over
        self._on_remark = on_remark
        self._on_vacant = on_vacant
        self._loop = asyncio.get_running_loop()
        self._rng = random.Random(seed)
        self._seed = seed
        self._vus_course = terms.vus
        self._first_rate = terms.rate
        self._terms = terms
        self._end_s = terms.end_s
        self._schedule_timer: asyncio.TimerHandle | None = None
        self._arrivals: Arrivals | None = None
        """What starts iterations in the open model; `None`: the model is closed."""
        self._load = load
        self._allowance = Allowance(load, portion, left=terms.iterations, begun=terms.begun)
        self._retired = 0
        # Dicts as ordered sets: the newest comes off first, and any can be taken out.
        self._staying: dict[VirtualUser, None] = {}
        self._leaving: dict[VirtualUser, float] = {}
        """With the run time at which each is interrupted; the first ones first."""
        self._leaving_timer: asyncio.TimerHandle | None = None
        self._moving: dict[VirtualUser, None] = {}
        """Which end with their iterations, on places that are another worker's by now."""
        self._free: OrderedDict[VirtualUser, None] = OrderedDict()
        """The first one is the last to be begun."""
        self._resting: dict[VirtualUser, None] = {}
        self._thinking: dict[VirtualUser, None] = {}
        self._warm_up: WarmUp | None = None
        self._places = Places(portion, terms.elsewhere)
        self._numbers = Deals(portion, terms.first_number)
        self._next_number = self._numbers.owned(0)
        self._timer: asyncio.TimerHandle | None = None
        self._end_timer: asyncio.TimerHandle | None = None
        self._is_paused = is_paused
        self._is_started = self._is_ending = self._is_over = False
        self._is_hurried = False
        """Whether nobody may think any more: told to stop, or the schedule's time is over."""
        self.pacing_ns = round(load.pacing_s * NANOSECONDS_PER_S)
        self.flows = False
        """Whether a VU may begin its next iteration without asking."""
        self.cruises = False
        """Whether, besides, an iteration is no more than one request."""

    def _now_s(self) -> float:
        return (monotonic_ns() - self._start_ns) / NANOSECONDS_PER_S

    def _own(self, total: int) -> int:
        return share(total, self._portion.index, self._portion.count)

    # What the generator asks for.

    def prepare(self) -> None:
        """Connect before run time 0 the VUs that the first arrivals will need then."""
        origin = self.script.first_origin
        if self._first_rate is None or origin is None or not self.script.keeps_alive:
            return
        number = warm_vus(target(self._first_rate, 0.0) / self._portion.count)
        self._make(min(number, self._wanted(0.0)))
        self._warm_up = WarmUp(
            self.connector, origin, is_free=self._free.__contains__, on_warm=self._free.move_to_end
        )
        self._warm_up.start(self._free, self.spawn)

    def start(self) -> None:
        """Begin, at run time 0."""
        if self._is_ending:
            return
        self._is_started = True
        if self._end_s is not None and self._now_s() >= self._end_s:
            # Over before this worker came.
            self.end(0.0)
            return
        if self._first_rate is not None:
            arrivals = self._open(
                self._first_rate, asked=self._terms.asked, first=self._terms.first_due
            )
            if not self._is_paused:
                arrivals.start()
        self._arm_end()
        if self._allowance.is_exhausted:
            self.end(None)
        self._settle()
        self._look()

    def end_at(self, end_s: float | None) -> None:
        """Let the schedule end at run time *end_s*; `None`: not by itself."""
        if end_s == self._end_s or self._is_ending:
            return
        self._end_s = end_s
        if self._arrivals is not None:
            self._arrivals.end_at(end_s)
        if self._is_started:
            self._arm_end()

    def aim_vus(self, course: Course) -> None:
        """Move the number of VUs along *course*."""
        self._vus_course = course
        self._look()

    def aim_rate(self, course: Course | None) -> None:
        """Let iterations arrive along *course*; `None` returns to the closed model."""
        if self._is_ending:
            return
        if not self._is_started:
            # A command can overtake run time 0, which is a moment after the launch.
            self._first_rate = course
        elif course is None:
            self._close()
        elif self._arrivals is None:
            arrivals = self._open(course)
            if not self._is_paused:
                arrivals.resume()
        else:
            self._arrivals.follow(course)
        self._settle()
        self._look()

    def pause(self, is_paused: bool) -> None:
        """Begin no new iteration while *is_paused*; the VUs stay."""
        if is_paused == self._is_paused or self._is_ending:
            return
        self._is_paused = is_paused
        if self._arrivals is not None:
            if is_paused:
                self._arrivals.pause()
            else:
                self._arrivals.resume()
        self._settle()
        self._look()

    def deal(self, own: Share) -> Part:
        """
        Keep the part *own* of the VUs and iterations, and return what the other part is.

        VUs that are not its own any more end with their iterations, however long those
        take: the other worker has one VU less for each until it is told of its end.
        """
        self._portion = own
        first_due = 0 if self._arrivals is None else self._arrivals.deal(own)
        first_number = self._next_number
        self._numbers.deal(own, first_number)
        self._next_number = self._numbers.owned(first_number)
        self._places.deal(own)
        gone = [vu for vu in self.vus() if not self._places.owns(vu.place)]
        for vu in gone:
            if self._staying.pop(vu, _ABSENT) is None:
                self._moving[vu] = None
            vu.is_leaving = True
            vu.is_cruising = False
        part = Part(
            places=tuple(vu.place for vu in gone),
            first_number=first_number,
            iterations=self._allowance.halve(),
            first_due=first_due,
        )
        self._move_some()
        return part

    def vacate(self, places: Iterable[int]) -> None:
        """Take over *places*, which another worker's VUs have left."""
        for place in places:
            self._places.vacate(place)
        self._look()

    def end(self, graceful_s: float | None) -> None:
        """Begin no new iteration; interrupt what still runs after *graceful_s*, if not `None`."""
        if not self._is_ending:
            self._is_ending = True
            self._settle()
            if self._warm_up is not None:
                self._warm_up.stop()
            if self._timer is not None:
                self._timer.cancel()
            if self._arrivals is not None:
                self._arrivals.pause()
        if graceful_s is not None:
            self._is_hurried = True
        self._dismiss_some()
        if self._end_timer is not None:
            self._end_timer.cancel()
        if graceful_s is None:
            self._check_over()
        elif graceful_s > 0 and not self._is_over:
            self._end_timer = self._loop.call_later(graceful_s, self._interrupt)
            self._check_over()
        else:
            self._interrupt()

    def vus(self) -> Iterator[VirtualUser]:
        """Return all that exist."""
        return chain(self._staying, self._leaving, self._moving)

    @property
    def working(self) -> int:
        """How many VUs have something to do: they keep a pace, if they rest, and do not retreat."""
        idle = len(self._free) + (0 if self.pacing_ns else len(self._resting))
        return len(self._staying) + len(self._leaving) - idle

    def take(self, durations: Histogram | None = None) -> ScenarioCounts:
        """
        Return what was counted since the last call, and begin anew.

        *durations* are those of iterations that were no more than a request.
        """
        return self.counts.take(
            durations,
            vus_active=len(self._staying) + len(self._leaving),
            vus_busy=sum(map(_IN_ITERATION, self.vus())),
        )

    # What the VUs ask for.

    def claim(self, vu: VirtualUser) -> bool:
        """Return whether *vu* may begin an iteration now, and count it if so."""
        if not self._allowance.claim(vu.place):
            return False
        self.counts.started += 1
        vu.in_iteration = True
        if self._allowance.is_exhausted:
            # Those in flight belong to the number that was asked for: they may take their time.
            self.end(None)
        return True

    def release(self, vu: VirtualUser) -> None:
        """Take *vu*, which has just ended something, to what it does next."""
        if vu.in_iteration:
            # Open model: an iteration that began with what comes once at a VU's start.
            vu.proceed()
        elif vu.is_leaving or self._is_ending:
            self._dismiss(vu)
        elif self._allowance.is_spent(vu.place):
            if not vu.say_goodbye():
                self._retired += 1
                self._park(vu)
                self._check_spent()
        elif self._arrivals is None and not self._is_paused and not self._allowance.is_exhausted:
            left_s = vu.pacing_left_s(self._load.pacing_s) if self.pacing_ns else 0.0
            if left_s > 0:
                self._lay_down(vu, left_s)
            else:
                vu.begin(0)
        else:
            self._set_free(vu)

    def rest(self, vu: VirtualUser, wait_s: float) -> None:
        """Let *vu* go on after *wait_s*; one that is to end does so now."""
        if vu.is_leaving or self._is_ending:
            self._dismiss(vu)
        elif wait_s <= 0:
            self.release(vu)
        else:
            self._lay_down(vu, wait_s)

    def think(self, vu: VirtualUser, wait_s: float) -> None:
        """Let *vu* go on with its iteration after *wait_s*; one that is to end does so now."""
        if (vu.is_leaving and vu not in self._moving) or self._is_hurried:
            self._dismiss(vu)
        else:
            self._thinking[vu] = None
            self._wake_after(vu, wait_s)

    def rouse(self, vu: VirtualUser) -> None:
        """Let *vu*, if it thinks, do so no more; it goes on by itself."""
        if vu in self._thinking:
            del self._thinking[vu]
            self._agenda.remove(vu)

    def wake(self, vu: VirtualUser) -> None:
        """Let *vu* go on, which has rested, or thought, for as long as it was to."""
        if vu in self._thinking:
            if self._is_hurried:
                self._dismiss(vu)
                return
            del self._thinking[vu]
            vu.resume()
        else:
            del self._resting[vu]
            self.release(vu)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run *work* as a task that the worker owns."""
        return self._tasks.create_task(work)

    def remark(self, text: str | None) -> None:
        """Tell a person *text*, when there is any."""
        if text is not None:
            self._on_remark(text)

    # The number of VUs.

    def _look(self) -> None:
        """Move the number of VUs towards its target, and look again while it is not there."""
        if not self._is_started or self._is_ending:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now_s = self._now_s()
        wanted = self._wanted(now_s)
        is_there = self._raise(wanted) if wanted > len(self._staying) else self._lower(wanted)
        has_begun = self._begin_free()
        if not (is_there and has_begun):
            self._timer = self._loop.call_later(_BATCH_EVERY_S, self._look)
        elif (move_s := next_move_s(self._vus_course, now_s, grain_s=_LOOK_EVERY_S)) is not None:
            wait_s = max(_SHORTEST_WAIT_S, move_s - now_s)
            self._timer = self._loop.call_later(wait_s, self._look)
        self._check_spent()

    def _wanted(self, now_s: float) -> int:
        """Return how many VUs there have to be now, those aside that have done their part."""
        return max(0, self._target(now_s) - self._retired - len(self._places.elsewhere))

    def _target(self, now_s: float) -> int:
        return self._own(math.floor(target(self._vus_course, now_s) + 0.5))

    def _raise(self, wanted: int) -> bool:
        while self._leaving and len(self._staying) < wanted:
            vu, last_s = self._leaving.popitem()
            if not self._places.owns(vu.place):
                self._leaving[vu] = last_s
                break
            vu.is_leaving = False
            self._staying[vu] = None
        batch = _CONNECTING_BATCH if self._arrivals is None else _IDLE_BATCH
        self._make(min(batch, wanted - len(self._staying)))
        return len(self._staying) == wanted

    def _make(self, number: int) -> None:
        for _ in range(number):
            vu = self.script.user(self, self._rng, number=self._next_number + 1)
            vu.place = self._places.take()
            self._next_number = self._numbers.owned(self._next_number + 1)
            self._staying[vu] = None
            self._set_free(vu)

    def _set_free(self, vu: VirtualUser) -> None:
        self._free[vu] = None
        if self._arrivals is not None and not vu.is_connected:
            # To connect takes four times as long as a request: it waits until no other is free.
            self._free.move_to_end(vu, last=False)

    def _lower(self, wanted: int) -> bool:
        for _ in range(min(_FAREWELLS, len(self._staying) - wanted)):
            vu, _ = self._staying.popitem()
            self._leaving[vu] = self._now_s() + self._load.graceful_ramp_down_s
            vu.is_leaving = True
            vu.is_cruising = False
            if vu in self._free or vu in self._resting or vu in self._thinking:
                self._dismiss(vu)
        self._arm_leaving()
        return len(self._staying) == wanted

    def _arm_leaving(self) -> None:
        """Come back when the first of those that leave has had its time."""
        if self._leaving and self._leaving_timer is None:
            wait_s = next(iter(self._leaving.values())) - self._now_s()
            wait_s = max(_SHORTEST_WAIT_S, wait_s)
            self._leaving_timer = self._loop.call_later(wait_s, self._cut_off_leaving)

    def _cut_off_leaving(self) -> None:
        self._leaving_timer = None
        now_s = self._now_s()
        for vu, last_s in tuple(self._leaving.items()):
            if last_s > now_s:
                break
            vu.interrupt()
            self._park(vu)
        self._arm_leaving()

    def _begin_free(self) -> bool:
        """Begin free VUs in the closed model, few at a time; return whether none is left."""
        if self._arrivals is not None or self._is_paused:
            return True
        for _ in range(_CONNECTING_BATCH):
            # The last of the iterations ends the schedule, and with it all that are free.
            if not self._free:
                break
            vu, _ = self._free.popitem()
            self.release(vu)
        return not self._free

    def _dismiss_some(self) -> None:
        """Dismiss those that wait for no answer, few at a time for the sake of those that do."""
        waiting = chain(self._free, self._resting, self._thinking if self._is_hurried else ())
        for vu in tuple(islice(waiting, _FAREWELLS)):
            self._dismiss(vu)
        if self._free or self._resting or (self._thinking and self._is_hurried):
            self._loop.call_later(_SHORTEST_WAIT_S, self._dismiss_some)

    def _move_some(self) -> None:
        """Dismiss those that are moving and within no iteration, few at a time."""
        waiting = (vu for vu in chain(self._free, self._resting) if vu in self._moving)
        some = tuple(islice(waiting, _FAREWELLS))
        for vu in some:
            self._dismiss(vu)
        if some:
            self._loop.call_later(_SHORTEST_WAIT_S, self._move_some)

    def _dismiss(self, vu: VirtualUser) -> None:
        """End *vu*, which waits for no answer, after what it does once at its end."""
        vu.cut_short()
        for group in (self._free, self._resting, self._thinking):
            group.pop(vu, None)
        self._agenda.remove(vu)
        if not vu.say_goodbye():
            self._park(vu)

    def _park(self, vu: VirtualUser) -> None:
        """End *vu* at once."""
        if vu.in_iteration:
            self.counts.interrupted += 1
        vu.leave()
        self._agenda.remove(vu)
        self._leaving.pop(vu, None)
        for group in (self._staying, self._moving, self._free, self._resting, self._thinking):
            group.pop(vu, None)
        self._allowance.forget(vu.place)
        if self._places.owns(vu.place):
            self._places.give_back(vu.place)
        else:
            self._on_vacant(vu.place)
        self._check_over()

    def _lay_down(self, vu: VirtualUser, wait_s: float) -> None:
        self._resting[vu] = None
        self._wake_after(vu, wait_s)

    def _wake_after(self, vu: VirtualUser, wait_s: float) -> None:
        at_ns = monotonic_ns() + round(wait_s * NANOSECONDS_PER_S)
        # In the open model what comes next may be due just then.
        if wait_s >= _LONG_WAIT_S and self._arrivals is None:
            self._agenda.add_loosely(vu, at_ns)
        else:
            self._agenda.add(vu, at_ns)

    # The model.

    def _open(self, course: Course, *, asked: float = 0.0, first: int = 0) -> Arrivals:
        lies = spacing(self._load.arrivals, self._portion, seed=self._seed, start=first)
        self._arrivals = Arrivals(
            Pacer(course, lies, asked=asked),
            start_ns=self._start_ns,
            end_s=self._end_s,
            counts=self.counts,
            agenda=self._agenda,
            begin=self._begin_due,
        )
        return self._arrivals

    def _close(self) -> None:
        if self._arrivals is not None:
            self._arrivals.pause()
            self._arrivals = None

    def _begin_due(self, due_ns: int) -> bool:
        if not self._free and len(self._staying) < self._wanted(self._now_s()):
            # The pool's beginning, or its growth, and an arrival are due at the same moment.
            self._look()
        if not self._free:
            return False
        # One with a connection, and the one that was free for the shortest time: few connections
        # serve a low rate.
        vu, _ = self._free.popitem()
        if not self.claim(vu):
            self._free[vu] = None
            return False
        vu.begin(due_ns)
        return True

    def _settle(self) -> None:
        """Work out anew whether VUs may go on without asking; those that may not, stop so."""
        self.flows = (
            self._arrivals is None
            and not self._allowance.is_limited
            and not self.pacing_ns
            and not self._is_paused
            and not self._is_ending
        )
        self.cruises = self.flows and self.script.is_plain
        if not self.cruises:
            for vu in self.vus():
                vu.is_cruising = False

    # The end.

    def _arm_end(self) -> None:
        if self._schedule_timer is not None:
            self._schedule_timer.cancel()
            self._schedule_timer = None
        if self._end_s is not None:
            left_s = max(0.0, self._end_s - self._now_s())
            self._schedule_timer = self._loop.call_later(left_s, self._end_schedule)

    def _end_schedule(self) -> None:
        if self._arrivals is not None and not self._is_ending:
            self._arrivals.finish()
        self.end(self._graceful_s)

    def _interrupt(self) -> None:
        for vu in tuple(self.vus()):
            vu.interrupt()
            self._park(vu)
        self._check_over()

    def _check_over(self) -> None:
        if self._is_ending and not self._is_over and not any(self.vus()):
            self._is_over = True
            for timer in (self._end_timer, self._schedule_timer, self._leaving_timer):
                if timer is not None:
                    timer.cancel()
            self._on_over()

    def _check_spent(self) -> None:
        """End, once every VU that is wanted has done its own number of iterations."""
        if not self._retired or self._is_ending or self._staying:
            return
        if self._target(self._now_s()) <= self._retired:
            self.end(None)
