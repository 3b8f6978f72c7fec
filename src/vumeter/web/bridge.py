"""
One browser's terminal: a process with a cockpit in it, and what goes to and fro.

Textual's own driver for browsers speaks over standard input and output, in packets of a letter,
a length and a payload; its page speaks JSON and raw bytes over a WebSocket. The server that
comes with that page starts its processes through a shell and cannot end one that hangs.
"""

import asyncio
import contextlib
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

_PRELUDE = b"__GANGLION__\n"
_DATA, _META = b"D", b"M"
_LENGTH_BYTES = 4
_EXIT = "exit"
_QUIT = {"type": "quit"}

_END_WITHIN_S = 3.0
"""How long a cockpit may take to leave when its browser has."""

_NARROWEST, _WIDEST = 1, 1000
"""Columns or rows that a browser may say it has."""


class Bridge:
    """
    A cockpit in a process of its own, for one browser. Use once: `run`.

    Neither end is read faster than the other takes it: a browser that stalls makes its cockpit
    skip frames, as a terminal does, and nobody else.

    Args:
        browser: The WebSocket, which is open.
        command: The process; it draws with Textual's driver for browsers.
        environment: Its own.
        size: Columns and rows at the start.
    """

    def __init__(
        self,
        browser: web.WebSocketResponse,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        size: tuple[int, int],
    ) -> None:
        self._browser = browser
        self._command = command
        columns, rows = (str(_within(each)) for each in size)
        self._environment = dict(environment) | {"COLUMNS": columns, "ROWS": rows}

    async def run(self) -> None:
        """Carry keys and pictures until either end has gone, and leave no process behind."""
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, env=self._environment
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                ends = {
                    tasks.create_task(self._show(process), name="pictures"),
                    tasks.create_task(self._type(process), name="keys"),
                }
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                for end in ends:
                    end.cancel()
            await self._browser.close()
        finally:
            await _end(process)

    async def _show(self, process: Process) -> None:
        """Send what the cockpit draws, until it leaves."""
        assert process.stdout is not None, "started with a pipe"
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await process.stdout.readuntil(_PRELUDE)
            while True:
                kind, payload = await _packet(process.stdout)
                if kind == _DATA:
                    await self._browser.send_bytes(payload)
                elif kind == _META and msgspec.json.decode(payload).get("type") == _EXIT:
                    return

    async def _type(self, process: Process) -> None:
        """Hand on what is typed in the browser, until it has gone."""
        assert process.stdin is not None, "started with a pipe"
        async for message in self._browser:
            if message.type is not WSMsgType.TEXT:
                continue
            with contextlib.suppress(ConnectionError):
                packet = self._heard(message.data)
                if packet is not None:
                    process.stdin.write(packet)
                    await process.stdin.drain()

    def _heard(self, text: str) -> bytes | None:
        """Return what the cockpit is told of a message; `None`: nothing."""
        try:
            message = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return None
        match message:
            case ["stdin", str(keys)]:
                return _packed(_DATA, keys.encode(errors="replace"))
            case ["resize", {"width": int(columns), "height": int(rows)}]:
                size = {"width": _within(columns), "height": _within(rows)}
                return _packed(_META, msgspec.json.encode({"type": "resize"} | size))
            case ["focus" | "blur" as kind]:
                return _packed(_META, msgspec.json.encode({"type": kind}))
        return None


async def _packet(stream: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind = await stream.readexactly(1)
    length = int.from_bytes(await stream.readexactly(_LENGTH_BYTES), "big")
    return kind, await stream.readexactly(length)


def _packed(kind: bytes, payload: bytes) -> bytes:
    return kind + len(payload).to_bytes(_LENGTH_BYTES, "big") + payload


async def _end(process: Process) -> None:
    """Ask the cockpit to leave, and end it when it does not."""
    assert process.stdin is not None and process.stdout is not None, "started with pipes"
    with contextlib.suppress(ConnectionError):
        process.stdin.write(_packed(_META, msgspec.json.encode(_QUIT)))
        process.stdin.close()
    try:
        async with asyncio.timeout(_END_WITHIN_S):
            # What it still draws is for nobody, and must not keep it.
            while await process.stdout.read(65_536):
                pass
            await process.wait()
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _within(number: int) -> int:
    return max(_NARROWEST, min(number, _WIDEST))


def environment_of_browsers() -> dict[str, Any]:
    """Return this process's environment, as it is in a browser: not behind ssh, in all colours."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("SSH_")}
    return own | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONUTF8": "1"}
