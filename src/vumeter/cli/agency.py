"""Serving an agent until a signal; its token on disk while it lasts."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from vumeter.errors import UsageError
from vumeter.link.protocol import TOKEN_VARIABLE
from vumeter.model.frame import EventLevel
from vumeter.model.plan import Listen
from vumeter.model.watched import Monitor, ProcessMonitor
from vumeter.run.agent import Agent

_PROCESS = re.compile(r"(?P<name>[0-9A-Za-z_-]{1,40})=(?P<by>pid|port|pattern):(?P<what>.+)")
_HIGHEST_PORT = 65_535


def process_of(text: str) -> ProcessMonitor:
    """
    Return the process that *text* names: "api=port:8000".

    Raises:
        UsageError: It names none.

    >>> process_of("api=port:8000").port
    8000
    """
    found = _PROCESS.fullmatch(text)
    problem = None if found is None else _problem(found["by"], found["what"])
    if found is None or problem is not None:
        raise UsageError(
            f'--process: "{text}" {problem or "is not NAME=HOW"}.',
            hint="Write api=port:8000, api=pid:811 or jobs=pattern:celery.",
        )
    name, what = found["name"], found["what"]
    match found["by"]:
        case "pid":
            return ProcessMonitor(name=name, pid=int(what))
        case "port":
            return ProcessMonitor(name=name, port=int(what))
        case _:
            return ProcessMonitor(name=name, pattern=what)


def _problem(by: str, what: str) -> str | None:
    """Return what is wrong with *what* as a pid, a port or a pattern."""
    if by == "pattern":
        try:
            re.compile(what)
        except re.error as error:
            return f"has no regular expression: {error}"
        return None
    if not (what.isascii() and what.isdigit() and int(what) > 0):
        return f"has no {by}"
    return "has no port" if by == "port" and int(what) > _HIGHEST_PORT else None


def serve(monitors: Sequence[Monitor], listen: Listen, *, token: str | None) -> None:
    """
    Serve until SIGINT or SIGTERM.

    Raises:
        UsageError: Nobody could come in there, or the token can be guessed.
    """
    if token is not None:
        # From where its door takes a token, and takes it away.
        os.environ[TOKEN_VARIABLE] = token
    with tempfile.TemporaryDirectory(prefix="vumeter-agent-") as folder:
        asyncio.run(_serve(monitors, Path(folder), listen))


async def _serve(monitors: Sequence[Monitor], folder: Path, listen: Listen) -> None:
    async with Agent(monitors, folder, listen=listen, tell=_tell) as agent:
        watching = asyncio.create_task(agent.watch(), name="agent")
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, watching.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await watching


def _tell(text: str, level: EventLevel) -> None:
    stream = sys.stdout if level is EventLevel.INFO else sys.stderr
    print(text, file=stream, flush=True)
