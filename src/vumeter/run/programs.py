"""Running a program that somebody else wrote: bounded in time, in output, and in what it holds."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from typing import NamedTuple

PROGRAM_LIMIT_S = 10.0
"""How long the program of an alert may take."""

_LOOK_EVERY_S = 0.05
_LONGEST_LINE_BYTES = 1000
_READ_BYTES = 64 * 1024


class Ended(NamedTuple):
    """How a program ended."""

    code: int | None
    """As the shell has it, negative for a signal; `None`: it was killed for taking too long."""
    said: str
    """The first line that it printed, whatever is in it."""


async def run_program(
    words: Sequence[str], environment: Mapping[str, str], *, limit_s: float = PROGRAM_LIMIT_S
) -> Ended:
    """
    Run a program to its end, or kill it and all that it has started in its session.

    It has no terminal and no input. Its output is read, a pipe full twenty times a second, and
    all but the first line forgotten: what prints without end costs next to nothing.

    Raises:
        OSError: It cannot be started.
    """
    reading, writing = os.pipe()
    try:
        os.set_blocking(reading, False)
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(writing)
        return await _watched(process, reading, limit_s)
    finally:
        os.close(reading)


async def _watched(process: asyncio.subprocess.Process, reading: int, limit_s: float) -> Ended:
    ending = asyncio.create_task(process.wait(), name="program")
    said = b""
    try:
        async with asyncio.timeout(limit_s):
            while not ending.done():
                await asyncio.wait({ending}, timeout=_LOOK_EVERY_S)
                said = (said + _read(reading))[:_LONGEST_LINE_BYTES]
        return Ended(ending.result(), _first_line(said))
    except TimeoutError:
        return Ended(None, _first_line(said))
    finally:
        if not ending.done():
            # Of its session, it is the leader: whatever it has started goes with it.
            os.killpg(process.pid, signal.SIGKILL)
        await ending


def _read(reading: int) -> bytes:
    try:
        return os.read(reading, _READ_BYTES)
    except BlockingIOError:
        return b""


def _first_line(said: bytes) -> str:
    return next((line for line in said.decode(errors="replace").splitlines() if line.strip()), "")
