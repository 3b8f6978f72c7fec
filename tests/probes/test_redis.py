"""The Redis probe against a real server, and what the server says of itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
import redis.asyncio
from tests.probes.services import free_port, redis_server

from vumeter.model.watched import RedisMonitor, WatchedState
from vumeter.probes.observing import UnseenError, WatchProbe
from vumeter.probes.redis import RedisObserver

pytestmark = pytest.mark.slow

LIMIT = 100 * 2**20


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with redis_server(free_port(), "--maxmemory", str(LIMIT)) as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[redis.asyncio.Redis]:
    async with redis.asyncio.Redis.from_url(url) as client:
        await client.flushall()
        yield client


@contextlib.asynccontextmanager
async def observing(url: str) -> AsyncIterator[RedisObserver]:
    observer = RedisObserver(RedisMonitor(name="cache", url=url))
    try:
        yield observer
    finally:
        await observer.close()


async def test_hits_commands_and_keys_are_what_was_asked_of_it(url, client) -> None:
    async with observing(url) as observer:
        first = await observer.look()
        version = (await client.info())["redis_version"]
        assert first.title == f"{version} master"
        assert "hit_ratio" not in first.series
        await client.mset({f"key{number}": "x" * 100 for number in range(30)})
        for number in range(40):
            await client.get(f"key{number}")
        await asyncio.sleep(0.05)  # a rate needs some time to be over
        series = (await observer.look()).series
        assert series["keys"] == 30
        assert series["hit_ratio"] == pytest.approx(30 / 40)
        assert series["commands_per_s"] > 40
        assert series["evictions_per_s"] == series["rejections_per_s"] == 0
        assert series["clients"] == 2
        info = await client.info()
        assert series["client_limit"] == info["maxclients"]
        assert series["memory_bytes"] == pytest.approx(info["used_memory"], rel=0.2)
        assert series["memory_limit_bytes"] == LIMIT
        assert series["memory_of_limit_bytes"] == series["memory_bytes"]
        assert series["answer_ms"] > 0


async def test_evictions_are_seen(url, client) -> None:
    async with observing(url) as observer:
        await client.config_set("maxmemory-policy", "allkeys-lru")
        await client.config_set("maxmemory", "3mb")
        try:
            await observer.look()
            for number in range(60):
                await client.set(f"big{number}", "x" * 100_000)
            assert (await observer.look()).series["evictions_per_s"] > 0
        finally:
            await client.config_set("maxmemory", LIMIT)


async def test_a_restart_is_told_and_makes_no_rate(url) -> None:
    port = free_port()
    with redis_server(port) as other:
        async with observing(other) as observer:
            await observer.look()
            with contextlib.ExitStack() as again:
                async with redis.asyncio.Redis.from_url(other) as client:
                    with contextlib.suppress(redis.ConnectionError):
                        await client.shutdown(nosave=True)
                with pytest.raises(UnseenError, match="no answer"):
                    await observer.look()
                again.enter_context(redis_server(port))
                look = await observer.look()
                assert look.notices == ("cache was restarted, or another one answers in its place",)
                assert "commands_per_s" not in look.series


async def test_what_is_wrong_is_said_with_what_to_do() -> None:
    port = free_port()
    with redis_server(port, "--requirepass", "hunter2") as url:
        for login in ("", ":wrong@"):
            async with observing(url.replace("//", f"//{login}")) as observer:
                with pytest.raises(UnseenError) as caught:
                    await observer.look()
                assert caught.value.message.startswith("it refuses the login")
                assert caught.value.hint == "check user and password in the URL"
        async with observing(url.replace("//", "//:hunter2@")) as observer:
            assert (await observer.look()).series["clients"] == 1
    async with observing(url) as observer:
        with pytest.raises(UnseenError, match="no answer: "):
            await observer.look()


async def test_a_redis_that_accepts_and_says_nothing_is_down_after_its_time(monkeypatch) -> None:
    monkeypatch.setattr("vumeter.probes.observing.LOOK_LIMIT_S", 0.2)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        ended.set()

    ended = asyncio.Event()
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monitor = RedisMonitor(name="cache", url=f"redis://127.0.0.1:{port}")
        async with observing(monitor.url) as observer:
            watched = await WatchProbe(monitor, observer).looked()
            assert watched.state is WatchedState.DOWN
            assert watched.remark == "no answer within 0.2 s → the probe goes on asking"
        async with asyncio.timeout(20):
            await ended.wait()
