"""The process that performs setup or teardown, as the run process holds it."""

import asyncio
from collections.abc import Callable
from typing import Self

from vumeter.engine.launcher import WorkerLost
from vumeter.engine.member import Member
from vumeter.model.messages import Finished, FromWorker, Perform, Stop


class Performer:
    """
    A worker of its own, for one order. Use once: `async with`, then `start`.

    *on_message* gets what it says, and `WorkerLost` as the last word of one that died.
    """

    def __init__(
        self, order: Perform, *, on_message: Callable[[FromWorker | WorkerLost], None]
    ) -> None:
        self._order = order
        self._on_message = on_message
        self._member = Member(0)
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave no process behind."""
        if self._listening is not None:
            self._listening.cancel()
        await self._member.end()
        if self._listening is not None:
            await asyncio.wait((self._listening,))

    async def start(self) -> None:
        """
        Start the process and hand it its order.

        Raises:
            VumeterError: It does not come up.
        """
        await self._member.start()
        self._member.send(self._order)
        self._listening = asyncio.create_task(self._listen(), name=f"{self._order.phase}-process")

    def cut_off(self) -> None:
        """Ask it to end at once and to report what it has sent."""
        self._member.send(Stop(id=0, graceful_s=0.0))

    def kill(self) -> None:
        """End it by force."""
        self._member.kill("it did not end when it was told to")

    async def _listen(self) -> None:
        has_finished = False
        async for message in self._member.messages():
            has_finished = has_finished or isinstance(message, Finished)
            self._on_message(message)
        if not has_finished:
            self._on_message(WorkerLost(worker=0, cause=await self._member.ended()))
