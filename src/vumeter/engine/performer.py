"""The process that performs setup or teardown, as the run process holds it."""

import asyncio
from collections.abc import Callable
from typing import Self

from vumeter.engine.launcher import WorkerLost
from vumeter.engine.member import Member
from vumeter.errors import VumeterError
from vumeter.model.messages import Finished, FromWorker, Perform, Ready, Stop


class Performer:
    """
    A worker of its own in *folder*, for one order. Use once, with `async with`.

    *on_message* gets what it says, from `Ready` on, and `WorkerLost` as the last word of one
    that died, or did not come up.
    """

    def __init__(
        self,
        order: Perform,
        *,
        folder: str,
        on_message: Callable[[FromWorker | WorkerLost], None],
    ) -> None:
        self._order = order
        self._on_message = on_message
        self._member = Member(0, folder=folder)
        self._work: asyncio.Task[None] | None = None
        self._is_ready = False

    async def __aenter__(self) -> Self:
        self._work = asyncio.create_task(self._listen(), name=f"{self._order.phase}-process")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave no process behind."""
        assert self._work is not None, "entered"
        self._work.cancel()
        await self._member.end()
        await asyncio.wait((self._work,))
        if not self._work.cancelled():
            # What it raised is a bug of ours, and must not be lost with it.
            self._work.result()

    def cut_off(self) -> None:
        """Ask it to end at once and to report what it has sent; one that starts just ends."""
        if self._is_ready:
            self._member.send(Stop(id=0, graceful_s=0.0))
        elif self._work is not None and self._work.cancel():
            self._lose("it was still starting")

    def kill(self) -> None:
        """End it by force."""
        self._member.kill("it did not end when it was told to")

    def _lose(self, cause: str) -> None:
        self._on_message(WorkerLost(worker=0, cause=cause))

    async def _listen(self) -> None:
        try:
            await self._member.start()
        except VumeterError as error:
            self._lose(error.message)
            return
        self._is_ready = True
        self._on_message(Ready(pid=self._member.pid or 0))
        self._member.send(self._order)
        has_finished = False
        async for message in self._member.messages():
            has_finished = has_finished or isinstance(message, Finished)
            self._on_message(message)
        if not has_finished:
            self._lose(await self._member.ended())
