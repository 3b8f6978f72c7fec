"""
The workers of a run at their work: what they say is taken in, and who is lost is followed.

`staff` knows who has which share, and `engine.launcher` has the processes; this is what goes
to and fro between the two.
"""

import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable

from vumeter.courtesy import give_way
from vumeter.engine.launcher import Crew, Hired, Told, WorkerLost
from vumeter.model.frame import EventLevel, StopCause
from vumeter.model.measure import Reading
from vumeter.model.messages import (
    Acknowledged,
    Dealt,
    Finished,
    Remark,
    Said,
    SnapshotTaken,
    Vacant,
)
from vumeter.run.hand import Errand
from vumeter.run.scene import Scene
from vumeter.run.staff import Place, of_loss, of_succession


class Shift:
    """
    Lets the workers of a run work: `assemble`, `launch`, then `take_in` again and again.

    Args:
        scene: Whose plan it is, and who has to know what they say.
        wake: Called when one of them has said something.
    """

    def __init__(self, scene: Scene, *, wake: Callable[[], None]) -> None:
        self._crew = Crew(scene.plan, on_message=self._hear)
        self._staff = scene.staff
        self._hand = scene.hand
        self._life = scene.life
        self._timeline = scene.timeline
        self._picture = scene.picture
        self._herald = scene.herald
        self._wake = wake
        self.working = frozenset(range(scene.plan.workers))
        """Who is there."""
        self._has_finished = False
        self._unsent: tuple[Errand, ...] = ()
        self._inbox: deque[tuple[int, Told]] = deque()

    async def assemble(self) -> None:
        """
        Bring the workers up, which then wait for their launch.

        Raises:
            VumeterError: One did not come up; the others are gone again.
        """
        await self._crew.assemble()

    def launch(self, provided: bytes) -> None:
        """Put all to work together, with what setup has *provided*: run time begins."""
        self._timeline.begin(self._crew.launch(provided))
        self._picture.begin(self._timeline.started_unix_ms)
        unsent, self._unsent = self._unsent, ()
        self.send(unsent)

    async def close(self) -> None:
        """End every worker; when this returns, or is cancelled, none is left."""
        await self._crew.close()

    @property
    def is_manned(self) -> bool:
        """Whether somebody works, or is about to."""
        return bool(self.working) or (self._staff.is_hiring and not self._life.is_stopping)

    def send(self, errands: Iterable[Errand]) -> None:
        """Send each of *errands* to every worker."""
        if not self._timeline.has_begun:
            # A signal in the middle of the start: a worker's first message is its launch.
            self._unsent += tuple(errands)
            return
        for errand in errands:
            self._staff.told(errand)
            self._crew.send(errand)

    def take_in(self) -> bool:
        """Take in what workers have said; return whether the last word on a command was there."""
        is_acknowledged = False
        while self._inbox:
            is_acknowledged |= self._take(*self._inbox.popleft())
        return is_acknowledged

    def grow(self, readings: Iterable[Reading]) -> None:
        """Add a worker that is wanted: by hand, or as one was the limit in *readings*."""
        if self._life.is_stopping:
            return
        wanted = self._staff.due()
        if wanted is not None:
            self._crew.hire(wanted)
        for reading in readings:
            added = self._staff.watch(reading)
            if added is not None:
                self._herald.tell("a worker is the limit: another is on its way")
                self._crew.hire(added)

    def give_up(self) -> None:
        """End by force the workers that are still there, and say what is lost with them."""
        if not self.working:
            return
        names = ", ".join(str(worker) for worker in sorted(self.working))
        plural = len(self.working) > 1
        self._herald.remark(
            f"worker{'s' * plural} {names} did not end in time and {'were' if plural else 'was'} "
            "ended by force: requests since the last full second are not counted",
            level=EventLevel.ERROR,
        )
        for worker in self.working:
            # Not asked once more: whoever waits for this was promised an end within a second.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._crew.pids[worker], signal.SIGKILL)
        self.working = frozenset()

    def _hear(self, worker: int, message: Told) -> None:
        # Taken in later, so that what goes wrong there goes wrong loudly. No bound: a worker
        # says a few things a second, and each of them wakes whoever takes them in.
        self._inbox.append((worker, message))
        self._wake()

    def _take(self, worker: int, message: Told) -> bool:
        """Take one message in; return whether a command is acknowledged by all with it."""
        match message:
            case Acknowledged(id=serial):
                return self._hand.acknowledge(serial, worker, at_s=self._timeline.elapsed_s)
            case SnapshotTaken(snapshot=snapshot):
                self._staff.hear(snapshot)
                self._picture.add_snapshot(snapshot)
                give_way()
            case Remark(text=text):
                self._herald.remark_of_worker(text)
            case Said(place=place, text=text):
                self._herald.repeat(place, text)
            case Finished():
                self._has_finished = True
                self._part_with(worker)
            case Hired() if not self._life.is_stopping:
                self._greet(worker)
            case Dealt():
                self._divide(worker, message)
            case Vacant():
                self._tell(self._staff.vacated(worker, message))
            case WorkerLost() if self._staff.knows(worker):
                self._lose(message)
            case WorkerLost(cause=cause):
                self._staff.forget(worker)
                self._herald.remark(f"worker {worker}, which was to be added, was lost: {cause}")
        return False

    def _part_with(self, worker: int) -> None:
        self.working -= {worker}
        self._tell(self._staff.forget(worker))
        self._picture.expect(self.working, size=self._staff.size)
        self._hand.forget(worker, at_s=self._timeline.elapsed_s)

    def _lose(self, lost: WorkerLost) -> None:
        at_s = self._timeline.elapsed_s
        self._part_with(lost.worker)
        is_wanted = not self._life.is_stopping
        loss = self._staff.lose(
            lost.worker, at_s=at_s, was_killed=lost.was_killed, is_wanted=is_wanted
        )
        self._herald.remark(of_loss(loss, lost.cause), level=EventLevel.ERROR)
        self._picture.amend(loss.cut_off)
        if loss.successor is not None:
            self._crew.hire(loss.successor)
        if not self.is_manned and not self._has_finished:
            self._life.blame(StopCause.WORKERS_LOST)

    def _greet(self, worker: int) -> None:
        """Let *worker*, which is there now, come to what it was hired for."""
        if self._staff.halves(worker):
            self._crew.tell(*self._staff.deal(worker))
        elif self._staff.knows(worker):
            self._replace(worker)

    def _replace(self, worker: int) -> None:
        """Let *worker*, which is there, take the place of the one that was lost."""
        at_s, throttles = self._timeline.elapsed_s, self._hand.throttles
        found = self._staff.succeed(
            worker, at_s=at_s, moves=throttles.moves, paused=throttles.paused
        )
        self._join(worker, found.place)
        self._picture.amend(found.missed)
        self._herald.remark(of_succession(worker, found, at_s=at_s))

    def _divide(self, giver: int, dealt: Dealt) -> None:
        """Let a worker that was added have the half of *giver*'s share."""
        throttles = self._hand.throttles
        place = self._staff.divide(
            dealt,
            at_s=self._timeline.elapsed_s,
            moves=throttles.moves,
            paused=throttles.paused,
        )
        if place is not None:
            self._join(dealt.worker, place)
            self._herald.remark(
                f"worker {dealt.worker} was added and has half of what worker {giver} had: "
                f"{self._staff.size} workers now"
            )

    def _join(self, worker: int, place: Place) -> None:
        self._crew.join(worker, place.share, place.station)
        self.working |= {worker}
        self._picture.expect(self.working, size=self._staff.size, second=place.station.second)

    def _tell(self, errands: Iterable[tuple[int, Vacant]]) -> None:
        for worker, message in errands:
            self._crew.tell(worker, message)
