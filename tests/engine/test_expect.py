"""`Expect: 100-continue`, with aiohttp's server and with targets that do as they like."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from msgspec.structs import replace

from vumeter.model.flow import Check, Relation, Request, Source
from vumeter.model.measure import ErrorKind
from vumeter.model.plan import HttpVersion, Load, Transport
from vumeter.testing.hostile import HostileServer

BODY = b"x" * 100_000
ASKING = (("Expect", "100-continue"), ("Content-Type", "text/plain"))
FIVE = Load(vus=1, iterations=5)
ONE = Load(vus=1, iterations=1)


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """Give the URL at which aiohttp serves *app*."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}/"
    finally:
        await runner.cleanup()


def upload(url: str, **more) -> Request:
    return Request(name="up", url=url, method="POST", headers=ASKING, body=BODY, **more)


class Shelf:
    """An application that takes uploads, and says what it saw."""

    def __init__(self, expect: Callable[[web.Request], Awaitable[None]] | None = None) -> None:
        self.bodies: list[int] = []
        self.connections: set[object] = set()
        self.app = web.Application(client_max_size=1_000_000)
        self.app.router.add_post("/", self._take, expect_handler=expect)
        self.app.router.add_post("/moved", self._move)
        self.app.router.add_get("/", self._give)

    async def _take(self, request: web.Request) -> web.Response:
        self.connections.add(request.transport)
        self.bodies.append(len(await request.read()))
        return web.Response(text="taken")

    async def _move(self, request: web.Request) -> web.Response:
        await request.read()
        raise web.HTTPTemporaryRedirect("/")

    async def _give(self, request: web.Request) -> web.Response:
        self.connections.add(request.transport)
        return web.Response(text="given")


async def test_the_body_follows_the_leave_and_the_answer_counts_once(total_of, plan_for) -> None:
    shelf = Shelf()
    async with served(shelf.app) as url:
        said = Check(name="taken", source=Source.BODY, relation=Relation.CONTAINS, value="taken")
        performance = await total_of(plan_for(upload(url, checks=(said,)), load=FIVE))
    total = performance.total
    assert total.errors == {}
    assert total.statuses == {200: 5}
    assert total.checks == {"taken": (5, 0)}
    assert shelf.bodies == [len(BODY)] * 5
    assert len(shelf.connections) == 1
    assert total.sent_bytes > 5 * len(BODY)


async def test_it_takes_turns_with_requests_that_do_not_ask(total_of, plan_for) -> None:
    shelf = Shelf()
    async with served(shelf.app) as url:
        load = Load(vus=1, iterations=40)
        plan = plan_for(upload(url), Request(name="get", url=url), load=load)
        performance = await total_of(plan)
    assert performance.total.errors == {}
    assert performance.total.statuses == {200: 40}
    assert len(shelf.connections) == 1
    assert 0 < len(shelf.bodies) < 40


async def test_a_redirect_that_keeps_the_body_asks_again(total_of, plan_for) -> None:
    shelf = Shelf()
    async with served(shelf.app) as url:
        performance = await total_of(plan_for(upload(f"{url}moved", redirects=1), load=FIVE))
    assert performance.total.statuses == {307: 5, 200: 5}
    assert shelf.bodies == [len(BODY)] * 5


async def test_a_target_that_refuses_gets_no_body_and_no_second_request(total_of, plan_for) -> None:
    async def refuse(request: web.Request) -> None:
        shelf.connections.add(request.transport)
        raise web.HTTPForbidden

    shelf = Shelf(expect=refuse)
    async with served(shelf.app) as url:
        performance = await total_of(plan_for(upload(url), load=FIVE))
    total = performance.total
    assert total.statuses == {403: 5}
    assert total.errors == {ErrorKind.STATUS: 5}
    assert total.requests == 5
    assert shelf.bodies == []
    # Its connections may not be used again, for a body was announced on them.
    assert len(shelf.connections) == 5
    # What was not sent is not counted.
    assert total.sent_bytes < 5 * 1000


@pytest.mark.slow
async def test_a_target_that_says_nothing_gets_the_body_after_a_second(total_of, plan_for) -> None:
    came: list[float] = []
    loop = asyncio.get_running_loop()

    async def behave(wire) -> None:
        async for _ in wire.requests():
            asked_s = loop.time()
            await wire.body(len(BODY))
            came.append(loop.time() - asked_s)
            await wire.answer()

    async with HostileServer(behave) as server:
        performance = await total_of(plan_for(upload(server.url), load=Load(vus=1, iterations=2)))
        assert server.requests == performance.total.answered == 2
    assert performance.total.errors == {}
    # The loop's grain may begin the second early; a busy machine only adds to it.
    assert all(waited_s > 0.98 for waited_s in came)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n"], id="whole"),
        pytest.param([b"HTTP/1.1 100 Con", b"tinue\r\n", b"A: b\r\n\r\n"], id="in pieces"),
        pytest.param(
            [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"],
            id="after hints",
        ),
        pytest.param(
            [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"],
            id="before hints",
        ),
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n" * 3], id="several times"),
    ],
)
async def test_however_the_leave_comes_it_is_no_answer(total_of, plan_for, said) -> None:
    async def behave(wire) -> None:
        async for _ in wire.requests():
            for piece in said:
                await wire.send(piece)
                await asyncio.sleep(0.01)
            await wire.body(len(BODY))
            await wire.answer()

    async with HostileServer(behave) as server:
        performance = await total_of(plan_for(upload(server.url), load=FIVE))
        assert server.requests == performance.total.answered == 5
    assert performance.total.errors == {}
    assert set(performance.total.statuses) == {200}


async def test_a_refusal_whose_body_comes_later_ends_the_connection_all_the_same(
    total_of, plan_for
) -> None:
    async def behave(wire) -> None:
        await wire.request()
        await wire.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nno")
        await asyncio.sleep(0.02)
        await wire.send(b"!!")
        assert await wire.is_left(), "a body, or another request"

    async with HostileServer(behave) as server:
        performance = await total_of(plan_for(upload(server.url), load=FIVE))
        assert server.requests == performance.total.requests == 5
    assert performance.total.errors == {ErrorKind.STATUS: 5}
    assert performance.total.statuses == {413: 5}


async def test_a_request_without_a_body_has_nothing_to_ask_for(total_of, plan_for) -> None:
    shelf = Shelf()
    async with served(shelf.app) as url:
        request = Request(name="get", url=url, headers=ASKING[:1])
        performance = await total_of(plan_for(request, load=FIVE))
    assert performance.total.statuses == {200: 5}


async def test_http_1_0_knows_no_asking(total_of, plan_for) -> None:
    shelf = Shelf()
    async with served(shelf.app) as url:
        plan = plan_for(upload(url), load=FIVE)
        old = replace(plan, transport=Transport(http_version=HttpVersion.HTTP_1_0))
        performance = await total_of(old)
    assert performance.total.statuses == {200: 5}
    assert shelf.bodies == [len(BODY)] * 5


async def test_a_body_that_waits_does_not_outlive_its_request(total_of, plan_for) -> None:
    async def behave(wire) -> None:
        await wire.request()
        assert await wire.is_left(), "a body after the time-out"

    async with HostileServer(behave) as server:
        request = upload(server.url, timeout_s=0.2)
        performance = await total_of(plan_for(request, load=ONE))
        assert performance.total.errors == {ErrorKind.TIMEOUT_RESPONSE: 1}
    assert performance.total.sent_bytes < 1000
