"""A headless Chromium, driven over its own protocol: what a page does, says and asks for."""

import asyncio
import itertools
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from vumeter.testing.patience import until

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_GENEROUS_S = 60.0


class Browser:
    """One page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []
        """What the console, an exception or the security policy has said."""
        self.asked_for: list[str] = []
        """Every URL that anything was asked from."""

    async def call(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(_GENEROUS_S):
            while True:
                told = await self._socket.receive_json()
                if told.get("id") == number:
                    assert "error" not in told, told
                    return told["result"]
                self._hear(told)

    async def value(self, expression: str) -> Any:
        """What *expression* is in the page."""
        told = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def until(self, expression: str) -> None:
        """Return when *expression* is true in the page."""
        await until(lambda: self.value(expression), expression, within_s=_GENEROUS_S)

    async def open(self, path: Path) -> None:
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=path.as_uri())
        await self.until("document.documentElement?.dataset.ready === 'yes'")

    async def mouse(self, kind: str, x: float, y: float) -> None:
        await self.call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
        )

    def _hear(self, told: dict[str, Any]) -> None:
        match told:
            case {"method": "Network.requestWillBeSent", "params": parameters}:
                self.asked_for.append(parameters["request"]["url"])
            case {"method": "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" as method}:
                self.complaints.append(f"{method}: {told['params']}")
            case {"method": "Log.entryAdded", "params": parameters}:
                self.complaints.append(parameters["entry"]["text"])


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Start Chromium without a network, and end it with the context."""
    folder = tempfile.mkdtemp(prefix="vu")
    process = await asyncio.create_subprocess_exec(
        str(CHROMIUM),
        "--headless",
        # As root, as in a container, its own sandbox cannot be made.
        "--no-sandbox",
        "--disable-gpu",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        # Whatever name is asked for is nowhere: only files are left.
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--window-size=1200,900",
        "about:blank",
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        port = await _port(process)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                page = next(it for it in await answer.json() if it["type"] == "page")
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Browser(socket)
    finally:
        process.terminate()
        await process.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    async with asyncio.timeout(_GENEROUS_S):
        while line := await process.stderr.readline():
            if found := re.search(rb"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line):
                return int(found[1])
    raise RuntimeError("Chromium ended before it listened")
