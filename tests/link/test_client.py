"""The viewer's end of the line, against a socket that a test holds in its hand."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from msgspec.structs import replace

from vumeter.errors import LinkError
from vumeter.link.client import Link, status
from vumeter.link.protocol import SCHEMA, SCHEMA_HEADER, Hello
from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import Figures, Frame, RunState
from vumeter.model.plan import Load, Plan, Scenario

GENEROUS_S = 30.0

Script = Callable[[web.WebSocketResponse], Awaitable[None]]


def a_frame(second: int, state: RunState = RunState.RUNNING) -> Frame:
    nothing = Figures(
        requests=0,
        requests_per_s=0.0,
        errors=0,
        errors_by_kind={},
        statuses={},
        sent_bytes=0,
        received_bytes=0,
        latency=None,
    )
    return Frame(
        run="test",
        target="http://127.0.0.1",
        state=state,
        stop_cause=None,
        second=second,
        at_unix_ms=0,
        started_unix_ms=0,
        elapsed_s=second + 1.0,
        duration_s=None,
        throttles=(),
        window=nothing,
        total=nothing,
        in_flight=0,
        dropped=0,
        points=(),
        endpoints=(),
        errors=(),
        generator=None,
        host=None,
        postgres=None,
        events=(),
        undo=None,
        redo=None,
        workers_heard=1,
        workers_expected=1,
        viewers=1,
        control="",
    )


def a_hello() -> Hello:
    request = Request(name="GET /", url="http://127.0.0.1/")
    scenario = Scenario(
        name="main", steps=(Pick(choices=(Choice(steps=(request,)),)),), load=Load(vus=1)
    )
    plan = Plan(name="test", scenarios=(scenario,))
    return Hello(schema=SCHEMA, version="0", plan=plan, frame=a_frame(0), points=())


async def say(stream: web.WebSocketResponse, value: object) -> None:
    await stream.send_bytes(msgspec.msgpack.encode(value))


@asynccontextmanager
async def serving(
    script: Script, *, also: Callable[[web.Request], Awaitable[web.Response]] | None = None
) -> AsyncIterator[Path]:
    """Serve a stream that goes by *script*, and maybe a status."""

    async def stream(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse()
        await response.prepare(request)
        await script(response)
        return response

    app = web.Application()
    app.router.add_get("/stream", stream)
    if also is not None:
        app.router.add_get("/status", also)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    folder = Path(tempfile.mkdtemp(prefix="vu"))
    await runner.setup()
    try:
        await web.UnixSite(runner, str(folder / "s")).start()
        yield folder / "s"
    finally:
        await runner.cleanup()
        shutil.rmtree(folder)


async def nothing(_: web.WebSocketResponse) -> None:
    pass


async def test_only_the_newest_frame_is_given_and_older_ones_are_dropped() -> None:
    async def hurry(stream: web.WebSocketResponse) -> None:
        await say(stream, a_hello())
        for second in range(1, 101):
            await say(stream, a_frame(second))
        await say(stream, a_frame(101, RunState.ENDED))
        await stream.close()

    async with (
        asyncio.timeout(GENEROUS_S),
        serving(hurry) as path,
        await Link.open(path, viewer="test") as link,
    ):
        assert link.hello.frame.second == 0
        seconds = []
        async for frame in link.frames():
            seconds.append(frame.second)
            await link.ended.wait()  # away for so long that everything has come
        assert seconds[-1] == 101
        assert len(seconds) <= 2


async def test_frames_end_after_the_last_one_even_for_who_asks_again() -> None:
    async def end(stream: web.WebSocketResponse) -> None:
        await say(stream, a_hello())
        await say(stream, a_frame(1, RunState.ENDED))
        await stream.close()

    async with (
        asyncio.timeout(GENEROUS_S),
        serving(end) as path,
        await Link.open(path, viewer="test") as link,
    ):
        assert [frame.state async for frame in link.frames()] == [RunState.ENDED]
        assert [frame async for frame in link.frames()] == []


@pytest.mark.parametrize("garbage", [b"", b"\xff\xff", b"\x80"], ids=["empty", "junk", "map"])
async def test_a_run_that_breaks_off_ends_the_frames_without_one(garbage: bytes) -> None:
    async def break_off(stream: web.WebSocketResponse) -> None:
        await say(stream, a_hello())
        await stream.send_bytes(garbage)
        await stream.close()

    async with (
        asyncio.timeout(GENEROUS_S),
        serving(break_off) as path,
        await Link.open(path, viewer="test") as link,
    ):
        assert [frame async for frame in link.frames()] == []


async def test_another_version_is_refused_in_words() -> None:
    async def newer(stream: web.WebSocketResponse) -> None:
        await say(stream, replace(a_hello(), schema=SCHEMA + 1, version="9.9"))

    async with serving(newer) as path:
        with pytest.raises(LinkError, match=r"version 9\.9 of vumeter"):
            await Link.open(path, viewer="test")


@pytest.mark.parametrize("headers", [{}, {SCHEMA_HEADER: "1"}], ids=["none", "older"])
async def test_an_answer_of_another_version_is_refused_before_it_is_read(
    headers: dict[str, str],
) -> None:
    async def older(_: web.Request) -> web.Response:
        return web.Response(body=b'{"is": "something else"}', headers=headers)

    async with serving(nothing, also=older) as path:
        with pytest.raises(LinkError, match="another version of vumeter"):
            await status(path)


async def test_a_hello_that_cannot_be_read_is_refused_in_words() -> None:
    async def strange(stream: web.WebSocketResponse) -> None:
        await say(stream, {"schema": "one"})

    async with serving(strange) as path:
        with pytest.raises(LinkError, match="another version"):
            await Link.open(path, viewer="test")


async def test_a_stream_that_closes_before_its_hello_is_refused_in_words() -> None:
    async def shut(stream: web.WebSocketResponse) -> None:
        await stream.close()

    async with serving(shut) as path:
        with pytest.raises(LinkError, match="does not answer"):
            await Link.open(path, viewer="test")


async def test_a_socket_that_nobody_listens_on_is_refused_in_words() -> None:
    with pytest.raises(LinkError, match="does not answer"):
        await Link.open(Path("/nowhere/control.sock"), viewer="test")
    with pytest.raises(LinkError, match="gone"):
        await status(Path("/nowhere/control.sock"))


async def test_closing_does_not_wait_for_a_run_that_hangs() -> None:
    released = asyncio.Event()

    async def hang(stream: web.WebSocketResponse) -> None:
        await say(stream, a_hello())
        await released.wait()

    async with serving(hang) as path:
        link = await Link.open(path, viewer="test")
        async with asyncio.timeout(GENEROUS_S / 10):
            await link.close()
        released.set()
