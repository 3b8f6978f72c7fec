"""Serving an agent until a signal; its token on disk while it lasts."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from vumeter.link.protocol import TOKEN_VARIABLE
from vumeter.model.frame import EventLevel
from vumeter.model.plan import Listen
from vumeter.model.watched import Monitor
from vumeter.run.agent import Agent


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
