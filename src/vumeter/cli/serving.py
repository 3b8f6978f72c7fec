"""Serving a run's cockpit to browsers until a signal; tokens on disk while it lasts."""

import asyncio
import contextlib
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vumeter.cli.served import Served
from vumeter.cli.viewer import user_name
from vumeter.link.client import status
from vumeter.model.plan import Listen
from vumeter.web.rights import Right, Tickets
from vumeter.web.site import Site

Check = Callable[[], Awaitable[None]]
"""Raises a VumeterError when the run does not answer."""

OnOpen = Callable[[str], None]
"""Is told at which address browsers come in."""


def serve(run: str, served: Served, *, listen: Listen, may_steer: bool) -> None:
    """
    Serve until SIGINT or SIGTERM.

    Raises:
        VumeterError: The run does not answer, or browsers cannot come in there.
    """
    rights = [Right.WATCH, *([Right.STEER] * may_steer)]
    tokens = {right: secrets.token_urlsafe(24) for right in rights}
    place = served.place()

    def command(right: Right, name: str) -> list[str]:
        order = replace(served, viewer=f"{user_name()}@{name}", watches=right is not Right.STEER)
        # -P: a module of the folder that one happens to stand in must not be imported.
        return [
            *(sys.executable, "-P", "-m", "vumeter.cli.served"),
            msgspec.json.encode(order).decode(),
        ]

    async def check() -> None:
        await status(place)

    site = Site(
        run,
        listen,
        tickets=Tickets(tokens),
        command=command,
        check=check,
        tell=lambda line: print(line, file=sys.stderr),
    )
    with tempfile.TemporaryDirectory(prefix="vumeter-serve-") as folder:
        files = {
            right: _written(Path(folder) / f"{right}-token", tokens[right]) for right in rights
        }

        def on_open(url: str) -> None:
            print(f"The cockpit of {run} is at {url}")
            for right, file in files.items():
                print(f"  to {right}: the token in {file}")
            print("ctrl+c ends this, and not the run.", flush=True)

        asyncio.run(_serve(site, check, on_open))


async def _serve(site: Site, check: Check, on_open: OnOpen) -> None:
    await check()
    serving = asyncio.create_task(site.serve(on_open), name="site")
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _written(path: Path, token: str) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token + "\n")
    return path
