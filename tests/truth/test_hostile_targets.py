"""Whatever a target does ends under its name, in time, without a traceback or much memory."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from vumeter.testing.flight import Landing, fly
from vumeter.testing.hostile import HOSTILITIES, HostileServer
from vumeter.testing.server import LoopbackServer

pytestmark = pytest.mark.slow

BROKEN = [name for name, hostility in HOSTILITIES.items() if hostility.kinds]
WELL_FORMED = [name for name, hostility in HOSTILITIES.items() if not hostility.kinds]
DURATION_S = 0.3
TIMEOUT_S = 0.2
FLAGS = ("-c", "3", "-z", f"{DURATION_S}s", "-t", f"{TIMEOUT_S}s")


def assert_landed_well(landing: Landing) -> None:
    assert (landing.exit_code, landing.complaints) == (0, "")
    # The promise is within 3 s of its time; up to 2 s more go into starting on a busy machine.
    assert landing.wall_s < DURATION_S + TIMEOUT_S + 3 + 2
    assert landing.report["generator"]["rss_bytes_max"] < 200 * 2**20


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_target_ends_under_its_name_in_its_time(name: str) -> None:
    async with HostileServer(name) as server:
        landing = await asyncio.to_thread(fly, server.url, *FLAGS)
    assert_landed_well(landing)
    expected = {kind.value for kind in HOSTILITIES[name].kinds}
    assert set(landing.errors) <= expected
    successes = landing.requests - sum(landing.errors.values())
    # See there; at most once on each of the connections, which end with their first silence.
    assert successes <= (server.connections if name == "speak-first" else 0)
    # Three VUs, each with a first attempt, and one at once after it; then they back off.
    assert 3 <= landing.requests <= 3 * 20
    assert landing.requests >= server.requests, "none is hidden"


@pytest.mark.parametrize("name", WELL_FORMED)
async def test_an_odd_but_right_answer_is_one_success(name: str) -> None:
    async with HostileServer(name) as server:
        landing = await asyncio.to_thread(fly, server.url, *FLAGS)
    assert_landed_well(landing)
    assert landing.errors == {}
    assert landing.requests == server.requests == server.answered > 3


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return authority


def serving(
    authority: trustme.CA, host: str, *, not_after: datetime | None = None
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, not_after=not_after).configure_cert(context)
    return context


async def test_https_is_verified_and_its_counts_are_exact(
    authority: trustme.CA, tmp_path: Path
) -> None:
    trusted = {"SSL_CERT_FILE": str(tmp_path / "authority.pem")}
    async with LoopbackServer(tls=serving(authority, "127.0.0.1")) as server:
        landing = await asyncio.to_thread(fly, server.url, *FLAGS, environment=trusted)
    assert (landing.exit_code, landing.errors) == (0, {})
    assert landing.requests == server.truth.requests == server.truth.answered > 10
    assert server.truth.connections == 3


@pytest.mark.parametrize(
    ("host", "not_after", "is_known"),
    [
        pytest.param("127.0.0.1", None, False, id="by an unknown authority"),
        pytest.param("elsewhere.example", None, True, id="for another host"),
        pytest.param("127.0.0.1", datetime(2020, 1, 1, tzinfo=UTC), True, id="expired"),
    ],
)
async def test_a_certificate_that_proves_nothing_is_a_tls_error_and_nothing_is_sent(
    authority: trustme.CA, tmp_path: Path, host: str, not_after: datetime | None, is_known: bool
) -> None:
    known = {"SSL_CERT_FILE": str(tmp_path / "authority.pem")} if is_known else None
    async with LoopbackServer(tls=serving(authority, host, not_after=not_after)) as server:
        landing = await asyncio.to_thread(fly, server.url, *FLAGS, environment=known)
    assert_landed_well(landing)
    assert set(landing.errors) == {"tls"}
    assert server.truth.requests == 0


async def test_insecure_accepts_a_certificate_that_proves_nothing(authority: trustme.CA) -> None:
    async with LoopbackServer(tls=serving(authority, "elsewhere.example")) as server:
        landing = await asyncio.to_thread(fly, server.url, *FLAGS, "-k")
    assert (landing.exit_code, landing.errors) == (0, {})
    assert landing.requests == server.truth.answered > 10


@pytest.mark.parametrize(("name", "kind"), [("speak-first", "tls"), ("silent", "timeout_connect")])
async def test_https_to_a_server_that_does_not_speak_tls_is_named(name: str, kind: str) -> None:
    async with HostileServer(name) as server:
        url = server.url.replace("http://", "https://")
        landing = await asyncio.to_thread(fly, url, *FLAGS)
    assert_landed_well(landing)
    assert set(landing.errors) <= {kind, "interrupted"}
    assert landing.errors[kind] >= 3
