"""Connections: to where they lead, from where, and under which name."""

import asyncio
import socket
import ssl

import pytest
import trustme

from vumeter.client.connector import Connector
from vumeter.client.exchange import Exchange
from vumeter.client.expectation import Expectation
from vumeter.client.failures import error_kind
from vumeter.client.origin import Origin, origin_of
from vumeter.model.measure import ErrorKind
from vumeter.model.plan import HostOverride, IpFamily, Plan, TlsVersion, Transport
from vumeter.testing.server import LoopbackServer

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


class Caller:
    """Waits for one answer."""

    def __init__(self) -> None:
        self.told = asyncio.get_running_loop().create_future()

    def take_cookies(self, lines: list[bytes]) -> None:
        raise AssertionError("nothing here sets any")

    def answered_in_parts(self, *, written_ns: int, first_ns: int, done_ns: int) -> None:
        pass

    def answered(self, status: int, received_bytes: int, done_ns: int) -> None:
        self.told.set_result(status)

    def failed(self, kind: ErrorKind, received_bytes: int) -> None:
        self.told.set_result(kind)


async def asked(origin: Origin, transport: Transport, *, verify: bool = True) -> int | ErrorKind:
    """Return what becomes of one request to *origin* over *transport*."""
    connector = Connector.of(
        Plan(name="test", scenarios=(), transport=transport, verify_tls=verify)
    )
    caller = Caller()
    exchange = Exchange(caller, origin)
    try:
        async with asyncio.timeout(5):
            await connector.open(exchange)
            if exchange.transport is None:
                return ErrorKind.CLOSED
            exchange.send(REQUEST, Expectation())
            return await caller.told
    except (OSError, ValueError) as error:
        return error_kind(error, connected=False)
    finally:
        exchange.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authorities(authority, tmp_path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def led_to(server: LoopbackServer, host: str, port: int, *, address: str = "127.0.0.1"):
    return HostOverride(host=host, port=port, address=address, address_port=server.port)


async def test_an_override_leads_a_name_and_port_elsewhere() -> None:
    async with LoopbackServer() as server:
        transport = Transport(overrides=(led_to(server, "shop.invalid", 80),))
        assert await asked(Origin("http", "shop.invalid", 80), transport) == 200
        # The name is all that is overridden, and only at that port.
        assert await asked(Origin("http", "shop.invalid", 81), transport) is ErrorKind.DNS
        assert server.truth.requests == 1


async def test_an_override_may_name_another_host() -> None:
    async with LoopbackServer() as server:
        override = led_to(server, "shop.invalid", 80, address="localhost")
        assert (
            await asked(Origin("http", "shop.invalid", 80), Transport(overrides=(override,))) == 200
        )


async def test_an_override_is_no_way_round_the_guard() -> None:
    override = HostOverride(host="shop.invalid", port=80, address="192.0.2.1", address_port=80)
    public = HostOverride(host="a.invalid", port=80, address="93.184.215.14", address_port=80)
    transport = Transport(overrides=(override, public))
    assert await asked(Origin("http", "a.invalid", 80), transport) is ErrorKind.CONNECT


async def test_connections_come_from_the_local_addresses_in_turn() -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()

    def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.put_nowait(writer.get_extra_info("peername")[0])
        writer.close()

    listener = await asyncio.start_server(note, "127.0.0.1", 0)
    async with listener:
        origin = Origin("http", "127.0.0.1", listener.sockets[0].getsockname()[1])
        connector = Connector.of(
            Plan(
                name="test",
                scenarios=(),
                transport=Transport(local_addresses=("127.0.0.2", "::1", "127.0.0.3")),
            )
        )
        for expected in ("127.0.0.2", "127.0.0.3", "127.0.0.2"):
            exchange = Exchange(Caller(), origin)
            async with asyncio.timeout(5):
                await connector.open(exchange)
                assert await seen.get() == expected
            exchange.close()


@pytest.mark.parametrize(
    ("family", "outcome"), [(IpFamily.IPV4, 200), (IpFamily.IPV6, ErrorKind.DNS)]
)
async def test_only_the_wanted_family_is_connected_to(family, outcome) -> None:
    async with LoopbackServer() as server:
        assert await asked(origin_of(server.url), Transport(ip_family=family)) == outcome


async def test_ipv6_is_connected_to_where_it_is_wanted() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine speaks no IPv6")
    async with LoopbackServer(host="::1") as server:
        assert await asked(origin_of(server.url), Transport(ip_family=IpFamily.IPV6)) == 200


@pytest.mark.parametrize("is_prepared", [True, False])
async def test_https_works_whether_or_not_it_was_foreseen(
    authority, authorities, is_prepared
) -> None:
    async with LoopbackServer(tls=server_context(authority, "127.0.0.1")) as server:
        connector = Connector.of(
            Plan(name="test", scenarios=(), transport=Transport(authorities=authorities))
        )
        if is_prepared:
            connector.prepare_tls()
        callers = [Caller() for _ in range(3)]
        exchanges = [Exchange(caller, origin_of(server.url)) for caller in callers]
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            for exchange in exchanges:
                tasks.create_task(connector.open(exchange))
        for exchange in exchanges:
            exchange.send(REQUEST, Expectation())
        assert [await caller.told for caller in callers] == [200] * 3
        for exchange in exchanges:
            exchange.close()


@pytest.mark.parametrize(
    ("options", "verify", "outcome"),
    [
        pytest.param({}, True, ErrorKind.TLS, id="not the authority's name"),
        pytest.param({"server_name": "shop.example"}, True, 200, id="the name that is asked for"),
        pytest.param({"server_name": "other.example"}, True, ErrorKind.TLS, id="another name"),
        pytest.param({"server_name": "other.example"}, False, 200, id="nothing verified"),
    ],
)
async def test_the_server_name_is_what_is_asked_for_and_verified(
    authority, authorities, options, verify, outcome
) -> None:
    asked_for: list[str | None] = []
    context = server_context(authority, "shop.example")
    context.sni_callback = lambda connection, name, served: asked_for.append(name)
    async with LoopbackServer(tls=context) as server:
        origin = Origin("https", "localhost", server.port)
        transport = Transport(authorities=authorities, ip_family=IpFamily.IPV4, **options)
        assert await asked(origin, transport, verify=verify) == outcome
    assert asked_for == [options.get("server_name", "localhost")]


async def test_an_authority_that_is_not_trusted_is_a_tls_failure(authority) -> None:
    async with LoopbackServer(tls=server_context(authority, "127.0.0.1")) as server:
        assert await asked(origin_of(server.url), Transport()) is ErrorKind.TLS


async def test_a_target_that_is_too_old_is_refused(authority, authorities) -> None:
    context = server_context(authority, "127.0.0.1")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    # Its refusal may be overtaken by the end of the connection.
    refused = (ErrorKind.TLS, ErrorKind.RESET)
    async with LoopbackServer(tls=context) as server:
        for minimum, outcomes in ((TlsVersion.TLS_1_2, (200,)), (TlsVersion.TLS_1_3, refused)):
            transport = Transport(authorities=authorities, tls_minimum=minimum)
            assert await asked(origin_of(server.url), transport) in outcomes


async def test_a_certificate_is_shown_to_a_target_that_asks_for_one(
    authority, authorities, tmp_path
) -> None:
    context = server_context(authority, "127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    # With TLS 1.3 the client learns only after its handshake that it is not welcome.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    authority.configure_trust(context)
    shown = tmp_path / "client.pem"
    authority.issue_cert("client@shop.example").private_key_and_cert_chain_pem.write_to_path(shown)
    async with LoopbackServer(tls=context) as server:
        origin = origin_of(server.url)
        transport = Transport(authorities=authorities, certificate=str(shown))
        assert await asked(origin, transport) == 200
        assert (
            await asked(origin, Transport(authorities=authorities)) is not ErrorKind.TIMEOUT_CONNECT
        )
        assert server.truth.requests == 1
