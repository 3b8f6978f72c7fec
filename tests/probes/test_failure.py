"""Failures in words: what servers say on the wire, and the order of the rules."""

import asyncio
from itertools import combinations

import asyncpg
import pytest

from vumeter.model.probes import PostgresState
from vumeter.probes.connection import connected
from vumeter.probes.dsn import parse_dsn
from vumeter.probes.failure import RULES, Failure, failure_of


async def _failure_of_a_server_that_says(sqlstate: str, message: str) -> Failure:
    """Answer the start-up packet with an ErrorResponse, as a server or a pooler does."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(4), "big")
        await reader.readexactly(size - 4)
        fields = f"SFATAL\0VFATAL\0C{sqlstate}\0M{message}\0\0".encode()
        writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        dsn = parse_dsn(f"postgresql://ann@{host}:{port}/shop?sslmode=disable")
        with pytest.raises(asyncpg.PostgresError) as caught:
            async with connected(dsn):
                pass
    return failure_of(caught.value)


async def test_a_connection_pooler_is_recognised() -> None:
    failure = await _failure_of_a_server_that_says("08P01", "unsupported startup parameter: jit")
    assert failure.state is PostgresState.REFUSED
    assert failure.message == "unsupported startup parameter: jit"
    assert "not to a connection pooler" in failure.hint


async def test_a_server_that_starts_up_is_down_for_now() -> None:
    failure = await _failure_of_a_server_that_says("57P03", "the database system is starting up")
    assert (failure.state, failure.message) == (
        PostgresState.DOWN,
        "the database system is starting up",
    )


async def test_a_client_that_pg_hba_does_not_know_is_refused() -> None:
    text = 'no pg_hba.conf entry for host "192.0.2.1", user "ann", database "shop", no encryption'
    failure = await _failure_of_a_server_that_says("28000", text)
    assert (failure.state, failure.message) == (PostgresState.REFUSED, text)
    assert "pg_hba.conf" in failure.hint


async def test_what_a_hostile_server_says_cannot_write_to_the_terminal() -> None:
    failure = await _failure_of_a_server_that_says("28000", "\x1b[2J\x1b]0;owned\x07" + "x" * 500)
    assert failure.message.startswith("�[2J�]0;owned�xxx")
    assert len(failure.message) <= 160


def test_no_rule_hides_behind_one_before_it() -> None:
    for earlier, later in combinations(RULES, 2):
        for error in later.errors:
            assert not issubclass(error, earlier.errors), f"{error} never gets its own words"


def test_an_error_that_nobody_thought_of_is_a_state_too() -> None:
    failure = failure_of(ZeroDivisionError())
    assert (failure.state, failure.message) == (PostgresState.DOWN, "ZeroDivisionError")
