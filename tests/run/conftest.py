"""A whole run in the test's own loop, with real workers and a real target."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from vumeter.errors import LinkError
from vumeter.link import folders
from vumeter.link.client import Link, send
from vumeter.link.folders import RunFolder
from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import Frame
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.model.summary import Summary
from vumeter.model.throttle import Command, CommandKind
from vumeter.report.json_report import report_bytes
from vumeter.run.process import conduct
from vumeter.testing import patience
from vumeter.testing.laws import fixed
from vumeter.testing.server import LoopbackServer

GENEROUS_S = 30.0
"""No test waits for time to pass; this is when it gives up waiting for something."""


@dataclass(frozen=True)
class Flight:
    """A run in progress."""

    folder: RunFolder
    ending: "asyncio.Task[Summary]"

    async def do(self, kind: CommandKind, author: str = "test", **fields: Any) -> str:
        """Give a command, and return what it was answered."""
        outcome = await send(self.folder.socket, Command(kind=kind, author=author, **fields))
        return outcome.message

    async def link(self, viewer: str = "test", *, watch: bool = False) -> Link:
        return await Link.open(self.folder.socket, viewer=viewer, watch=watch)

    async def summary(self) -> Summary:
        async with asyncio.timeout(GENEROUS_S):
            return await self.ending

    @staticmethod
    def workers() -> list[psutil.Process]:
        """Return the worker processes, which are this process's children."""
        return [
            child
            for child in psutil.Process().children()
            if "vumeter.engine.worker" in child.cmdline()
        ]


Fly = Callable[[Plan], AbstractAsyncContextManager[Flight]]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for runs whose path is short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="vu"))
    monkeypatch.setenv(folders.RUNS_VARIABLE, str(path))
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    # Slow enough that the load leaves the test's own loop to the test.
    async with LoopbackServer(law=fixed(0.01)) as target:
        yield target


@pytest.fixture
def a_plan() -> Callable[..., Plan]:
    def make(
        url: str,
        *,
        vus: int = 2,
        rate: float | None = None,
        iterations: int | None = None,
        duration_s: float | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        timeout_s: float = 10.0,
        **fields: Any,
    ) -> Plan:
        request = Request(name="GET /", url=url, headers=headers, timeout_s=timeout_s)
        load = Load(vus=vus, rate_per_s=rate, iterations=iterations, duration_s=duration_s)
        scenario = Scenario(
            name="main", steps=(Pick(choices=(Choice(steps=(request,)),)),), load=load
        )
        return Plan(**{"name": "test", "scenarios": (scenario,)} | fields)

    return make


@pytest.fixture
def fly(runs: Path) -> Fly:
    @asynccontextmanager
    async def flight(plan: Plan) -> AsyncIterator[Flight]:
        with folders.create(plan.name) as folder:
            begun = asyncio.Event()
            ending = asyncio.create_task(
                conduct(plan, folder, written=report_bytes, on_started=begun.set)
            )
            waiting = asyncio.create_task(begun.wait())
            await asyncio.wait({ending, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if not begun.is_set():
                await ending
            try:
                yield Flight(folder, ending)
            finally:
                # It may be ending at this moment, and then takes no more commands.
                if not ending.done():
                    with contextlib.suppress(LinkError):
                        await send(folder.socket, Command(kind=CommandKind.ABORT, author="end"))
                    await asyncio.wait({ending}, timeout=GENEROUS_S)

    return flight


@pytest.fixture
def until() -> Callable[[Link, Callable[[Frame], object]], Any]:
    """Return the first frame from now on that something is true of."""

    async def seen(link: Link, is_true: Callable[[Frame], object]) -> Frame:
        async with asyncio.timeout(GENEROUS_S):
            async for frame in link.frames():
                if is_true(frame):
                    return frame
        raise AssertionError("the run ended before that was true")

    return seen


@pytest.fixture
def becomes() -> Callable[[Callable[[], object]], Any]:
    """Return when something has become true, or fail."""

    return partial(patience.until, within_s=GENEROUS_S)
