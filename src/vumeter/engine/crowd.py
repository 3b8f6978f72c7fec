"""The VUs of one scenario in one worker: how many there are, and when each begins."""

import asyncio
import math
import random
from collections.abc import Callable, Coroutine, Iterator
from itertools import chain
from typing import Any

from vumeter.client.connector import Connector
from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.engine.arrivals import Arrivals
from vumeter.engine.counts import Counts
from vumeter.engine.steps import Script
from vumeter.engine.virtual_user import VirtualUser
from vumeter.model.measure import ScenarioCounts
from vumeter.model.messages import Share
from vumeter.model.plan import Load
from vumeter.model.throttle import Leg
from vumeter.schedule.legs import flat, remaining_s, target
from vumeter.schedule.shares import share

_LOOK_EVERY_S = 0.05
"""While a ramp is in progress."""
_BATCH_EVERY_S = 0.01
_CONNECTS_PER_S = 2000
"""So many VUs may begin to connect, which leaves four fifths of the core to those that run."""
_SMALLEST_BATCH = 20
_LARGEST_BATCH = 500


class Crowd:
    """
    Raises and lowers the VUs along a leg, in the closed model and in the open one.

    A VU is *staying* or *leaving*, and of these it may be *free* (does nothing) or *resting*
    (backs off). Lowering lets the newest leave after their iterations; raising takes back
    those that are still about to leave before it makes new ones.
    """

    def __init__(
        self,
        load: Load,
        script: Script,
        *,
        portion: Share,
        start_ns: int,
        connector: Connector,
        tasks: asyncio.TaskGroup,
        graceful_s: float,
        on_over: Callable[[], None],
        on_remark: Callable[[str], None],
    ) -> None:
        self.script = script
        self.counts = Counts()
        self.connector = connector
        self._portion = portion
        self._start_ns = start_ns
        self._tasks = tasks
        self._graceful_s = graceful_s
        self._on_over = on_over
        self._on_remark = on_remark
        self._loop = asyncio.get_running_loop()
        self._rng = random.Random(portion.index)
        self._vus_leg = flat(load.vus)
        self._first_rate = None if load.rate_per_s is None else flat(load.rate_per_s)
        self._arrivals: Arrivals | None = None
        """What starts iterations in the open model; `None`: the model is closed."""
        self._load = load
        self._remaining = self._own_iterations(load)
        # Dicts as ordered sets: the newest comes off first, and any can be taken out.
        self._staying: dict[VirtualUser, None] = {}
        self._leaving: dict[VirtualUser, None] = {}
        self._free: dict[VirtualUser, None] = {}
        self._resting: dict[VirtualUser, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._batch = _SMALLEST_BATCH
        self._batched_s: float | None = None
        """When the last batch began, while there are more to come."""
        self._end_timer: asyncio.TimerHandle | None = None
        self._is_started = False
        self._is_paused = False
        self._is_ending = False
        self._is_over = False
        self.cruises = False
        """Whether a VU may begin its next iteration without asking."""

    def _now_s(self) -> float:
        return (monotonic_ns() - self._start_ns) / NANOSECONDS_PER_S

    def _own(self, total: int) -> int:
        return share(total, self._portion.index, self._portion.count)

    def _own_iterations(self, load: Load) -> int | None:
        if load.iterations is None:
            return None
        # Where there are fewer VUs than workers, those without one leave it to the others.
        count = max(1, min(self._portion.count, load.vus))
        index = self._portion.index
        return share(load.iterations, index, count) if index < count else 0

    # What the generator asks for.

    def start(self) -> None:
        """Begin, at run time 0."""
        if self._is_ending:
            return
        self._is_started = True
        if self._first_rate is not None:
            arrivals = self._open(self._first_rate)
            if not self._is_paused:
                arrivals.start()
        if self._load.duration_s is not None:
            left_s = self._load.duration_s - self._now_s()
            self._loop.call_later(left_s, self._end_schedule)
        if self._remaining == 0:
            self.end(None)
        self._settle()
        self._look()

    def aim_vus(self, leg: Leg) -> None:
        """Move the number of VUs along *leg*."""
        self._vus_leg = leg
        self._look()

    def aim_rate(self, leg: Leg | None) -> None:
        """Let iterations arrive along *leg*; `None` returns to the closed model."""
        if self._is_ending:
            return
        if not self._is_started:
            # A command can overtake run time 0, which is a moment after the launch.
            self._first_rate = leg
        elif leg is None:
            self._close()
        elif self._arrivals is None:
            arrivals = self._open(leg)
            if not self._is_paused:
                arrivals.resume()
        else:
            self._arrivals.follow(leg)
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

    def end(self, graceful_s: float | None) -> None:
        """Begin no new iteration; interrupt what still runs after *graceful_s*, if not `None`."""
        if not self._is_ending:
            self._is_ending = True
            self._settle()
            if self._timer is not None:
                self._timer.cancel()
            if self._arrivals is not None:
                self._arrivals.pause()
            for vu in (*self._free, *self._resting):
                self._park(vu)
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
        return chain(self._staying, self._leaving)

    def take(self) -> ScenarioCounts:
        """Return what was counted since the last call, and begin anew."""
        return self.counts.take(
            vus_active=len(self._staying) + len(self._leaving),
            vus_busy=sum(vu.in_iteration for vu in self.vus()),
        )

    # What the VUs ask for.

    def claim(self, vu: VirtualUser) -> bool:
        """Return whether *vu* may begin an iteration now, and count it if so."""
        if self._remaining is not None:
            if self._remaining == 0:
                return False
            self._remaining -= 1
        self.counts.started += 1
        vu.in_iteration = True
        if self._remaining == 0:
            # Those in flight belong to the number that was asked for: they may take their time.
            self.end(None)
        return True

    def release(self, vu: VirtualUser) -> None:
        """Take *vu*, which has just ended something, to what it does next."""
        if vu.in_iteration:
            # Open model: an iteration that began with what comes once at a VU's start.
            vu.proceed(monotonic_ns())
        elif vu.is_leaving or self._is_ending:
            self._park(vu)
        elif self._arrivals is None and not self._is_paused and self._remaining != 0:
            vu.begin(0)
        else:
            self._free[vu] = None

    def rest(self, vu: VirtualUser, wait_s: float) -> None:
        """Let *vu* go on after *wait_s*; one that is to end does so now."""
        if vu.is_leaving or self._is_ending:
            self._park(vu)
        elif wait_s <= 0:
            self.release(vu)
        else:
            self._resting[vu] = None
            vu.timer = self._loop.call_later(wait_s, self._wake, vu)

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
        self._batch = _SMALLEST_BATCH
        if self._batched_s is not None:
            # A loop that is busy comes round late, and may then take more at once.
            allowed = round((now_s - self._batched_s) * _CONNECTS_PER_S)
            self._batch = min(_LARGEST_BATCH, max(_SMALLEST_BATCH, allowed))
        self._batched_s = None
        wanted = self._own(math.floor(target(self._vus_leg, now_s) + 0.5))
        is_there = self._raise(wanted) if wanted > len(self._staying) else self._lower(wanted)
        has_begun = self._begin_free()
        if not (is_there and has_begun):
            self._batched_s = now_s
            self._timer = self._loop.call_later(_BATCH_EVERY_S, self._look)
        elif remaining_s(self._vus_leg, now_s) > 0 or now_s < self._vus_leg.start_s:
            self._timer = self._loop.call_later(_LOOK_EVERY_S, self._look)

    def _raise(self, wanted: int) -> bool:
        while self._leaving and len(self._staying) < wanted:
            vu, _ = self._leaving.popitem()
            vu.is_leaving = False
            self._staying[vu] = None
        # In the open model a VU connects only when an iteration is due: to be there is cheap.
        batch = self._batch if self._arrivals is None else _LARGEST_BATCH
        for _ in range(min(batch, wanted - len(self._staying))):
            vu = VirtualUser(self, self._rng)
            self._staying[vu] = None
            self._free[vu] = None
        return len(self._staying) == wanted

    def _lower(self, wanted: int) -> bool:
        while len(self._staying) > wanted:
            vu, _ = self._staying.popitem()
            self._leaving[vu] = None
            vu.is_leaving = True
            vu.is_cruising = False
            if vu in self._free or vu in self._resting:
                self._park(vu)
        return True

    def _begin_free(self) -> bool:
        """Begin free VUs in the closed model, few at a time; return whether none is left."""
        if self._arrivals is not None or self._is_paused:
            return True
        for _ in range(self._batch):
            # The last of the iterations ends the schedule, and with it all that are free.
            if not self._free:
                break
            vu, _ = self._free.popitem()
            self.release(vu)
        return not self._free

    def _park(self, vu: VirtualUser) -> None:
        """End *vu*."""
        if vu.in_iteration:
            self.counts.interrupted += 1
        vu.leave()
        for group in (self._staying, self._leaving, self._free, self._resting):
            group.pop(vu, None)
        self._check_over()

    def _wake(self, vu: VirtualUser) -> None:
        vu.timer = None
        del self._resting[vu]
        self.release(vu)

    # The model.

    def _open(self, leg: Leg) -> Arrivals:
        self._arrivals = Arrivals(
            leg,
            portion=self._portion,
            start_ns=self._start_ns,
            end_s=self._load.duration_s,
            counts=self.counts,
            begin=self._begin_due,
        )
        return self._arrivals

    def _close(self) -> None:
        if self._arrivals is not None:
            self._arrivals.pause()
            self._arrivals = None

    def _begin_due(self, due_ns: int) -> bool:
        if not self._free:
            return False
        # The one that was free for the shortest time: few connections serve a low rate.
        vu, _ = self._free.popitem()
        if not self.claim(vu):
            self._free[vu] = None
            return False
        vu.begin(due_ns)
        return True

    def _settle(self) -> None:
        """Work out anew whether VUs may go on without asking; those that may not, stop so."""
        self.cruises = (
            self.script.is_plain
            and self._arrivals is None
            and self._remaining is None
            and not self._is_paused
            and not self._is_ending
        )
        if not self.cruises:
            for vu in self.vus():
                vu.is_cruising = False

    # The end.

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
        if self._is_ending and not self._is_over and not self._staying and not self._leaving:
            self._is_over = True
            if self._end_timer is not None:
                self._end_timer.cancel()
            self._on_over()
