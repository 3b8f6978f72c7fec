import asyncio
import contextlib
import http.client
from urllib.parse import urlsplit

import pytest

from vumeter.testing.hostile import (
    HOSTILITIES,
    HostileServer,
    breaking,
    leaving,
    refusing_url,
    unreachable_url,
)

WELL_FORMED = [name for name, hostility in HOSTILITIES.items() if not hostility.kinds]
# What http.client, whose rules are laxer than ours, takes without a word.
FORGIVEN = {
    "bad-header",
    "bytes-after-the-end",
    "leave-mid-head",
    "speak-first",
    "two-answers",
    "two-lengths",
}
# Its time-out counts from the last byte, so it would read these for ever.
WITHOUT_END = {"drip", "endless-body", "endless-head", "endless-interim", "endless-line"}


def ask(url: str, timeout_s: float) -> bytes:
    """Ask with the standard library's client: an implementation that is not ours."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().read()


@pytest.mark.parametrize("name", WELL_FORMED)
async def test_what_is_called_well_formed_is_so_for_the_standard_library(name: str) -> None:
    async with HostileServer(name) as server:
        await asyncio.to_thread(ask, server.url, 10)
        assert (server.connections, server.requests, server.answered) == (1, 1, 1)


@pytest.mark.parametrize(
    "name", sorted(set(HOSTILITIES) - set(WELL_FORMED) - FORGIVEN - WITHOUT_END)
)
@pytest.mark.slow
async def test_what_is_called_broken_is_so_for_the_standard_library(name: str) -> None:
    async with HostileServer(name) as server:
        with pytest.raises((OSError, http.client.HTTPException, ValueError)):
            await asyncio.to_thread(ask, server.url, 0.2)


@pytest.mark.parametrize("name", sorted(WITHOUT_END))
@pytest.mark.slow
async def test_what_has_no_end_goes_on_for_as_long_as_somebody_reads(name: str) -> None:
    async with HostileServer(name) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        received = 0
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                while data := await reader.read(65536):
                    received += len(data)
        assert received > 0
        writer.transport.abort()


async def test_a_server_can_leave_at_every_third_request_only() -> None:
    async with HostileServer(breaking(leaving, every=3)) as server:
        outcomes = []
        for _ in range(9):
            try:
                outcomes.append(await asyncio.to_thread(ask, server.url, 10))
            except http.client.RemoteDisconnected:
                outcomes.append(b"")
        assert [bool(outcome) for outcome in outcomes] == [True, True, False] * 3
        assert (server.requests, server.answered) == (9, 6)


async def test_a_refusing_port_refuses_and_stays_taken() -> None:
    with refusing_url() as url:
        port = urlsplit(url).port
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)


@pytest.mark.slow
async def test_an_unreachable_port_neither_takes_nor_refuses() -> None:
    with unreachable_url() as url, pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
