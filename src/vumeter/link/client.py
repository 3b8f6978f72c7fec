"""A viewer's end of the control API: one open connection to one run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import aiohttp
import msgspec

from vumeter.errors import LinkError
from vumeter.link.protocol import SCHEMA, SCHEMA_HEADER, Hello
from vumeter.model.frame import Frame, Point, RunState
from vumeter.model.throttle import Command, JournalEntry, Outcome

ANSWER_LIMIT_S = 5.0
"""How long a run may take to answer. It does nothing else that would take a second."""

_FAREWELL_S = 0.5
"""How long whoever leaves waits for a run that hangs."""

# The host is never looked up: every connection goes to the socket.
_BASE = "http://run"
_GONE = (aiohttp.ClientError, OSError, TimeoutError)


class Link:
    """
    An open connection to a live run. Made by `open`; left with `close` or `async with`.

    It holds the newest frame only: one that was not taken in time is replaced, so a viewer
    that was away sees the present, and nothing queues up behind it.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        stream: aiohttp.ClientWebSocketResponse,
        *,
        hello: Hello,
        viewer: str,
    ) -> None:
        self.hello = hello
        self._session = session
        self._stream = stream
        self._query = urlencode({"viewer": viewer})
        self._newest: Frame | None = None
        self.ended = asyncio.Event()
        """Set when no frame will come any more; the last one may still wait to be taken."""
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read(), name="link-reader")

    @classmethod
    async def open(cls, socket: Path, *, viewer: str, watch: bool = False) -> Self:
        """
        Connect to the run behind *socket* as *viewer*; with *watch*, never to command.

        Raises:
            LinkError: Nothing answers there, or it is a run of another version.
        """
        session = _session(socket)
        query = urlencode({"viewer": viewer, "watch": int(watch)})
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                # No limit on the size: a hello carries all the seconds of a long run.
                stream = await session.ws_connect(
                    f"{_BASE}/stream?{query}",
                    max_msg_size=0,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_FAREWELL_S),
                )
                hello = _hello(await stream.receive_bytes())
        except (*_GONE, TypeError) as error:
            await session.close()
            raise _unreachable(socket, error) from error
        except BaseException:
            await session.close()
            raise
        return cls(session, stream, hello=hello, viewer=viewer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def frames(self) -> AsyncIterator[Frame]:
        """
        Yield the newest frame each time there is one that was not yielded before.

        Ends after a frame whose state is `ended`, or without one when the run is gone.
        """
        while True:
            await self._changed.wait()
            self._changed.clear()
            frame, self._newest = self._newest, None
            if frame is not None:
                yield frame
            if self.ended.is_set() and self._newest is None:
                self._changed.set()  # for whoever asks again: it stays ended
                return

    async def command(self, command: Command) -> Outcome:
        """
        Ask the run for something, and return what it answered.

        Raises:
            LinkError: The run is gone.
        """
        return await self._post("/commands", msgspec.json.encode(command))

    async def take_control(self) -> Outcome:
        """
        Take the control over from whoever holds it.

        Raises:
            LinkError: The run is gone.
        """
        return await self._post("/control", b"")

    async def points(
        self, from_second: int, *, to_second: int | None = None, span_s: int = 1
    ) -> tuple[Point, ...]:
        """
        Return what the run still has of points of *span_s* seconds, oldest first.

        Args:
            from_second: The first second at which they begin.
            to_second: They begin before it; `None`: up to now.
            span_s: One of `SPANS_S`.

        Raises:
            LinkError: The run is gone, or has no such resolution.
        """
        wanted = {"from": from_second, "span": span_s}
        if to_second is not None:
            wanted["to"] = to_second
        body = await self._request("GET", f"/points?{urlencode(wanted)}")
        return msgspec.json.decode(body, type=tuple[Point, ...])

    async def journal(self) -> tuple[JournalEntry, ...]:
        """
        Return every command that was given to the run, oldest first.

        Raises:
            LinkError: The run is gone.
        """
        body = await self._request("GET", "/journal")
        return msgspec.json.decode(body, type=tuple[JournalEntry, ...])

    async def close(self, *, by_choice: bool = True) -> None:
        """Leave. Not *by_choice*: as somebody whose terminal went away, which the run may mind."""
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        codes = aiohttp.WSCloseCode
        await self._stream.close(code=codes.OK if by_choice else codes.GOING_AWAY)
        await self._session.close()

    async def _read(self) -> None:
        """Keep the newest frame until the stream ends."""
        decoder = msgspec.msgpack.Decoder(Frame)
        try:
            async for message in self._stream:
                if message.type is not aiohttp.WSMsgType.BINARY:
                    continue
                self._newest = decoder.decode(message.data)
                self._changed.set()
                if self._newest.state is RunState.ENDED:
                    return
        except (*_GONE, msgspec.MsgspecError):
            # Gone in the middle of a frame: the same to a viewer as gone between two.
            return
        finally:
            self.ended.set()
            self._changed.set()

    async def _post(self, path: str, body: bytes) -> Outcome:
        answer = await self._request("POST", f"{path}?{self._query}", body)
        return msgspec.json.decode(answer, type=Outcome)

    async def _request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        return await _answer(self._session, method, path, body)


async def status(socket: Path) -> Frame:
    """
    Return the newest frame of the run behind *socket*, without becoming a viewer of it.

    Raises:
        LinkError: Nothing answers there.
    """
    async with _session(socket) as session:
        return msgspec.json.decode(await _answer(session, "GET", "/status"), type=Frame)


async def send(socket: Path, command: Command, *, take: bool = False) -> Outcome:
    """
    Send one command as its author without becoming a viewer; with *take*, take control first.

    Raises:
        LinkError: Nothing answers there.
    """
    query = urlencode({"viewer": command.author})
    async with _session(socket) as session:
        if take:
            await _answer(session, "POST", f"/control?{query}")
        body = msgspec.json.encode(command)
        answer = await _answer(session, "POST", f"/commands?{query}", body)
        return msgspec.json.decode(answer, type=Outcome)


def _session(socket: Path) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.UnixConnector(path=str(socket)),
        timeout=aiohttp.ClientTimeout(total=ANSWER_LIMIT_S),
    )


def _hello(message: bytes) -> Hello:
    """Return the decoded hello, or refuse a run that speaks another version."""
    try:
        hello = msgspec.msgpack.decode(message, type=Hello)
    except msgspec.MsgspecError as error:
        raise _another_version("another version") from error
    if hello.schema != SCHEMA:
        raise _another_version(f"version {hello.version}")
    return hello


def _another_version(which: str) -> LinkError:
    return LinkError(
        f"The run was started by {which} of vumeter, which this one cannot talk to.",
        hint="Attach with the vumeter that started it.",
    )


def _unreachable(socket: Path, error: BaseException) -> LinkError:
    return LinkError(
        f"The run behind {socket} does not answer: {str(error) or type(error).__name__}.",
        hint="vumeter ps lists the runs that are going on.",
    )


async def _answer(
    session: aiohttp.ClientSession, method: str, path: str, body: bytes | None = None
) -> bytes:
    try:
        async with session.request(method, _BASE + path, data=body) as response:
            answer = await response.read()
    except TimeoutError as error:
        raise LinkError(
            f"The run has not answered within {ANSWER_LIMIT_S:g} s.",
            hint="Its process is there, and hangs or was stopped.",
        ) from error
    except _GONE as error:
        raise LinkError("The run is gone.", hint="vumeter ps lists those that go on.") from error
    schema = response.headers.get(SCHEMA_HEADER)
    if schema != str(SCHEMA):
        raise _another_version("another version")
    if response.status != 200:
        raise LinkError(f"The run refused: {answer.decode(errors='replace').strip()}")
    return answer
