"""An agent on another machine, which is this one: with a token, with TLS, gone and back."""

import asyncio
import contextlib
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import psutil
import pytest
import trustme

from vumeter.errors import UsageError
from vumeter.link.protocol import TOKEN_VARIABLE
from vumeter.model.frame import EventLevel
from vumeter.model.plan import Listen
from vumeter.model.watched import (
    AgentMonitor,
    Monitor,
    ProcessMonitor,
    Watched,
    WatchedKind,
    WatchedState,
)
from vumeter.probes.agent import AgentObserver
from vumeter.probes.observing import WatchProbe
from vumeter.run.agent import Agent
from vumeter.testing.patience import until

pytestmark = pytest.mark.slow

TOKEN = "a-token-that-nobody-guesses"
OWN = ProcessMonitor(name="own", pid=os.getpid(), children=False)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.asynccontextmanager
async def serving(
    monkeypatch: pytest.MonkeyPatch, listen: Listen, monitors: Sequence[Monitor] = (OWN,)
) -> AsyncIterator[list[str]]:
    """Serve, and yield what is told."""
    told: list[str] = []
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)

    def tell(text: str, _: EventLevel) -> None:
        told.append(text)

    with tempfile.TemporaryDirectory(prefix="vu") as folder:
        async with Agent(monitors, Path(folder), listen=listen, tell=tell) as agent:
            watching = asyncio.create_task(agent.watch())
            yield told
            watching.cancel()
            await asyncio.wait({watching})


@contextlib.asynccontextmanager
async def watching(**options: str) -> AsyncIterator[WatchProbe]:
    monitor = AgentMonitor(**{"name": "db-host", "token": TOKEN, **options})
    observer = AgentObserver(monitor)
    yield WatchProbe(monitor, observer)
    await observer.close()


async def until_up(probe: WatchProbe, name: str) -> tuple[Watched, ...]:
    """Look until the thing of that name is up."""

    async def is_up() -> bool:
        await probe.looked()
        return any(each.name == name and each.state is WatchedState.UP for each in probe.latest)

    await until(is_up, lambda: probe.latest)
    return probe.latest


async def test_an_agents_host_and_its_processes_are_seen_from_afar(monkeypatch) -> None:
    listen = Listen(host="127.0.0.1", port=free_port())
    async with serving(monkeypatch, listen) as told:
        assert told == [f"the agent is at http://127.0.0.1:{listen.port}"]
        assert TOKEN_VARIABLE not in os.environ
        async with watching(url=f"http://127.0.0.1:{listen.port}") as probe:
            host, own = await until_up(probe, "db-host/own")
            assert host.kind is WatchedKind.AGENT
            assert host.series["memory_total_bytes"] == psutil.virtual_memory().total
            assert 0 < host.series["memory_percent"] < 100
            assert own.kind is WatchedKind.PROCESS
            assert own.title.startswith(f"pid {os.getpid()} ")
            assert own.series["rss_bytes"] == pytest.approx(
                psutil.Process().memory_info().rss, rel=0.1
            )


async def test_without_the_token_nothing_is_said_and_the_agent_tells(monkeypatch) -> None:
    listen = Listen(host="127.0.0.1", port=free_port())
    async with serving(monkeypatch, listen) as told:
        url = f"http://127.0.0.1:{listen.port}"
        async with watching(url=url, token="wrong") as probe:
            watched = await probe.looked()
        assert watched.state is WatchedState.DOWN
        assert (
            watched.remark
            == f"{url}/reading answers 401 → check its token, or user and password in the URL"
        )
        assert told[-1].startswith("refused a caller from 127.0.0.1")
        assert "wrong" not in told[-1]


async def test_over_tls_only_who_is_trusted_is_asked(monkeypatch, tmp_path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate = tmp_path / "agent.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(certificate)
    authorities = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(authorities)
    listen = Listen(host="127.0.0.1", port=free_port(), certificate=str(certificate))
    async with serving(monkeypatch, listen):
        url = f"https://127.0.0.1:{listen.port}"
        async with watching(url=url, authorities=str(authorities)) as probe:
            await until_up(probe, "db-host")
        async with watching(url=url) as probe:
            watched = await probe.looked()
            assert watched.state is WatchedState.DOWN
            assert "certificate" in watched.remark.lower()


async def test_when_an_agent_goes_so_does_what_it_watches_and_both_come_back(monkeypatch) -> None:
    listen = Listen(host="127.0.0.1", port=free_port())
    async with watching(url=f"http://127.0.0.1:{listen.port}") as probe:
        async with serving(monkeypatch, listen):
            await until_up(probe, "db-host/own")
        await probe.looked()
        host, own = probe.latest
        assert (host.state, own.state) == (WatchedState.DOWN, WatchedState.DOWN)
        assert own.remark == "see db-host"
        assert own.series == {}
        async with serving(monkeypatch, listen):
            await until_up(probe, "db-host/own")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"<html>", "is no agent that this vumeter understands", id="a-page"),
        pytest.param(b'{"version": "9"}', "is no agent that this vumeter", id="another-version"),
        pytest.param(b" " * 2_000_000, "says too much", id="much"),
    ],
)
async def test_what_is_no_agent_is_said(body: bytes, said: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(OSError):
            head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with watching(url=f"http://127.0.0.1:{port}") as probe:
            watched = await probe.looked()
    assert watched.state is WatchedState.DOWN
    assert said in watched.remark


async def test_an_agent_that_others_could_listen_in_on_is_refused(monkeypatch) -> None:
    with pytest.raises(UsageError):
        async with serving(monkeypatch, Listen(host="0.0.0.0", port=free_port())):
            raise AssertionError("it listens")
