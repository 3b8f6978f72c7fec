"""The control API over TCP: who has the token comes in, encrypted where others could listen."""

import asyncio
import os
import ssl
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
import trustme

from vumeter.errors import LinkError, UsageError
from vumeter.link.client import Link, send, status
from vumeter.link.door import Door, door_of
from vumeter.link.protocol import TOKEN_VARIABLE
from vumeter.model.plan import Listen, Plan
from vumeter.model.throttle import Command, CommandKind
from vumeter.testing.server import LoopbackServer

pytestmark = pytest.mark.slow

Plans = Callable[..., Plan]

LOOPBACK = Listen(host="127.0.0.1", port=0)


def door(flight: Any, *, token: str | None = None, authorities: Path | None = None) -> Door:
    shown = flight.folder.token.read_text().strip() if token is None else token
    return door_of(flight.folder.address.read_text().strip(), token=shown, authorities=authorities)


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate with its key for 127.0.0.1, and who vouches for it: two files."""
    ca = trustme.CA()
    certificate, authorities = tmp_path / "server.pem", tmp_path / "ca.pem"
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    ca.cert_pem.write_to_path(str(authorities))
    return certificate, authorities


async def test_who_has_the_token_sees_and_steers_the_run(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url, listen=LOOPBACK)) as flight:
        assert stat.S_IMODE(flight.folder.token.stat().st_mode) == 0o600
        here = door(flight)
        async with await Link.open(here, viewer="afar") as link:
            outcome = await link.command(Command(kind=CommandKind.SET, author="afar", value=3))
            assert outcome.accepted
            frame = await until(link, lambda frame: frame.throttles[0].requested == 3)
            assert frame.viewers == 1
        assert (await send(here, Command(kind=CommandKind.MARK, author="x", note="y"))).accepted
        assert (await status(here)).run == "test"
    assert not flight.folder.token.exists()
    assert not flight.folder.address.exists()


@pytest.mark.parametrize("cut", [slice(0, 0), slice(0, -1), slice(1, None)], ids=str)
async def test_who_has_less_than_the_token_is_refused_and_told_of(
    fly: Any, a_plan: Plans, server: LoopbackServer, cut: slice
) -> None:
    async with fly(a_plan(server.url, listen=LOOPBACK)) as flight:
        token = flight.folder.token.read_text().strip()
        wrong = door(flight, token=token[cut])
        with pytest.raises(LinkError, match="not its token"):
            await Link.open(wrong, viewer="eve")
        with pytest.raises(LinkError, match="not its token"):
            await status(wrong)
        with pytest.raises(LinkError, match="not its token"):
            await send(wrong, Command(kind=CommandKind.ABORT, author="eve"))
        async with await flight.link() as link:
            events = [event.text for event in link.hello.frame.events]
        assert sum("refused a caller from 127.0.0.1" in text for text in events) == 1
        assert not any(token in text for text in events)
        assert link.hello.frame.stop_cause is None


async def test_no_path_is_answered_without_the_token(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with (
        fly(a_plan(server.url, listen=LOOPBACK)) as flight,
        aiohttp.ClientSession(flight.folder.address.read_text().strip()) as session,
    ):
        for method, path in [("GET", "/metrics"), ("GET", "/nowhere"), ("POST", "/commands")]:
            async with session.request(method, path) as response:
                assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_a_page_of_a_browser_gets_no_stream_even_with_the_token(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url, listen=LOOPBACK)) as flight:
        here = door(flight)
        shown = {"Authorization": f"Bearer {here.token}"}
        async with aiohttp.ClientSession(here.url, headers=shown) as session:
            for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await session.ws_connect("/stream", headers=headers)
                assert refused.value.status == 403
            # What a program says of itself that sends an origin all the same.
            async with session.ws_connect("/stream", headers={"Origin": here.url}) as stream:
                assert await stream.receive_bytes()


async def test_what_others_could_listen_to_is_encrypted_and_verified(
    fly: Any, a_plan: Plans, server: LoopbackServer, authority: tuple[Path, Path]
) -> None:
    certificate, authorities = authority
    listen = Listen(host="127.0.0.1", port=0, certificate=str(certificate))
    async with fly(a_plan(server.url, listen=listen)) as flight:
        trusting = door(flight, authorities=authorities)
        assert trusting.url.startswith("https://")
        async with await Link.open(trusting, viewer="afar") as link:
            assert link.hello.frame.run == "test"
        with pytest.raises(LinkError, match="cannot be verified"):
            await Link.open(door(flight), viewer="eve")
        with pytest.raises(LinkError, match="cannot be verified"):
            await status(door(flight))
        unencrypted = door_of(trusting.url.replace("https", "http"), token=trusting.token)
        with pytest.raises(LinkError, match="gone"):
            await status(unencrypted)


async def test_a_name_that_is_not_in_the_certificate_is_refused(
    fly: Any, a_plan: Plans, server: LoopbackServer, authority: tuple[Path, Path]
) -> None:
    certificate, authorities = authority
    listen = Listen(host="127.0.0.1", port=0, certificate=str(certificate))
    async with fly(a_plan(server.url, listen=listen)) as flight:
        elsewhere = door(flight, authorities=authorities)
        renamed = door_of(
            elsewhere.url.replace("127.0.0.1", "localhost"),
            token=elsewhere.token,
            authorities=authorities,
        )
        with pytest.raises(LinkError, match="cannot be verified"):
            await status(renamed)


async def test_a_token_of_the_environments_is_written_nowhere_and_inherited_by_nobody(
    fly: Any, a_plan: Plans, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "canary-of-the-environment-7d1f"
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    async with fly(a_plan(server.url, listen=LOOPBACK)) as flight:
        assert (await status(door(flight, token=token))).run == "test"
        assert not flight.folder.token.exists()
        assert TOKEN_VARIABLE not in os.environ
        for worker in flight.workers():
            assert TOKEN_VARIABLE not in worker.environ()
        for process in (psutil.Process(), *flight.workers()):
            assert token not in " ".join(process.cmdline())
        async with await flight.link() as link:
            assert token not in str(link.hello)
        kept = [path for path in flight.folder.path.iterdir() if path.is_file()]
        assert not [path for path in kept if token.encode() in path.read_bytes()]


@pytest.mark.parametrize("token", ["short", "x" * 19, "ünïcödé" * 5, "line\nbreak" * 5])
async def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused_before_the_load(
    fly: Any,
    a_plan: Plans,
    server: LoopbackServer,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with pytest.raises(UsageError, match="is no token"):
        async with fly(a_plan(server.url, listen=LOOPBACK)):
            pass
    assert server.truth.requests == 0


async def test_a_port_that_is_taken_is_said_before_the_load(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    taken = Listen(host="127.0.0.1", port=server.port)
    with pytest.raises(UsageError, match="cannot be listened on: address already in use"):
        async with fly(a_plan(server.url, listen=taken)):
            pass
    assert server.truth.requests == 0


async def test_a_certificate_that_is_none_is_said_before_the_load(
    fly: Any, a_plan: Plans, server: LoopbackServer, tmp_path: Path
) -> None:
    (tmp_path / "x.pem").write_text("nothing")
    listen = Listen(host="127.0.0.1", port=0, certificate=str(tmp_path / "x.pem"))
    with pytest.raises(UsageError, match="is no certificate with its key"):
        async with fly(a_plan(server.url, listen=listen)):
            pass
    assert server.truth.requests == 0


async def test_a_name_that_leads_off_this_machine_is_not_listened_on_without_tls(
    fly: Any, a_plan: Plans, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    async def misleading(*_: object, **__: object) -> list[Any]:
        return [(2, 1, 6, "", ("0.0.0.0", 0))]

    # What a system's resolver says cannot be arranged for otherwise.
    monkeypatch.setattr(loop, "getaddrinfo", misleading)
    with pytest.raises(UsageError, match="other machines can reach"):
        async with fly(a_plan(server.url, listen=Listen(host="localhost", port=0))):
            pass


async def test_only_tls_from_1_2_on_is_spoken(
    fly: Any, a_plan: Plans, server: LoopbackServer, authority: tuple[Path, Path]
) -> None:
    certificate, authorities = authority
    listen = Listen(host="127.0.0.1", port=0, certificate=str(certificate))
    async with fly(a_plan(server.url, listen=listen)) as flight:
        old = ssl.create_default_context(cafile=str(authorities))
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        port = int(flight.folder.address.read_text().rpartition(":")[2])
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", port, ssl=old)
