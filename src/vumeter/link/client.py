"""A viewer's end of the control API: one open connection to one run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Self
from urllib.parse import urlencode

import aiohttp
import msgspec

from vumeter.link.asking import (
    ANSWER_LIMIT_S,
    GONE,
    another_version,
    answer,
    session_to,
    unreachable,
)
from vumeter.link.door import Door, Place
from vumeter.link.protocol import SCHEMA, Hello
from vumeter.model.explanation import Explanation, Question
from vumeter.model.flame import Flame, Flames
from vumeter.model.frame import Frame, Point, RunState
from vumeter.model.series import SeriesPoint
from vumeter.model.spike import Spike, SpikeHead
from vumeter.model.summary import Summary
from vumeter.model.throttle import Command, JournalEntry, Outcome

HEARTBEAT_S = 10.0
"""
How often a run behind a door is asked whether it is still there; half of it later it is lost,
and can be called anew. Who is behind a socket cannot vanish unseen.
"""

_FAREWELL_S = 0.5
"""How long whoever leaves waits for a run that hangs."""


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
        wants_summary: bool,
    ) -> None:
        self.hello = hello
        self.summary: Summary | None = None
        """How the run came out; there before the last frame is, if it was asked for."""
        self._session = session
        self._stream = stream
        self._query = urlencode({"viewer": viewer})
        self._wants_summary = wants_summary
        self._newest: Frame | None = None
        self.ended = asyncio.Event()
        """Set when no frame will come any more; the last one may still wait to be taken."""
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read(), name="link-reader")

    @classmethod
    async def open(
        cls, place: Place, *, viewer: str, watch: bool = False, wants_summary: bool = False
    ) -> Self:
        """
        Connect to the run at *place* as *viewer*; with *watch*, never to command.

        With *wants_summary* it is told how the run came out, which at its own machine is on disk.

        Raises:
            LinkError: Nothing answers there, it refuses, or is a run of another version.
        """
        session = session_to(place)
        query = urlencode({"viewer": viewer, "watch": int(watch), "summary": int(wants_summary)})
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                # No limit on the size: a hello carries all the seconds of a long run.
                stream = await session.ws_connect(
                    f"/stream?{query}",
                    max_msg_size=0,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_FAREWELL_S),
                    heartbeat=HEARTBEAT_S if isinstance(place, Door) else None,
                )
                hello = _hello(await stream.receive_bytes())
        except (*GONE, TypeError) as error:
            await session.close()
            raise unreachable(place, error) from error
        except BaseException:
            await session.close()
            raise
        return cls(session, stream, hello=hello, viewer=viewer, wants_summary=wants_summary)

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

    async def series_now(self) -> dict[str, float]:
        """
        Return the newest value of each series, by name.

        Raises:
            LinkError: The run is gone.
        """
        return msgspec.json.decode(await self._request("GET", "/series"), type=dict[str, float])

    async def series(
        self, name: str, from_second: int, to_second: int, *, span_s: int = 1
    ) -> tuple[SeriesPoint, ...]:
        """
        Return what the run has of the series *name*, oldest first, as of `points`.

        Raises:
            LinkError: The run is gone.
        """
        wanted = {"name": name, "from": from_second, "to": to_second, "span": span_s}
        body = await self._request("GET", f"/series/points?{urlencode(wanted)}")
        return msgspec.json.decode(body, type=tuple[SeriesPoint, ...])

    async def why(self, question: Question, from_second: int, to_second: int) -> Explanation:
        """
        Return what may explain that time of the run.

        Raises:
            LinkError: The run is gone.
        """
        wanted = {"of": question.value, "from": from_second, "to": to_second}
        body = await self._request("GET", f"/why?{urlencode(wanted)}")
        return msgspec.json.decode(body, type=Explanation)

    async def spikes(self) -> tuple[SpikeHead, ...]:
        """
        Return the moments that were kept whole, oldest first.

        Raises:
            LinkError: The run is gone.
        """
        return msgspec.json.decode(
            await self._request("GET", "/spikes"), type=tuple[SpikeHead, ...]
        )

    async def spike(self, number: int) -> Spike:
        """
        Return the moment with that id.

        Raises:
            LinkError: The run is gone, or has none such.
        """
        return msgspec.json.decode(await self._request("GET", f"/spike?id={number}"), type=Spike)

    async def take_spike(self) -> Outcome:
        """
        Keep this moment whole.

        Raises:
            LinkError: The run is gone.
        """
        return await self._post("/spikes", b"")

    async def flames(self) -> Flames:
        """
        Return which flame graphs were taken, and what is being looked at.

        Raises:
            LinkError: The run is gone.
        """
        return msgspec.json.decode(await self._request("GET", "/flames"), type=Flames)

    async def flame(self, number: int) -> Flame:
        """
        Return the flame graph with that id.

        Raises:
            LinkError: The run is gone, or has none such.
        """
        return msgspec.json.decode(await self._request("GET", f"/flame?id={number}"), type=Flame)

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
            if self.hello.frame.state is RunState.ENDED:
                await self._read_summary()
                return
            async for message in self._stream:
                if message.type is not aiohttp.WSMsgType.BINARY:
                    continue
                frame = decoder.decode(message.data)
                if frame.state is RunState.ENDED:
                    await self._read_summary()
                self._newest = frame
                self._changed.set()
                if frame.state is RunState.ENDED:
                    return
        except (*GONE, msgspec.MsgspecError):
            # Gone in the middle of a frame: the same to a viewer as gone between two.
            return
        finally:
            self.ended.set()
            self._changed.set()

    async def _read_summary(self) -> None:
        """Take what comes after the last frame; an older run closes the stream instead."""
        if not self._wants_summary:
            return
        with contextlib.suppress(*GONE, TypeError, msgspec.MsgspecError):
            async with asyncio.timeout(ANSWER_LIMIT_S):
                body = await self._stream.receive_bytes()
            self.summary = msgspec.msgpack.decode(body, type=Summary)

    async def _post(self, path: str, body: bytes) -> Outcome:
        outcome = await self._request("POST", f"{path}?{self._query}", body)
        return msgspec.json.decode(outcome, type=Outcome)

    async def _request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        return await answer(self._session, method, path, body)


async def status(place: Place) -> Frame:
    """
    Return the newest frame of the run at *place*, without becoming a viewer of it.

    Raises:
        LinkError: Nothing answers there, or it refuses.
    """
    async with session_to(place) as session:
        return msgspec.json.decode(await answer(session, "GET", "/status"), type=Frame)


async def send(place: Place, command: Command, *, take: bool = False) -> Outcome:
    """
    Send one command as its author without becoming a viewer; with *take*, take control first.

    Raises:
        LinkError: Nothing answers there, or it refuses.
    """
    query = urlencode({"viewer": command.author})
    async with session_to(place) as session:
        if take:
            await answer(session, "POST", f"/control?{query}")
        body = msgspec.json.encode(command)
        outcome = await answer(session, "POST", f"/commands?{query}", body)
        return msgspec.json.decode(outcome, type=Outcome)


def _hello(message: bytes) -> Hello:
    """Return the decoded hello, or refuse a run that speaks another version."""
    try:
        hello = msgspec.msgpack.decode(message, type=Hello)
    except msgspec.MsgspecError as error:
        raise another_version("another version") from error
    if hello.schema != SCHEMA:
        raise another_version(f"version {hello.version}")
    return hello
