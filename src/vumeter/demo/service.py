"""The open shop: both its doors, and what keeps them open."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import psutil
import uvloop
from aiohttp import web

from vumeter.demo.backdoor import SOCKET_NAME, ShopStatus
from vumeter.demo.bottlenecks import Bottleneck
from vumeter.demo.cluster import Cluster
from vumeter.demo.database import (
    DATABASE,
    DATABASE_FAILURES,
    OWNER,
    PROBE_USER,
    Connections,
    NoConnection,
    prepare,
)
from vumeter.demo.trading import Trading
from vumeter.demo.web import Web
from vumeter.link import folders as runs

_LOOK_EVERY_S = 0.25
_TRIM_EVERY_S = 30.0
_BACKLOG = 1024
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def serve(
    cluster: Cluster,
    listener: socket.socket,
    *,
    patience_s: float,
    on_open: Callable[[Path], None],
) -> None:
    """
    Fill *cluster* and serve the shop on *listener* as long as somebody needs it.

    *on_open* is called with the back door's socket when both doors are open.
    """

    async def run() -> None:
        await prepare(cluster)
        await Service(cluster, listener, patience_s=patience_s).serve(on_open=on_open)

    uvloop.run(run())


class Service:
    """One shop, from its opening to its end."""

    def __init__(self, cluster: Cluster, listener: socket.socket, *, patience_s: float) -> None:
        self._cluster = cluster
        self._listener = listener
        owner_dsn = cluster.dsn(OWNER, database=DATABASE)
        self._connections = Connections(owner_dsn, patience_s=patience_s)
        self._trading = Trading(self._connections)
        self._web = Web(self._trading)
        self._switching = asyncio.Lock()
        self._run: str | None = None
        self._left_alone = asyncio.Event()
        self._told_to_end = asyncio.Event()

    async def serve(self, *, on_open: Callable[[Path], None]) -> None:
        """Open both doors, say so, and keep them open as long as somebody needs the shop."""
        self._listen_for_the_end()
        await self._trading.open()
        back_door = self._cluster.folder / SOCKET_NAME
        async with _runner(self._web.application()) as front, _runner(self._back()) as back:
            await web.SockSite(front, self._listener, backlog=_BACKLOG).start()
            await web.UnixSite(back, str(back_door)).start()
            on_open(back_door)
            async with asyncio.TaskGroup() as tasks:
                trimming = tasks.create_task(self._trim_now_and_then())
                await self._wait_for_the_end()
                trimming.cancel()
        await self._connections.close()

    def _listen_for_the_end(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _ENDING_SIGNALS:
            loop.add_signal_handler(number, self._told_to_end.set)
        loop.add_reader(sys.stdin.fileno(), self._read_lifeline)

    def _read_lifeline(self) -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self._left_alone.set()

    async def _wait_for_the_end(self) -> None:
        while self._is_needed():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told_to_end.wait(), _LOOK_EVERY_S)

    def _is_needed(self) -> bool:
        if self._told_to_end.is_set() or not self._cluster.is_up:
            return False
        if self._run is not None:
            return _is_alive(self._run)
        return not self._left_alone.is_set()

    async def _trim_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_TRIM_EVERY_S)
            # Under full load there may be no connection to spare: the next time will do.
            with contextlib.suppress(NoConnection, *DATABASE_FAILURES):
                await self._trading.trim()

    def _back(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.get("/status", self._status),
                web.post("/{verb:fix|break}/{bottleneck}", self._switch),
                web.post("/follow/{run}", self._follow),
            ]
        )
        return application

    async def _status(self, _request: web.Request) -> web.Response:
        return self._answer()

    async def _switch(self, request: web.Request) -> web.Response:
        try:
            bottleneck = Bottleneck(request.match_info["bottleneck"])
        except ValueError as error:
            return web.Response(status=404, text=str(error))
        broken = request.match_info["verb"] == "break"
        try:
            async with self._switching:
                await self._trading.switch(bottleneck, broken=broken)
        except DATABASE_FAILURES as error:
            return web.Response(status=503, text=f"the database refused: {error}")
        return self._answer()

    async def _follow(self, request: web.Request) -> web.Response:
        run = request.match_info["run"]
        if not _is_alive(run):
            return web.Response(status=404, text=f'no run "{run}" is going on')
        self._run = run
        return self._answer()

    def _answer(self) -> web.Response:
        status = ShopStatus(
            url="http://{}:{}".format(*self._listener.getsockname()),
            dsn=self._cluster.dsn(PROBE_USER, database=DATABASE),
            postgres_version=self._cluster.version,
            pid=os.getpid(),
            run=self._run,
            broken=tuple(sorted(self._trading.broken)),
            connections=self._connections.size,
            connections_in_use=self._connections.in_use,
            requests_waiting=self._connections.waiting,
            logins=self._web.logins,
            statuses=dict(self._web.statuses),
            rss_bytes=psutil.Process().memory_info().rss,
            leaked_bytes=self._trading.leaked_bytes,
        )
        return web.Response(body=msgspec.json.encode(status), content_type="application/json")


def _is_alive(run: str) -> bool:
    return any(map(runs.is_live, runs.newest_first(run)))


@contextlib.asynccontextmanager
async def _runner(application: web.Application) -> AsyncIterator[web.AppRunner]:
    # Who is still served when the shop ends has no shop to wait for: half a second is enough.
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()
