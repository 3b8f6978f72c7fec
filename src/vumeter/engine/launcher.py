"""The worker processes of a run: started, heard, joined by others, and ended together."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from vumeter.clock import monotonic_ns
from vumeter.engine.member import Member
from vumeter.errors import VumeterError
from vumeter.model.messages import (
    Finished,
    FromWorker,
    Launch,
    Pause,
    Retarget,
    Share,
    Station,
    Stop,
    ToWorker,
)
from vumeter.model.plan import Plan

_LEAD_NS = 50_000_000
"""Between the launch and run time 0, so that every worker is there when it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLost:
    """A worker ended without having been told to, or before it had sent its last sample."""

    worker: int
    cause: str
    was_killed: bool = False
    """By a signal: from outside, or because there was no memory left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hired:
    """A worker that was started later is there, and waits to be launched."""

    worker: int


Told = FromWorker | WorkerLost | Hired
"""What a crew tells of a worker."""


class Crew:
    """
    The worker processes of one run. Use once; `close` leaves nothing behind.

    *on_message* gets everything that workers say after they are ready, in each worker's
    order, and `WorkerLost` as the last word of one that died. A worker is known by its
    number, which no other ever has.
    """

    def __init__(self, plan: Plan, *, on_message: Callable[[int, Told], None]) -> None:
        self._plan = plan
        self._on_message = on_message
        self._members = {index: Member(index) for index in range(plan.workers)}
        self._alive: set[int] = set()
        self._start_ns = 0
        self._provided = b""
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def alive(self) -> frozenset[int]:
        """The workers that still work."""
        return frozenset(self._alive)

    @property
    def pids(self) -> dict[int, int]:
        """The process of each worker that was started."""
        return {
            index: member.pid for index, member in self._members.items() if member.pid is not None
        }

    async def start(self) -> int:
        """
        Start every worker, launch them together, and return when run time 0 is.

        Raises:
            VumeterError: A worker does not come up; the others are gone again.
        """
        await self.assemble()
        return self.launch()

    async def assemble(self) -> None:
        """
        Start every worker, which then waits for its launch.

        Raises:
            VumeterError: A worker does not come up; the others are gone again.
        """
        try:
            await self._start_members()
        except BaseException:
            await self.close()
            raise

    def launch(self, provided: bytes = b"") -> int:
        """Launch all workers together, with what setup has *provided*; return run time 0."""
        self._provided = provided
        self._start_ns = monotonic_ns() + _LEAD_NS
        for index in self._members:
            self.join(index, Share(index=index, count=self._plan.workers))
        return self._start_ns

    def hire(self, worker: int) -> None:
        """Start one more, numbered *worker*, while the others work: `Hired` says it is there."""
        member = self._members[worker] = Member(worker)
        self._tasks.append(asyncio.create_task(self._hire(member)))

    def join(self, worker: int, portion: Share, station: Station | None = None) -> None:
        """Put a worker that is there to work, with all that it must know."""
        member = self._members[worker]
        launch = Launch(
            plan=self._plan,
            share=portion,
            start_ns=self._start_ns,
            worker=worker,
            station=station,
            provided=self._provided,
        )
        member.send(launch)
        self._alive.add(member.index)
        self._tasks.append(asyncio.create_task(self._listen(member)))

    def tell(self, worker: int, message: ToWorker) -> None:
        """Send *message* to one worker, if it lives."""
        if worker in self._alive:
            self._members[worker].send(message)

    def send(self, message: Retarget | Pause | Stop) -> int:
        """Send *message* to all workers that live, and return to how many it went."""
        for index in self._alive:
            self._members[index].send(message)
        return len(self._alive)

    async def close(self) -> None:
        """End every worker; when this returns, or is cancelled, none is left."""
        self._alive.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(member.end() for member in self._members.values()))
        for task in self._tasks:
            await asyncio.wait((task,))
            if not task.cancelled():
                # What one of them raised is a bug of ours, and must not be lost with it.
                task.result()

    async def _start_members(self) -> None:
        try:
            async with asyncio.TaskGroup() as starting:
                for member in self._members.values():
                    starting.create_task(member.start())
        except BaseExceptionGroup as failures:
            problems = failures.subgroup(VumeterError)
            if problems is None:
                raise
            raise problems.exceptions[0] from None

    async def _hire(self, member: Member) -> None:
        try:
            await member.start()
        except VumeterError as error:
            cause = str(error).rstrip(".")
            self._on_message(member.index, WorkerLost(worker=member.index, cause=cause))
        else:
            self._on_message(member.index, Hired(worker=member.index))

    async def _listen(self, member: Member) -> None:
        has_finished = False
        async for message in member.messages():
            if isinstance(message, Finished):
                has_finished = True
                self._alive.discard(member.index)
            self._on_message(member.index, message)
        if not has_finished:
            cause = await member.ended()
            self._alive.discard(member.index)
            lost = WorkerLost(worker=member.index, cause=cause, was_killed=member.was_killed)
            self._on_message(member.index, lost)
