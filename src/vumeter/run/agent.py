"""What `vumeter agent` serves: this host and some of its processes, for runs on other machines."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec
from aiohttp import web

from vumeter import __version__
from vumeter.model.plan import Listen
from vumeter.model.watched import AgentReading, Monitor
from vumeter.probes.agent import READING_PATH
from vumeter.probes.host import HostProbe
from vumeter.probes.watched import watch_probes
from vumeter.run.entrance import Entrance, Tell

_READ_EVERY_S = 1.0


class Agent:
    """
    Serves what it sees. Use once: `async with`, then `watch` until it is cancelled.

    Args:
        monitors: What is watched beside the host.
        folder: A private one; its socket, its token and its address are there.
        listen: Where it listens beside that socket.
        tell: Called with what happens at its doors.
    """

    def __init__(
        self, monitors: Sequence[Monitor], folder: Path, *, listen: Listen, tell: Tell
    ) -> None:
        self._probes = watch_probes(monitors)
        self._host = HostProbe()
        self._entrance = Entrance(folder / "socket", listen, tell=tell, what="the agent")
        app = web.Application(middlewares=[self._entrance.admit])
        app.router.add_get(READING_PATH, self._answer)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        self._reading = self._read()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await self._entrance.open(self._runner)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def watch(self) -> None:
        """Look once a second, whoever asks how often: rates are over the second."""
        async with asyncio.TaskGroup() as group:
            for probe in self._probes:
                group.create_task(probe.run())
            while True:
                await asyncio.sleep(_READ_EVERY_S)
                self._reading = self._read()

    async def _close(self) -> None:
        await self._entrance.close()
        await self._runner.cleanup()

    async def _answer(self, _: web.Request) -> web.Response:
        return web.json_response(body=msgspec.json.encode(self._reading))

    def _read(self) -> AgentReading:
        return AgentReading(
            version=__version__,
            host=self._host.read(),
            watched=tuple(watched for probe in self._probes for watched in probe.latest),
        )
