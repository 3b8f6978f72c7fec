"""`vumeter serve`: the cockpit in a browser, for who has a token; with HTTP, and with Chromium."""

import asyncio
import base64
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pyte
import pytest
import trustme

from vumeter.link import folders
from vumeter.link.client import Link, status
from vumeter.model.frame import Frame
from vumeter.testing.patience import until
from vumeter.testing.server_process import ServerProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

GENEROUS_S = 40.0
PROGRAM = Path(sys.executable).parent / "vumeter"
SIZE = (120, 40)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@dataclass(frozen=True)
class Served:
    """A `vumeter serve` that goes on."""

    process: psutil.Popen
    url: str
    tokens: dict[str, Path]

    def token(self, right: str) -> str:
        return self.tokens[right].read_text().strip()

    def cockpits(self) -> list[psutil.Process]:
        return self.process.children(recursive=True)


@contextmanager
def _serving(*arguments: str) -> Iterator[Served]:
    process = psutil.Popen(
        [PROGRAM, "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = []
        while not said or "ctrl+c" not in said[-1]:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said.append(line)
        text = "".join(said)
        found = re.search(r"https?://\S+", text)
        assert found is not None
        files = re.findall(r"to (\w+): the token in (\S+)", text)
        yield Served(process, found[0], {right: Path(path) for right, path in files})
    finally:
        process.terminate()
        process.communicate(timeout=GENEROUS_S)


@pytest.fixture
def serving(vumeter: Any, server: ServerProcess) -> Callable[..., Any]:
    """A run called night, and what serves it until the context ends."""
    started = vumeter("run", server.url, "--detach", "--name", "night", "-c", "4")
    assert started.returncode == 0, started.stderr
    return _serving


async def newest(run: str = "night") -> Frame:
    return await status(folders.find(run).socket)


class Page:
    """A browser's page after its token was typed in: what its terminal shows, and its keys."""

    def __init__(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        self._stream = stream
        self._screen = pyte.Screen(*SIZE)
        self._feed = pyte.ByteStream(self._screen)

    async def sees(self, words: str) -> None:
        async with asyncio.timeout(GENEROUS_S):
            while words not in "\n".join(self._screen.display):
                self._feed.feed(await self._stream.receive_bytes())

    async def press(self, keys: str) -> None:
        await self._stream.send_json(["stdin", keys])

    async def is_closed(self) -> None:
        async with asyncio.timeout(GENEROUS_S):
            async for _ in self._stream:
                pass


async def way_in(session: aiohttp.ClientSession, served: Served, token: str) -> str:
    """Return the terminal's address in the page that *token* opens."""
    async with session.post(served.url, data={"token": token}) as answer:
        page = await answer.text()
        assert answer.status == 200, page
    found = re.search(r'data-session-websocket-url="([^"]+)"', page)
    assert found is not None
    return found[1]


@asynccontextmanager
async def opened(served: Served, right: str, **how: Any) -> AsyncIterator[Page]:
    async with aiohttp.ClientSession() as session:
        address = await way_in(session, served, served.token(right))
        there = f"{address}?width={SIZE[0]}&height={SIZE[1]}"
        async with session.ws_connect(there, origin=served.url.rstrip("/"), **how) as stream:
            yield Page(stream)


async def test_who_has_the_token_to_steer_sees_the_cockpit_and_steers(
    serving: Any, eventually: Any
) -> None:
    with serving("night") as served:
        async with opened(served, "steer") as page:
            await page.sees("GET /")
            await page.press("+")
            await page.sees("VU 5")
            night = folders.find("night").socket
            assert (await status(night)).throttles[0].requested == 5
            await page.press("q")
            await page.press("d")
            await page.is_closed()
        eventually(lambda: not served.cockpits())


async def test_who_has_the_token_to_watch_moves_nothing(serving: Any) -> None:
    with serving("night") as served:
        async with opened(served, "watch") as page:
            await page.sees("GET /")
            await page.press("+")
            await page.sees("only watches")
            await page.press("S")
            await page.sees("Stop gracefully?")
            await page.press("y")
            await page.sees("only watches")
            frame = await status(folders.find("night").socket)
            assert (frame.throttles[0].requested, frame.stop_cause) == (4, None)


async def test_with_watch_there_is_no_token_that_steers(serving: Any) -> None:
    with serving("night", "--watch") as served:
        assert list(served.tokens) == ["watch"]


async def test_neither_page_nor_terminal_open_without_the_token(serving: Any) -> None:
    with serving("night") as served:
        own = served.url.rstrip("/")
        async with aiohttp.ClientSession() as session:
            async with session.get(served.url) as entrance:
                said = await entrance.text()
                assert "websocket" not in said and entrance.status == 200
                assert "default-src 'none'" in entrance.headers["Content-Security-Policy"]
                assert entrance.headers["Cache-Control"] == "no-store"
            token = served.token("steer")
            for wrong in ("", token[:-1], token[1:], token + "x", "täglich"):
                async with session.post(served.url, data={"token": wrong}) as refused:
                    assert refused.status == 401
                    assert token not in await refused.text()
            address = await way_in(session, served, token)
            assert token not in address
            for there, headers in (
                (f"{own.replace('http', 'ws')}/terminal/guessed", {"Origin": own}),
                (address, {"Origin": "https://evil.example"}),
                (address, {"Origin": "null"}),
                (address, {"Host": "evil.example"}),
            ):
                with pytest.raises(aiohttp.WSServerHandshakeError) as handshake:
                    await session.ws_connect(there, headers=headers)
                assert handshake.value.status == 403
            # Other pages can neither read this one nor send its form.
            evil = {"Origin": "https://evil.example"}
            async with session.post(served.url, data={"token": token}, headers=evil) as refused:
                assert refused.status == 403
            async with session.ws_connect(address, origin=own):
                with pytest.raises(aiohttp.WSServerHandshakeError):
                    await session.ws_connect(address, origin=own)
        assert (await status(folders.find("night").socket)).throttles[0].requested == 4


async def test_tokens_are_files_of_their_owner_alone_and_no_arguments(serving: Any) -> None:
    with serving("night") as served:
        async with opened(served, "steer") as page:
            await page.sees("GET /")
            kept = served.tokens["steer"]
            assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (
                0o600,
                0o700,
            )
            token = served.token("steer")
            processes = [served.process, *served.cockpits()]
            assert len(processes) == 2
            assert not [it for it in processes if token in " ".join(it.cmdline())]
            assert not [it for it in processes if token in str(it.environ())]
    assert not kept.parent.exists()


async def test_a_browser_that_is_closed_was_lost_and_leaves_no_process(
    serving: Any, eventually: Any
) -> None:
    with serving("night") as served:
        async with opened(served, "steer") as page:
            await page.sees("GET /")
        eventually(lambda: not served.cockpits())
        async with await Link.open(folders.find("night").socket, viewer="x", watch=True) as link:
            events = [event.text for event in link.hello.frame.events]
        assert any("was lost" in text for text in events), events


async def test_a_server_that_is_killed_leaves_no_cockpit(serving: Any, eventually: Any) -> None:
    with serving("night") as served:
        async with opened(served, "watch") as page:
            await page.sees("GET /")
            [cockpit] = served.cockpits()
            served.process.kill()
            eventually(lambda: not is_running(cockpit))
    shutil.rmtree(served.tokens["watch"].parent)


def is_running(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def is_past(second: int) -> bool:
    return (await newest()).second >= second


async def test_a_browser_that_stalls_is_skipped_and_shows_the_present_after(
    serving: Any,
) -> None:
    with serving("night") as served:
        async with opened(served, "watch") as page:
            await page.sees("GET /")
            [cockpit] = served.cockpits()
            served.process.send_signal(signal.SIGSTOP)
            try:
                spent_s = sum(cockpit.cpu_times()[:2])
                night = folders.find("night").socket
                began = (await status(night)).second
                await until(lambda: is_past(began + 6))
                assert sum(cockpit.cpu_times()[:2]) - spent_s < 6
            finally:
                served.process.send_signal(signal.SIGCONT)
            elapsed_s = int((await status(night)).elapsed_s)
            await page.sees(f"{elapsed_s // 60:02}:{elapsed_s % 60:02}")


async def test_off_this_machine_it_takes_tls(serving: Any, vumeter: Any, tmp_path: Path) -> None:
    refused = vumeter("serve", "night", "--listen", "0.0.0.0:0")
    assert (refused.returncode, "without TLS" in refused.stderr) == (2, True), refused.stderr
    ca = trustme.CA()
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "s.pem")
    context = ssl.create_default_context()
    ca.configure_trust(context)
    with serving("night", "--listen-cert", str(tmp_path / "s.pem")) as served:
        assert served.url.startswith("https://127.0.0.1:")
        connector = aiohttp.TCPConnector(ssl=context)
        async with aiohttp.ClientSession(connector=connector) as session:
            address = await way_in(session, served, served.token("watch"))
            assert address.startswith("wss://")
            there = f"{address}?width=120&height=40"
            async with session.ws_connect(there, origin=served.url.rstrip("/")) as stream:
                await Page(stream).sees("GET /")


async def test_a_run_that_has_gone_is_said_on_the_page(serving: Any, vumeter: Any) -> None:
    with serving("night") as served:
        assert vumeter("stop", "night", "--now").returncode is not None
        async with (
            aiohttp.ClientSession() as session,
            session.post(served.url, data={"token": served.token("watch")}) as answer,
        ):
            assert (answer.status, "gone" in await answer.text()) == (503, True)


class Chromium:
    """A headless browser, as its own debugger drives it."""

    def __init__(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        self._stream = stream
        self._number = 0
        self.complaints: list[str] = []

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        call = {"id": self._number, "method": method, "params": parameters}
        await self._stream.send_json(call)
        async with asyncio.timeout(GENEROUS_S):
            while True:
                said = await self._stream.receive_json()
                if said.get("method") == "Runtime.exceptionThrown":
                    self.complaints.append(json.dumps(said["params"]))
                if said.get("id") == self._number:
                    return said.get("result", said)

    async def says(self, script: str) -> Any:
        result = await self.do("Runtime.evaluate", expression=script)
        return result["result"].get("value")

    async def until(self, script: str) -> None:
        await until(lambda: self.says(script))

    async def picture(self) -> bytes:
        return base64.b64decode((await self.do("Page.captureScreenshot"))["data"])

    async def press(self, key: str, **more: Any) -> None:
        await self.do("Input.dispatchKeyEvent", type="keyDown", key=key, **more)
        await self.do("Input.dispatchKeyEvent", type="keyUp", key=key)


@asynccontextmanager
async def chromium(home: Path) -> AsyncIterator[Chromium]:
    assert CHROMIUM is not None, "skipped without"
    process = subprocess.Popen(  # noqa: ASYNC220 - takes a moment, once
        [
            *(CHROMIUM, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={home}"),
            *("--no-first-run", "--disable-extensions", "--disable-dev-shm-usage"),
            *("--window-size=1200,760", "--enable-unsafe-swiftshader"),
            # As root there is no other way; nothing is shown but our own pages.
            *(["--no-sandbox"] if os.getuid() == 0 else []),
            "about:blank",
        ],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stderr is not None, "started with a pipe"
        found = None
        while found is None:
            found = re.search(r"ws://(127\.0\.0\.1:\d+)/", process.stderr.readline())
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{found[1]}/json") as answer:
                [page] = [it for it in await answer.json() if it["type"] == "page"]
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as stream:
                browser = Chromium(stream)
                for domain in ("Page", "Runtime"):
                    await browser.do(f"{domain}.enable")
                yield browser
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt-get install chromium)")
async def test_in_a_real_browser_keys_reach_the_run_and_its_pixels_move(
    serving: Any, tmp_path: Path, eventually: Any
) -> None:
    with serving("night") as served:
        async with chromium(tmp_path) as browser:
            await browser.do("Page.navigate", url=served.url)
            await browser.until("document.activeElement.name == 'token'")
            await browser.do("Input.insertText", text=served.token("steer"))
            await browser.press("Enter", windowsVirtualKeyCode=13, text="\r")
            # Textual's page says so itself when something was drawn.
            await browser.until("document.body.classList.contains('-first-byte')")
            page = await browser.says("document.documentElement.outerHTML")
            assert served.token("steer") not in page

            async def has_moved() -> bool:
                await browser.press("+", text="+")
                return (await newest()).throttles[0].requested > 4

            # A key that comes before the cockpit has found its run moves nothing.
            await until(has_moved)
            before = await browser.picture()
            assert before.startswith(b"\x89PNG")

            async def shows_another() -> bool:
                return await browser.picture() != before

            await until(shows_another)
            assert not browser.complaints
        eventually(lambda: not served.cockpits())
