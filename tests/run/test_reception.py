"""Callers over TCP who say nothing, who vanish, and who cannot be told from either."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from vumeter.link import client
from vumeter.link.client import Link, status
from vumeter.link.door import Door, door_of
from vumeter.model.frame import StopCause
from vumeter.model.plan import Listen, Plan, ViewerLost
from vumeter.run import api, entrance
from vumeter.run.reception import MOST_STRANGERS
from vumeter.testing.server import LoopbackServer

pytestmark = pytest.mark.slow

Plans = Callable[..., Plan]

GENEROUS_S = 30.0
LOOPBACK = Listen(host="127.0.0.1", port=0)
IDLE = 300

UNFINISHED = (b"", b"GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
"""What somebody has sent who will not go on."""


def port_of(flight: Any) -> int:
    return int(flight.folder.address.read_text().rpartition(":")[2])


def door(flight: Any, *, port: int | None = None, authorities: Path | None = None) -> Door:
    scheme = "http" if authorities is None else "https"
    return door_of(
        f"{scheme}://127.0.0.1:{port or port_of(flight)}",
        token=flight.folder.token.read_text().strip(),
        authorities=authorities,
    )


async def events(flight: Any) -> list[str]:
    async with await flight.link(watch=True) as link:
        return [event.text for event in link.hello.frame.events]


class Idlers:
    """Many who connect and then say nothing, or nothing whole."""

    def __init__(self) -> None:
        self._ends: list[asyncio.Task[bytes]] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def come(self, port: int, number: int) -> None:
        for said in itertools.islice(itertools.cycle(UNFINISHED), number):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            self._writers.append(writer)
            self._ends.append(asyncio.create_task(_to_the_end(reader)))

    async def until_sent_away(self, number: int) -> None:
        async with asyncio.timeout(GENEROUS_S):
            while sum(end.done() for end in self._ends) < number:
                await asyncio.wait(
                    {end for end in self._ends if not end.done()},
                    return_when=asyncio.FIRST_COMPLETED,
                )

    @property
    def still_there(self) -> int:
        return sum(not end.done() for end in self._ends)

    async def leave(self) -> None:
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._ends)


async def _to_the_end(reader: asyncio.StreamReader) -> bytes:
    with contextlib.suppress(ConnectionError):
        return await reader.read()
    return b""


@pytest.fixture
async def idlers() -> AsyncIterator[Idlers]:
    crowd = Idlers()
    yield crowd
    await crowd.leave()


@pytest.fixture
def encrypted(tmp_path: Path) -> tuple[Listen, Path]:
    """Where to listen with TLS, and who vouches for it."""
    ca = trustme.CA()
    certificate, authorities = tmp_path / "server.pem", tmp_path / "ca.pem"
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    ca.cert_pem.write_to_path(str(authorities))
    return Listen(host="127.0.0.1", port=0, certificate=str(certificate)), authorities


async def test_hundreds_who_say_nothing_keep_nobody_out_who_has_the_token(
    fly: Any, a_plan: Plans, server: LoopbackServer, idlers: Idlers
) -> None:
    async with fly(a_plan(server.url, listen=LOOPBACK)) as flight:
        async with await Link.open(door(flight), viewer="afar") as link:
            await idlers.come(port_of(flight), IDLE)
            await idlers.until_sent_away(IDLE - MOST_STRANGERS)
            assert idlers.still_there <= MOST_STRANGERS
            assert (await status(door(flight))).run == "test"
            # Who was in before them is still there, and is sent what is new.
            async with asyncio.timeout(GENEROUS_S):
                newest = link.hello.frame.second
                async for frame in link.frames():
                    if frame.second > newest:
                        break
        said = [text for text in await events(flight) if "had not shown a token" in text]
        assert len(said) == 1, "one line a minute, however many they are"
        assert "127.0.0.1" in said[0]


async def test_hundreds_who_never_speak_tls_keep_nobody_out_either(
    fly: Any,
    a_plan: Plans,
    server: LoopbackServer,
    idlers: Idlers,
    encrypted: tuple[Listen, Path],
) -> None:
    listen, authorities = encrypted
    async with fly(a_plan(server.url, listen=listen)) as flight:
        await idlers.come(port_of(flight), IDLE)
        await idlers.until_sent_away(IDLE - MOST_STRANGERS)
        assert (await status(door(flight, authorities=authorities))).run == "test"


async def test_who_shows_no_token_in_time_is_sent_away_and_who_has_shown_it_may_stay(
    fly: Any,
    a_plan: Plans,
    server: LoopbackServer,
    idlers: Idlers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(entrance, "PATIENCE_S", 0.5)
    async with (
        fly(a_plan(server.url, listen=LOOPBACK)) as flight,
        await Link.open(door(flight), viewer="afar") as link,
    ):
        await idlers.come(port_of(flight), 4)
        await idlers.until_sent_away(4)
        assert any("no token within" in text for text in await events(flight))
        assert not link.ended.is_set()


class Proxy:
    """A way that goes on taking what both ends send, and delivers it no more."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.swallows = False
        self.port = 0
        self._carriers: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        for source, sink in ((reader, back), (there, writer)):
            self._carriers.add(asyncio.create_task(self._carry(source, sink)))

    async def close(self) -> None:
        for carrier in self._carriers:
            carrier.cancel()
        await asyncio.wait(self._carriers)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                if not self.swallows:
                    writer.write(data)
                    await writer.drain()
            if self.swallows:
                await asyncio.Event().wait()  # not even an end is delivered
        except ConnectionError:
            return
        finally:
            writer.close()


@asynccontextmanager
async def proxied(port: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(port)
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with listening:
        proxy.port = listening.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            await proxy.close()


async def test_a_viewer_that_vanishes_without_a_word_is_lost_and_the_run_does_what_it_should(
    fly: Any, a_plan: Plans, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "HEARTBEAT_S", 0.5)
    plan = a_plan(server.url, listen=LOOPBACK, on_viewer_lost=ViewerLost.STOP)
    async with fly(plan) as flight, proxied(port_of(flight)) as way:
        link = await Link.open(door(flight, port=way.port), viewer="afar")
        try:
            assert (await status(flight.folder.socket)).viewers == 1
            way.swallows = True
            summary = await flight.summary()
        finally:
            await link.close()
        assert summary.stop is StopCause.VIEWER_LOST


async def test_a_viewer_notices_that_its_run_has_vanished_without_a_word(
    fly: Any, a_plan: Plans, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "HEARTBEAT_S", 0.5)
    async with (
        fly(a_plan(server.url, listen=LOOPBACK)) as flight,
        proxied(port_of(flight)) as way,
        await Link.open(door(flight, port=way.port), viewer="afar") as link,
    ):
        way.swallows = True
        async with asyncio.timeout(GENEROUS_S):
            async for _ in link.frames():
                pass
        assert link.ended.is_set()
