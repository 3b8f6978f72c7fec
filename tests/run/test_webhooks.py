"""Webhooks against a real server on loopback that answers as it is told."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from vumeter.run.webhooks import Webhooks


class Receiver:
    """Takes posts, and answers them with *statuses*, one after another; the last one stays."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.headers.append(dict(request.headers))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.Response(status=status, headers={"Location": "/elsewhere", "Set-Cookie": "a=b"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    taker = Receiver()
    app = web.Application()
    app.router.add_post("/hook/{secret}", taker.take)
    app.router.add_post("/elsewhere", taker.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    taker.url = f"http://{host}:{port}/hook/s3cr3t"
    yield taker
    await runner.cleanup()


@pytest.fixture
async def webhooks() -> AsyncIterator[Webhooks]:
    made = Webhooks(try_limit_s=5.0, waits_s=(0.0, 0.01, 0.01))
    yield made
    await made.close()


async def test_a_notice_is_delivered_as_json(webhooks: Webhooks, receiver: Receiver) -> None:
    assert await webhooks.post(receiver.url, b'{"a": 1}') == ""
    assert await webhooks.post(receiver.url, b'{"a": 2}') == ""
    assert receiver.bodies == [b'{"a": 1}', b'{"a": 2}']
    assert all(each["Content-Type"] == "application/json" for each in receiver.headers)
    assert all(each["User-Agent"].startswith("vumeter/") for each in receiver.headers)
    assert not any("Cookie" in each for each in receiver.headers)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_may_pass_is_tried_again(
    webhooks: Webhooks, receiver: Receiver, status: int
) -> None:
    receiver.statuses = [status, 204]
    assert await webhooks.post(receiver.url, b"{}") == ""
    assert len(receiver.bodies) == 2
    receiver.statuses = [status]
    assert await webhooks.post(receiver.url, b"{}") == f"it answered {status}, 3 times"
    assert len(receiver.bodies) == 5


@pytest.mark.parametrize("status", [302, 307, 400, 401, 404])
async def test_what_is_for_good_is_not(webhooks: Webhooks, receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    assert await webhooks.post(receiver.url, b"{}") == f"it answered {status}"
    assert len(receiver.bodies) == 1


async def test_nobody_there_is_said_without_the_url(webhooks: Webhooks, receiver: Receiver) -> None:
    import socket

    with socket.socket() as taken:
        # Bound and not listening: nobody else gets the port, and connections are refused.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/hook/s3cr3t"
        problem = await webhooks.post(url, b"{}")
    assert problem == "no connection (ClientConnectorError), 3 times"


async def test_one_that_never_answers_is_given_up() -> None:
    import socket

    webhooks = Webhooks(try_limit_s=0.05, waits_s=(0.0, 0.0))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/hook/s3cr3t"
        assert await webhooks.post(url, b"{}") == "no answer within 0.05 s, 2 times"
    await webhooks.close()


async def test_a_url_that_is_none_is_said_to_be_none(webhooks: Webhooks) -> None:
    assert await webhooks.post("http://[::1/hook", b"{}") == "it is not a URL"
