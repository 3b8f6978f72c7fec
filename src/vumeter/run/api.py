"""
The control API of a run: HTTP and one WebSocket. docs/control-api.md has it.

Nobody slows anybody: each viewer has one place for one frame, and what was not sent by the
time the next one comes is replaced by it.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from vumeter.errors import StoreError
from vumeter.link.protocol import SCHEMA, SCHEMA_HEADER
from vumeter.model.explanation import Question
from vumeter.model.frame import SPANS_S, Frame, RunState
from vumeter.model.plan import Listen
from vumeter.model.summary import Summary
from vumeter.model.throttle import Command
from vumeter.run.archive import MOST_READINGS, Archive
from vumeter.run.conductor import Conductor
from vumeter.run.control import Viewer
from vumeter.run.entrance import Entrance, Handler, is_over_tcp
from vumeter.stats.exposition import CONTENT_TYPE, exposition
from vumeter.stats.plaintext import plain
from vumeter.stats.resolutions import KEPT_S
from vumeter.stats.why import why, with_culprits

LONGEST_NAME = 64
"""Characters of a viewer's name; the rest is cut off."""

HEARTBEAT_S = 30.0
"""
How often a viewer over TCP is asked whether it is still there; half of it later it is lost.

On the socket the kernel tells, and a viewer that was suspended there is none that was lost.
"""

_ANONYMOUS = "anonymous"
_LARGEST_BODY_BYTES = 16 * 1024
_FOR_EVER = 9_999_999_999
_SECONDS = re.compile("[0-9]{1,10}")

ReportWriter = Callable[[Summary], bytes]
"""Makes report.json of a run, be it at its end or not."""


class ControlApi:
    """
    Serves one run. Use once, with `async with`; then `farewell`.

    Args:
        conductor: The run.
        path: Of the socket.
        written: Makes what `GET /report` answers.
        listen: Where else than on the socket.
        store: Where the run's past is; `None`: only in memory, as far as it is there.
    """

    def __init__(
        self,
        conductor: Conductor,
        path: Path,
        *,
        written: ReportWriter,
        listen: Listen | None = None,
        store: Path | None = None,
    ) -> None:
        self._conductor = conductor
        self._archive = None if store is None else Archive(store)
        self._entrance = Entrance(path, listen, tell=conductor.tell)
        self._written = written
        self._viewers: set[_Outlet] = set()
        app = web.Application(
            middlewares=[self._entrance.admit, _tell_what_cannot_be_read],
            client_max_size=_LARGEST_BODY_BYTES,
        )
        app.add_routes(
            [
                web.get("/stream", self._stream),
                web.get("/status", self._status),
                web.get("/reading", self._reading),
                web.get("/readings", self._readings),
                web.get("/points", self._points),
                web.get("/series", self._series_now),
                web.get("/series/points", self._series),
                web.get("/why", self._why),
                web.get("/spikes", self._spikes),
                web.get("/spike", self._spike),
                web.post("/spikes", self._take_spike),
                web.get("/flames", self._flames),
                web.get("/flame", self._flame),
                web.get("/verdicts", self._verdicts),
                web.get("/alerts", self._alerts),
                web.get("/journal", self._journal),
                web.get("/report", self._report),
                web.get("/metrics", self._metrics),
                web.post("/commands", self._commands),
                web.post("/control", self._take_control),
            ]
        )
        app.on_response_prepare.append(_say_schema)
        # A short time to go: the streams are ended by us, and nothing else takes long.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)

    async def __aenter__(self) -> "ControlApi":
        await self._runner.setup()
        try:
            await self._entrance.open(self._runner)
        except BaseException:
            await self._close()
            raise
        self._conductor.add_sink(self._publish)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._conductor.remove_sink(self._publish)
        await self._close()

    async def _close(self) -> None:
        await self._entrance.close()
        await self._runner.cleanup()

    async def farewell(self, limit_s: float) -> None:
        """Wait until every viewer has the last frame, for *limit_s* at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                for viewer in list(self._viewers):
                    await viewer.done.wait()

    def _publish(self, frame: Frame) -> None:
        if self._viewers:
            message = msgspec.msgpack.encode(frame)
            for viewer in self._viewers:
                viewer.put(message, is_last=frame.state is RunState.ENDED)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        watches_only, wants_summary = _is_set(request, "watch"), _is_set(request, "summary")
        # Frames are small and the way is short: compressing would only cost.
        heartbeat_s = HEARTBEAT_S if is_over_tcp(request) else None
        stream = web.WebSocketResponse(compress=False, heartbeat=heartbeat_s)
        await stream.prepare(request)
        seat = self._conductor.join(Viewer(_name(request), watches_only=watches_only))
        outlet = _Outlet()
        self._viewers.add(outlet)
        try:
            hello = self._conductor.hello
            await stream.send_bytes(msgspec.msgpack.encode(hello))
            if hello.frame.state is not RunState.ENDED:
                await self._send_frames(stream, outlet, wants_summary=wants_summary)
            elif wants_summary:
                await self._send_summary(stream)
        except (ConnectionError, aiohttp.ClientError):
            pass  # gone, in the middle of a frame: viewers come and go
        finally:
            outlet.done.set()
            self._viewers.discard(outlet)
            self._conductor.leave(seat, by_choice=stream.close_code == aiohttp.WSCloseCode.OK)
        return stream

    async def _send_frames(
        self, stream: web.WebSocketResponse, outlet: "_Outlet", *, wants_summary: bool
    ) -> None:
        """Send frames until the last one, or until the viewer has gone."""
        async with asyncio.TaskGroup() as tasks:
            gone = tasks.create_task(_drained(stream))
            sending = tasks.create_task(self._pump(stream, outlet, wants_summary=wants_summary))
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            sending.cancel()

    async def _pump(
        self, stream: web.WebSocketResponse, outlet: "_Outlet", *, wants_summary: bool
    ) -> None:
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            async for message in outlet.messages():
                await stream.send_bytes(message)
                self._conductor.saw()
            if wants_summary:
                await self._send_summary(stream)
            outlet.done.set()
            await stream.close()

    async def _send_summary(self, stream: web.WebSocketResponse) -> None:
        await stream.send_bytes(msgspec.msgpack.encode(self._conductor.summary))

    async def _status(self, _: web.Request) -> web.Response:
        return _json(self._conductor.frame)

    async def _points(self, request: web.Request) -> web.Response:
        start, end, span_s = _span(request)
        newest = self._conductor.points(start, to_second=end, span_s=span_s)
        forgotten_before = self._conductor.frame.second + 1 - KEPT_S.get(span_s, _FOR_EVER)
        if self._archive is None or start >= forgotten_before:
            return _json(newest)
        end = min(end, newest[0].second if newest else forgotten_before)
        return _json((*await self._archive.points(start, end, span_s=span_s), *newest))

    async def _series_now(self, _: web.Request) -> web.Response:
        log = self._conductor.series
        return _json(log.row(log.newest_second))

    async def _series(self, request: web.Request) -> web.Response:
        log, name = self._conductor.series, request.query.get("name", "")
        start, end, span_s = _span(request)
        end = min(end, log.newest_second + 1)
        newest = log.points(name, start, end, span_s=span_s)
        if self._archive is None or start >= log.first_second:
            return _json(newest)
        # Whole spans from the store, up to the first one that memory has all of.
        border = min(end, -(-log.first_second // span_s) * span_s)
        older = await self._archive.series(
            name, max(start, border - MOST_READINGS * span_s), border, span_s=span_s
        )
        return _json((*older, *(point for point in newest if point.second >= border)))

    async def _why(self, request: web.Request) -> web.Response:
        log, asked = self._conductor.series, request.query.get("of", Question.LATENCY)
        if asked not in list(Question):
            raise web.HTTPBadRequest(text=f"of: there are {', '.join(Question)}")
        question = Question(asked)
        start, end, _ = _span(request)
        end = min(end, log.newest_second + 1)
        if self._archive is not None and start < log.first_second:
            return _json(await self._archive.why(question, start, end))
        # On a thread: 100 series of ten minutes take 0.2 s.
        found = await asyncio.to_thread(why, log.spans(start, end), question, start, end)
        newest = self._conductor.reading
        seen = () if newest is None else (newest,)
        if self._archive is not None:
            with contextlib.suppress(StoreError):
                seen = (*await self._archive.witnesses(found), *seen)
        return _json(with_culprits(found, seen))

    async def _spikes(self, _: web.Request) -> web.Response:
        return _json(self._conductor.spikes.heads)

    async def _spike(self, request: web.Request) -> web.Response:
        spike = self._conductor.spikes.spike(_seconds(request, "id", 0))
        if spike is None:
            raise web.HTTPNotFound(text="there is no such snapshot; /spikes lists them")
        return _json(spike)

    async def _take_spike(self, request: web.Request) -> web.Response:
        return _json(self._conductor.take_spike(_name(request)))

    async def _flames(self, _: web.Request) -> web.Response:
        return _json(self._conductor.profiler.state)

    async def _flame(self, request: web.Request) -> web.Response:
        flame = self._conductor.profiler.flame(_seconds(request, "id", 0))
        if flame is None:
            raise web.HTTPNotFound(text="there is no such flame graph; /flames lists them")
        return _json(flame)

    async def _readings(self, request: web.Request) -> web.Response:
        if self._archive is None:
            raise web.HTTPNotFound(text="this run is not stored; /reading has the newest second")
        start, end, span_s = _span(request)
        if "to" not in request.query:
            end = start + MOST_READINGS * span_s
        if end - start > MOST_READINGS * span_s:
            raise web.HTTPBadRequest(text=f"to: at most {MOST_READINGS} readings at once")
        body = await self._archive.readings(start, end, span_s=span_s)
        return web.Response(body=body, content_type="application/json")

    async def _reading(self, _: web.Request) -> web.Response:
        return _json(self._conductor.reading)

    async def _verdicts(self, _: web.Request) -> web.Response:
        return _json(self._conductor.frame.verdicts)

    async def _alerts(self, _: web.Request) -> web.Response:
        return _json(self._conductor.frame.alerts)

    async def _report(self, _: web.Request) -> web.Response:
        body = self._written(self._conductor.summary)
        return web.Response(body=body, content_type="application/json")

    async def _metrics(self, _: web.Request) -> web.Response:
        text = exposition(self._conductor.families)
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})

    async def _journal(self, _: web.Request) -> web.Response:
        return _json(self._conductor.journal)

    async def _commands(self, request: web.Request) -> web.Response:
        viewer = _name(request)
        try:
            fields = msgspec.json.decode(await request.read(), type=dict[str, Any])
            command = msgspec.convert({"author": viewer} | fields, Command)
        except msgspec.MsgspecError as error:
            raise web.HTTPBadRequest(text=f"not a command: {plain(str(error))}") from error
        return _json(self._conductor.command(command, viewer=viewer))

    async def _take_control(self, request: web.Request) -> web.Response:
        return _json(self._conductor.take_control(_name(request)))


class _Outlet:
    """One viewer's place for one frame."""

    def __init__(self) -> None:
        self._message: bytes | None = None
        self._is_last = False
        self._filled = asyncio.Event()
        self.done = asyncio.Event()

    def put(self, message: bytes, *, is_last: bool) -> None:
        self._message, self._is_last = message, is_last
        self._filled.set()

    async def messages(self) -> AsyncIterator[bytes]:
        while not (self._is_last and self._message is None):
            await self._filled.wait()
            self._filled.clear()
            message, self._message = self._message, None
            if message is not None:
                yield message


async def _drained(stream: web.WebSocketResponse) -> None:
    """Return when the viewer has gone. What it says is not listened to: commands are POSTs."""
    async for _ in stream:
        pass


@web.middleware
async def _tell_what_cannot_be_read(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except StoreError as error:
        raise web.HTTPServiceUnavailable(text=error.message) from error


async def _say_schema(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers[SCHEMA_HEADER] = str(SCHEMA)


def _span(request: web.Request) -> tuple[int, int, int]:
    """Return what time is asked for, from and to, and in spans of how many seconds."""
    span_s = _seconds(request, "span", 1)
    if span_s not in SPANS_S:
        spans = ", ".join(map(str, SPANS_S))
        raise web.HTTPBadRequest(text=f"span: there are {spans} seconds")
    return _seconds(request, "from", 0), _seconds(request, "to", _FOR_EVER), span_s


def _is_set(request: web.Request, key: str) -> bool:
    return request.query.get(key, "0") not in ("", "0")


def _seconds(request: web.Request, key: str, default: int) -> int:
    """Return the whole seconds that a part of the query says; *default*: it says nothing."""
    text = request.query.get(key, str(default))
    if not _SECONDS.fullmatch(text):
        raise web.HTTPBadRequest(text=f'{key}: "{plain(text[:32])}" is not a number of seconds')
    return int(text)


def _name(request: web.Request) -> str:
    return plain(request.query.get("viewer", ""))[:LONGEST_NAME].strip() or _ANONYMOUS


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
