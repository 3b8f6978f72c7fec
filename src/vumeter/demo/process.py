"""
The shop's own process: a PostgreSQL, the shop before it, and an end for both.

It lives as long as who started it, told by its standard input's end of file; or, once told to
follow a run, as long as that run, whoever looks on. Whatever ends it, the cluster's keeper
notices and removes the rest. On standard output it says what it does, one JSON line each.
"""

import asyncio
import contextlib
import itertools
import os
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator

import asyncpg
import msgspec
import psutil
import uvloop
from aiohttp import web
from msgspec import Struct

from vumeter.demo.backdoor import SOCKET_NAME, ShopError, ShopStatus
from vumeter.demo.binaries import found_binaries
from vumeter.demo.bottlenecks import Bottleneck
from vumeter.demo.cluster import Cluster
from vumeter.demo.database import DATABASE, OWNER, PROBE_USER, Connections, NoConnection, prepare
from vumeter.demo.trading import Trading
from vumeter.demo.web import Web
from vumeter.errors import VumeterError
from vumeter.link import folders as runs
from vumeter.link.folders import RunFolder

_HOST = "127.0.0.1"
_LOOK_EVERY_S = 0.25
_LOOKS_PER_TRIM = 120
"""Every half a minute."""
_BACKLOG = 1024
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class ShopOrder(Struct, frozen=True, kw_only=True):
    """What kind of shop to open."""

    port: int = 0
    """0: the kernel chooses."""


class Opening(Struct, frozen=True, kw_only=True, tag="opening"):
    """What is being started now, for people."""

    text: str


class Open(Struct, frozen=True, kw_only=True, tag="open"):
    """The shop answers."""

    socket: str
    """Of its back door."""


class NotOpened(Struct, frozen=True, kw_only=True, tag="not-opened"):
    """There is no shop, and nothing is left of the attempt."""

    message: str
    hint: str = ""


Said = Opening | Open | NotOpened


def main() -> int:
    """Open the shop that the order in `argv` asks for, and keep it open."""
    order = msgspec.json.decode(sys.argv[1], type=ShopOrder)
    _raise_descriptor_limit()
    try:
        uvloop.run(_serve(order))
    except VumeterError as error:
        _say(NotOpened(message=error.message, hint=error.hint))
        return error.exit_code
    return 0


def _raise_descriptor_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A connection per VU; the usual soft limit of 1024 is fewer than the demo's VUs may be.
    wanted = min(hard, 65_536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _say(said: Said) -> None:
    # Who started us may have gone already; the end of standard input tells.
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
        sys.stdout.buffer.flush()


async def _serve(order: ShopOrder) -> None:
    with _bound(order.port) as listener:
        _say(Opening(text=f"starting PostgreSQL {found_binaries().version}"))
        cluster = await asyncio.to_thread(Cluster.start)
        try:
            _say(Opening(text="stocking the shop"))
            await prepare(cluster)
            await _Shop(cluster, listener).serve()
        finally:
            await asyncio.to_thread(cluster.stop)


@contextlib.contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    """Bind the shop's port at once: if it is taken, nothing else has to be started."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "there is no such port"
            raise ShopError(
                f"The shop cannot have port {port} of {_HOST}: {reason}.",
                hint="Leave --port out, and the system chooses a free one.",
            ) from error
        yield listener


class _Shop:
    """The open shop: its two doors, and what keeps it open."""

    def __init__(self, cluster: Cluster, listener: socket.socket) -> None:
        self._cluster = cluster
        self._listener = listener
        self._connections = Connections(cluster.dsn(OWNER, database=DATABASE))
        self._trading = Trading(self._connections)
        self._web = Web(self._trading)
        self._switching = asyncio.Lock()
        self._run: str | None = None
        self._left_alone = asyncio.Event()
        self._told_to_end = asyncio.Event()

    async def serve(self) -> None:
        """Open both doors, say so, and keep them open as long as somebody needs the shop."""
        self._listen_for_the_end()
        await self._trading.open()
        back_door = self._cluster.folder / SOCKET_NAME
        async with _runner(self._web.application()) as front, _runner(self._back()) as back:
            await web.SockSite(front, self._listener, backlog=_BACKLOG).start()
            await web.UnixSite(back, str(back_door)).start()
            _say(Open(socket=str(back_door)))
            await self._wait_for_the_end()
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
        looks = itertools.count(1)
        while self._is_needed():
            if next(looks) % _LOOKS_PER_TRIM == 0:
                await self._trim()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told_to_end.wait(), _LOOK_EVERY_S)

    def _is_needed(self) -> bool:
        if self._told_to_end.is_set() or not self._cluster.is_up:
            return False
        if self._run is not None:
            return _is_alive(self._run)
        return not self._left_alone.is_set()

    async def _trim(self) -> None:
        # A shop under full load may have no connection to spare: the next time will do.
        with contextlib.suppress(NoConnection, asyncpg.PostgresError, OSError):
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
        except (asyncpg.PostgresError, OSError) as error:
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
    return runs.is_live(RunFolder(runs.runs_folder() / run))


@contextlib.asynccontextmanager
async def _runner(application: web.Application) -> AsyncIterator[web.AppRunner]:
    # Who is still served when the shop ends has no shop to wait for: half a second is enough.
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
