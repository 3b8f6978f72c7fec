"""Where connections go: TLS, IPv6, both names of one host."""

import socket
import ssl

import pytest
import trustme

from vumeter.model.flow import Request
from vumeter.model.measure import ErrorKind
from vumeter.model.plan import Load
from vumeter.testing.hostile import HOSTILITIES, HostileServer
from vumeter.testing.server import LoopbackServer


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch) -> trustme.CA:
    """Make the authority one of the system's."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return authority


def context_for(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.mark.parametrize("keep_alive", [True, False], ids=["kept", "closed each time"])
async def test_https_is_spoken_with_a_target_whose_certificate_is_trusted(
    total_of, plan_for, trusted, keep_alive
) -> None:
    async with LoopbackServer(tls=context_for(trusted, "127.0.0.1")) as server:
        plan = plan_for(server.url, load=Load(vus=2, iterations=20), keep_alive=keep_alive)
        performance = await total_of(plan)
        assert performance.total.errors == {}
        assert performance.total.answered == server.truth.requests == 20
        assert server.truth.connections == (2 if keep_alive else 20)


async def test_https_answers_of_any_size_arrive_whole_on_connections_side_by_side(
    total_of, plan_for, trusted
) -> None:
    async with LoopbackServer(tls=context_for(trusted, "127.0.0.1")) as server:
        urls = [f"{server.url}bytes/{size}" for size in (0, 1, 16_000, 300_000, 1_500_000)]
        performance = await total_of(plan_for(*urls, load=Load(vus=4, iterations=60)))
        assert performance.total.errors == {}
        assert performance.total.answered == 60
        assert performance.total.received_bytes == server.truth.sent_bytes


@pytest.mark.parametrize("name", ["reset-mid-body", "leave-mid-body", "leave", "two-answers"])
async def test_what_breaks_on_https_has_the_same_name_as_on_http(
    total_of, plan_for, trusted, name
) -> None:
    async with HostileServer(name, tls=context_for(trusted, "127.0.0.1")) as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=1, iterations=3)))
    total = performance.total
    assert total.requests == 3 == sum(total.errors.values())
    # A reset can overtake what TLS still had to say, and a close without a word is one.
    assert set(total.errors) <= HOSTILITIES[name].kinds | {ErrorKind.CLOSED, ErrorKind.RESET}


async def test_a_certificate_of_an_unknown_authority_is_a_tls_error(
    total_of, plan_for, authority
) -> None:
    async with HostileServer("silent", tls=context_for(authority, "127.0.0.1")) as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=1, iterations=2)))
    assert performance.total.errors == {ErrorKind.TLS: 2}
    (remark,) = performance.remarks
    assert '("-k" accepts any certificate)' in remark


async def test_a_certificate_for_another_host_is_a_tls_error(total_of, plan_for, trusted) -> None:
    async with HostileServer("silent", tls=context_for(trusted, "elsewhere.test")) as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=1, iterations=2)))
    assert performance.total.errors == {ErrorKind.TLS: 2}


async def test_any_certificate_will_do_when_the_plan_says_so(total_of, plan_for, authority) -> None:
    async with LoopbackServer(tls=context_for(authority, "elsewhere.test")) as server:
        plan = plan_for(server.url, load=Load(vus=1, iterations=3), verify_tls=False)
        performance = await total_of(plan)
    assert performance.total.answered == 3


async def test_the_name_of_the_host_is_sent_in_the_handshake(total_of, plan_for, trusted) -> None:
    asked: list[str | None] = []
    context = context_for(trusted, "localhost")
    context.sni_callback = lambda _plug, name, _context: asked.append(name)
    async with LoopbackServer(tls=context) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        performance = await total_of(plan_for(url, load=Load(vus=1, iterations=1)))
    assert performance.total.errors == {}
    assert asked == ["localhost"]


async def test_a_plain_server_behind_an_https_url_is_a_tls_error(total_of, plan_for) -> None:
    async with HostileServer("speak-first") as server:
        url = server.url.replace("http:", "https:")
        request = Request(name="get", url=url, timeout_s=5.0)
        performance = await total_of(plan_for(request, load=Load(vus=1, iterations=1)))
    assert performance.total.errors == {ErrorKind.TLS: 1}


@pytest.mark.slow
async def test_a_handshake_that_never_ends_is_a_connect_time_out(total_of, plan_for) -> None:
    async with HostileServer("silent") as server:
        url = server.url.replace("http:", "https:")
        request = Request(name="get", url=url, timeout_s=0.3)
        performance = await total_of(plan_for(request, load=Load(vus=1, iterations=2)))
    assert performance.total.errors == {ErrorKind.TIMEOUT_CONNECT: 2}


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as plug:
            plug.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_ipv6(), reason="this host has no IPv6 loopback")
async def test_ipv6_is_spoken(total_of, plan_for) -> None:
    async with LoopbackServer(host="::1") as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=1, iterations=3)))
        assert b"Host: [::1]:" in server.truth.last_request
    assert performance.total.answered == 3


async def test_localhost_finds_a_server_that_listens_on_one_family_only(total_of, plan_for) -> None:
    async with LoopbackServer() as server:
        url = server.url.replace("127.0.0.1", "localhost")
        performance = await total_of(
            plan_for(url, load=Load(vus=3, iterations=12), keep_alive=False)
        )
    assert performance.total.errors == {}
    assert performance.total.answered == 12
