"""Load by way of proxies that nobody here wrote: proxy.py for HTTP, pproxy for SOCKS5."""

import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pproxy
import pytest
import trustme
from msgspec.structs import replace

from vumeter.model.flow import Request
from vumeter.model.measure import ErrorKind
from vumeter.model.plan import HostOverride, Limits, Load, Plan, Transport
from vumeter.profiles.proxies import proxy_of
from vumeter.testing.hostile import HostileServer, saying, saying_and_leaving, unreachable_url
from vumeter.testing.server import LoopbackServer

LOGIN = "ada:pa%20ss"
WAYS = ("http", "socks5", "socks5h")
TWENTY = Load(vus=2, iterations=20)
ONE = Load(vus=1, iterations=1)


@pytest.fixture(scope="module")
def http_proxy(tmp_path_factory) -> Iterator[str]:
    """Give host and port of an HTTP proxy that wants a login."""
    folder: Path = tmp_path_factory.mktemp("proxy")
    told = folder / "port"
    command = [sys.executable, "-m", "proxy", "--hostname", "127.0.0.1", "--port", "0"]
    command += ["--port-file", str(told), "--num-workers", "1", "--num-acceptors", "1"]
    command += ["--basic-auth", "ada:pa ss", "--data-dir", str(folder)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        yield f"127.0.0.1:{_port_in(told, process)}"
    finally:
        process.terminate()
        process.wait(20)


def _port_in(told: Path, process: "subprocess.Popen[bytes]") -> int:
    give_up_s = time.monotonic() + 30
    while time.monotonic() < give_up_s and process.poll() is None:
        text = told.read_text().strip() if told.exists() else ""
        if text:
            port = int(text)
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return port
        time.sleep(0.02)
    raise AssertionError("the proxy does not come up")


@pytest.fixture
async def socks_proxy() -> AsyncIterator[str]:
    """Give host and port of a SOCKS5 proxy that wants a login."""
    server = pproxy.Server("socks5://127.0.0.1:0/#ada:pa ss")
    direct = pproxy.Connection("direct")
    listening = await server.start_server(
        {"rserver": [direct], "verbose": lambda text: None, "authtime": 0}
    )
    yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    listening.close()
    # pproxy keeps to itself when its conversations end; a test's loop waits for them.
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@pytest.fixture
def by_way_of(http_proxy, socks_proxy):
    """Give what leads a plan through one of the proxies."""

    def lead(plan: Plan, way: str, *, login: str = LOGIN, **more) -> Plan:
        place = http_proxy if way == "http" else socks_proxy
        proxy = proxy_of(f"{way}://{login}@{place}" if login else f"{way}://{place}")
        return replace(plan, transport=Transport(proxy=proxy, **more))

    return lead


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_of(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_every_request_arrives_once_by_way_of_a_proxy(
    total_of, plan_for, by_way_of, way, host
) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(f"http://{host}:{server.port}/x?y=1", load=TWENTY)
        performance = await total_of(by_way_of(plan, way))
        assert performance.total.errors == {}, performance.remarks
        assert performance.total.answered == server.truth.requests == 20
        assert server.truth.paths == {"/x?y=1": 20}
        assert server.truth.connections == 2


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("keep_alive", [True, False], ids=["kept", "closed each time"])
async def test_https_goes_through_a_tunnel_to_the_target_itself(
    total_of, plan_for, by_way_of, authority, tmp_path, way, keep_alive
) -> None:
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    async with LoopbackServer(tls=tls_of(authority, "localhost")) as server:
        url = f"https://localhost:{server.port}/bytes/40000"
        plan = plan_for(url, load=TWENTY, keep_alive=keep_alive)
        performance = await total_of(by_way_of(plan, way, authorities=str(trusted)))
        total = performance.total
        assert total.errors == {}, performance.remarks
        assert total.answered == server.truth.requests == 20
        # A tunnel adds nothing to what is sent and received.
        assert total.sent_bytes == server.truth.received_bytes
        assert total.received_bytes == server.truth.sent_bytes
        assert server.truth.connections == (2 if keep_alive else 20)


async def test_a_forwarded_request_names_the_whole_url_and_the_login(total_of, plan_for) -> None:
    async with LoopbackServer() as proxy:
        url = "http://shop.invalid:8000/a?b=1"
        plan = plan_for(url, load=TWENTY, limits=Limits(allow_hosts=("shop.invalid",)))
        way = proxy_of(f"http://{LOGIN}@127.0.0.1:{proxy.port}")
        performance = await total_of(replace(plan, transport=Transport(proxy=way)))
        assert proxy.truth.last_request == (
            b"GET http://shop.invalid:8000/a?b=1 HTTP/1.1\r\n"
            b"Proxy-Authorization: Basic YWRhOnBhIHNz\r\nHost: shop.invalid:8000\r\n\r\n"
        )
        # What was added on the way is counted too.
        assert performance.total.sent_bytes == proxy.truth.received_bytes
        assert performance.total.requests == proxy.truth.requests == 20


# The guard


@pytest.mark.slow
@pytest.mark.parametrize("way", ["http", "socks5h"])
async def test_a_name_that_the_proxy_resolves_needs_consent(
    total_of, plan_for, by_way_of, way
) -> None:
    plan = plan_for("http://shop.invalid/", load=ONE)
    performance = await total_of(by_way_of(plan, way))
    assert performance.total.errors == {ErrorKind.CONNECT: 1}
    assert "has to be among the hosts that are allowed" in performance.remarks[0]
    allowed = replace(plan, limits=Limits(allow_hosts=("Shop.invalid",)))
    performance = await total_of(by_way_of(allowed, way))
    # The name leads nowhere, which now is the proxy's to find out.
    assert not set(performance.total.errors) & {ErrorKind.CONNECT, ErrorKind.DNS}


async def test_a_name_that_is_resolved_here_is_guarded_as_ever(total_of, plan_for) -> None:
    override = HostOverride(host="shop.invalid", port=80, address="93.184.215.14", address_port=80)
    transport = Transport(proxy=proxy_of("socks5://127.0.0.1:9"), overrides=(override,))
    plan = replace(plan_for("http://shop.invalid/", load=ONE), transport=transport)
    performance = await total_of(plan)
    assert performance.total.errors == {ErrorKind.CONNECT: 1}
    assert "neither loopback nor private" in performance.remarks[0]


async def test_the_proxy_itself_has_to_be_allowed(total_of, plan_for) -> None:
    transport = Transport(proxy=proxy_of("http://93.184.215.14:3128"))
    plan = replace(plan_for("http://127.0.0.1/", load=ONE), transport=transport)
    performance = await total_of(plan)
    assert performance.total.errors == {ErrorKind.CONNECT: 1}
    assert "93.184.215.14" in performance.remarks[0]


async def test_a_redirect_by_way_of_a_proxy_is_guarded(total_of, plan_for) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://shop.invalid/\r\nContent-Length: 0\r\n\r\n"
    async with HostileServer(saying(moved)) as proxy:
        request = Request(name="get", url="http://127.0.0.1:9/", redirects=3)
        way = proxy_of(proxy.url)
        plan = replace(plan_for(request, load=ONE), transport=Transport(proxy=way))
        performance = await total_of(plan)
        assert proxy.requests == 1
    assert performance.total.errors == {ErrorKind.CONNECT: 1}
    assert "resolved by the proxy" in performance.remarks[0]


# Failures


@pytest.mark.slow
@pytest.mark.parametrize("way", ["socks5", "socks5h"])
@pytest.mark.parametrize("login", ["", "ada:wrong"])
async def test_a_socks_proxy_that_lets_nobody_in_is_named(
    total_of, plan_for, by_way_of, way, login
) -> None:
    performance = await total_of(
        by_way_of(plan_for("http://127.0.0.1:9/", load=ONE), way, login=login)
    )
    assert performance.total.errors == {ErrorKind.PROXY: 1}
    assert "password" in performance.remarks[0]
    assert "wrong" not in performance.remarks[0]


@pytest.mark.slow
@pytest.mark.parametrize(("login", "status"), [("", 407), ("ada:wrong", 407), (LOGIN, 502)])
async def test_an_http_proxy_that_makes_no_connection_is_named(
    total_of, plan_for, by_way_of, login, status
) -> None:
    # Through a tunnel the answer is the proxy's for sure …
    tunnelled = by_way_of(plan_for("https://127.0.0.1:9/", load=ONE), "http", login=login)
    performance = await total_of(tunnelled)
    assert performance.total.errors == {ErrorKind.PROXY: 1}
    assert performance.total.answered == 0
    assert f"{status}" in performance.remarks[0]
    # … and forwarded it is an answer like any other, which only may be.
    forwarded = by_way_of(plan_for("http://127.0.0.1:9/", load=ONE), "http", login=login)
    performance = await total_of(forwarded)
    assert performance.total.statuses == {status: 1}
    assert performance.total.errors == {ErrorKind.STATUS: 1}
    assert "proxy" in performance.remarks[0]


@pytest.mark.parametrize("way", WAYS)
async def test_a_proxy_that_is_not_there_is_named(total_of, plan_for, way) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        proxy = proxy_of(f"{way}://127.0.0.1:{taken.getsockname()[1]}")
        plan = plan_for("http://127.0.0.1/", load=ONE)
        performance = await total_of(replace(plan, transport=Transport(proxy=proxy)))
    assert performance.total.errors == {ErrorKind.PROXY: 1}
    assert performance.remarks == [
        f"The proxy {proxy.place} cannot be reached: connection refused."
    ]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
async def test_a_proxy_that_does_not_answer_is_a_time_out_and_named(
    total_of, plan_for, way
) -> None:
    request = Request(name="get", url="https://127.0.0.1:9/", timeout_s=0.3)
    with unreachable_url() as url:
        for place in (url, None):
            async with HostileServer("silent") as silent:
                address = (place or silent.url).removeprefix("http://").rstrip("/")
                proxy = proxy_of(f"{way}://{address}")
                plan = plan_for(request, load=ONE)
                performance = await total_of(replace(plan, transport=Transport(proxy=proxy)))
            assert performance.total.errors == {ErrorKind.TIMEOUT_CONNECT: 1}
            assert f"The proxy {address} made no connection" in performance.remarks[0]


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("http", b"SSH-2.0-OpenSSH\r\n\r\n"),
        ("http", b"HTTP/1.1 503 \xff\x1b[31mno\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\n\r\nmore"),
        ("http", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000),
        ("socks5", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        ("socks5", b"\x05\xff"),
        ("socks5", b"\x05\x02"),
        ("socks5", b"\x05\x00\x05\x05"),
        ("socks5", b"\x05\x00\x05\x63"),
        ("socks5", b"\x05\x00\x05\x00\x00\x03\xffshort"),
        ("socks5", b"\x05"),
        ("socks5", b""),
    ],
)
async def test_whatever_a_proxy_says_it_is_named_in_words_of_ours(
    total_of, plan_for, way, said
) -> None:
    async def behave(wire) -> None:
        await wire.send(said)
        await wire.leave()

    async with HostileServer(behave) as server:
        proxy = proxy_of(server.url.replace("http", way, 1))
        plan = plan_for("https://127.0.0.1:9/", load=ONE)
        performance = await total_of(replace(plan, transport=Transport(proxy=proxy)))
    assert performance.total.errors == {ErrorKind.PROXY: 1}
    [remark] = performance.remarks
    assert remark.startswith(f"The proxy {proxy.place} ")
    assert remark.isascii() and remark.isprintable()


async def test_an_answer_to_connect_may_come_in_pieces(
    total_of, plan_for, authority, tmp_path
) -> None:
    async def behave(wire) -> None:
        await wire.request()
        for piece in (b"HTTP/1.1 200", b" Connection established\r\nVia: x", b"\r\n\r", b"\n"):
            await wire.send(piece)
            await asyncio.sleep(0)
        await wire.leave()

    async with HostileServer(behave) as server:
        plan = plan_for("https://127.0.0.1:9/", load=ONE)
        proxied = replace(plan, transport=Transport(proxy=proxy_of(server.url)))
        performance = await total_of(proxied)
    # The tunnel was made; what is at its other end speaks no TLS.
    assert set(performance.total.errors) <= {ErrorKind.CLOSED, ErrorKind.RESET, ErrorKind.TLS}


# Without it


async def test_hosts_that_go_without_the_proxy_do(total_of, plan_for) -> None:
    async with LoopbackServer() as server:
        proxy = proxy_of("http://127.0.0.1:9", ["127.0.0.1"])
        plan = plan_for(server.url, load=TWENTY)
        performance = await total_of(replace(plan, transport=Transport(proxy=proxy)))
        assert performance.total.errors == {}
        assert performance.total.answered == server.truth.requests == 20
        assert server.truth.last_request.startswith(b"GET / HTTP/1.1\r\nHost: ")


async def test_the_environment_redirects_no_load(total_of, plan_for, monkeypatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with LoopbackServer() as server:
        performance = await total_of(plan_for(server.url, load=TWENTY))
        assert performance.total.errors == {}
        assert server.truth.requests == 20


async def test_a_refusal_of_one_target_says_nothing_of_the_next(total_of, plan_for) -> None:
    answer = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
    async with HostileServer(saying_and_leaving(answer)) as proxy:
        plan = plan_for("https://127.0.0.1:9/", load=Load(vus=1, iterations=3))
        performance = await total_of(replace(plan, transport=Transport(proxy=proxy_of(proxy.url))))
        assert proxy.requests == performance.total.requests == 3
    assert performance.total.errors == {ErrorKind.PROXY: 3}
