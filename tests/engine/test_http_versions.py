"""HTTP/1.0, as aiohttp's server and others understand it."""

import pytest
from aiohttp import web
from aiohttp.http import HttpVersion10
from msgspec.structs import replace

from vumeter.model.flow import Request
from vumeter.model.plan import HttpVersion, Load, Transport
from vumeter.testing.hostile import HostileServer, saying, saying_and_leaving

OLD = Transport(http_version=HttpVersion.HTTP_1_0)
TWENTY = Load(vus=2, iterations=20)


@pytest.mark.parametrize("keep_alive", [True, False], ids=["kept", "closed each time"])
async def test_requests_say_so_and_their_connections_are_kept_as_asked(
    total_of, plan_for, keep_alive
) -> None:
    requests: list[web.Request] = []

    async def take(request: web.Request) -> web.Response:
        requests.append(request)
        return web.Response(body=b"x" * 5000)

    app = web.Application()
    app.router.add_get("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        plan = plan_for(f"http://{host}:{port}/", load=TWENTY, keep_alive=keep_alive)
        performance = await total_of(replace(plan, transport=OLD))
    finally:
        await runner.cleanup()
    total = performance.total
    assert total.errors == {}
    assert total.answered == len(requests) == 20
    assert {request.version for request in requests} == {HttpVersion10}
    assert {request.keep_alive for request in requests} == {keep_alive}
    # Kept in the list, no two of them can be at the same address.
    assert len({id(request.protocol) for request in requests}) == (2 if keep_alive else 20)
    assert total.received_bytes > 20 * 5000


@pytest.mark.parametrize(
    ("behave", "connections"),
    [
        pytest.param(
            saying(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"),
            1,
            id="agrees",
        ),
        pytest.param(
            saying_and_leaving(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi"), 5, id="does not"
        ),
        pytest.param(saying_and_leaving(b"HTTP/1.0 200 OK\r\n\r\nhi"), 5, id="frames by closing"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), 1, id="is newer"),
    ],
)
async def test_a_connection_is_kept_where_the_target_agrees(
    total_of, plan_for, behave, connections
) -> None:
    opened = 0

    async def counting(wire) -> None:
        nonlocal opened
        opened += 1
        await behave(wire)

    async with HostileServer(counting) as server:
        plan = plan_for(server.url, load=Load(vus=1, iterations=5))
        performance = await total_of(replace(plan, transport=OLD))
        assert server.requests == performance.total.answered == 5
    assert performance.total.errors == {}
    assert opened == connections


async def test_what_is_sent_is_counted_as_it_is_sent(total_of, plan_for) -> None:
    heads: list[bytes] = []

    async def behave(wire) -> None:
        async for _ in wire.requests():
            heads.append(wire.head)
            await wire.answer()

    async with HostileServer(behave) as server:
        own = Request(name="own", url=f"{server.url}own", headers=(("Connection", "x"),))
        plan = plan_for(f"{server.url}a", own, load=TWENTY)
        performance = await total_of(replace(plan, transport=OLD))
    host = server.url.removeprefix("http://").rstrip("/").encode()
    assert set(heads) == {
        b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\nHost: " + host + b"\r\n\r\n",
        b"GET /own HTTP/1.0\r\nHost: " + host + b"\r\nConnection: x\r\n\r\n",
    }
    assert performance.total.sent_bytes == sum(map(len, heads))
