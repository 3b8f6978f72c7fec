"""What a run does when its last viewer that could steer it is lost."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vumeter.clock import NANOSECONDS_PER_S
from vumeter.link.client import Link
from vumeter.model.frame import Frame, RunState, StopCause
from vumeter.model.plan import Plan, ViewerLost
from vumeter.model.throttle import CommandKind
from vumeter.run.lostviewer import AUTHOR, PATIENCE_S, LostViewer
from vumeter.testing.server import LoopbackServer

Plans = Callable[..., Plan]

SOON_NS = round(PATIENCE_S * NANOSECONDS_PER_S)


@pytest.mark.parametrize(
    ("policy", "kind"), [(ViewerLost.STOP, CommandKind.STOP), (ViewerLost.PAUSE, CommandKind.PAUSE)]
)
def test_what_is_to_be_done_is_done_after_a_moment_of_patience(
    policy: ViewerLost, kind: CommandKind
) -> None:
    viewer = LostViewer(policy)
    viewer.lose("ann@pts/1", at_ns=7)
    assert viewer.command(7 + SOON_NS - 1) is None
    command = viewer.command(7 + SOON_NS)
    assert command is not None
    assert (command.kind, command.author) == (kind, AUTHOR)
    assert "ann@pts/1" in command.note


def test_it_is_done_once_and_not_at_all_when_somebody_came() -> None:
    viewer = LostViewer(ViewerLost.STOP)
    assert viewer.command(SOON_NS) is None
    viewer.lose("ann", at_ns=0)
    viewer.settle()
    assert viewer.command(2 * SOON_NS) is None


def test_a_run_that_goes_on_says_so_and_does_nothing() -> None:
    viewer = LostViewer(ViewerLost.CONTINUE)
    assert "the run goes on" in viewer.lose("ann", at_ns=0)
    assert viewer.command(2 * SOON_NS) is None


async def killed(path: Path, viewer: str) -> None:
    """Attach *viewer*, and end its stream as the kernel does when a process is killed."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(
        f"GET /stream?viewer={viewer} HTTP/1.1\r\nHost: run\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


async def said(seen: Link, until: Any, words: str) -> Frame:
    def is_said(frame: Frame) -> bool:
        return any(words in event.text for event in frame.events)

    frame: Frame = await until(seen, is_said)
    return frame


@pytest.mark.slow
async def test_the_load_pauses_when_its_last_hand_is_lost_and_resumes_only_by_hand(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url, on_viewer_lost=ViewerLost.PAUSE)) as flight:
        watching = await flight.link("watcher", watch=True)
        await killed(flight.folder.socket, "ann")
        await said(watching, until, "ann was lost, and nobody is left to steer")
        paused = await until(watching, lambda frame: frame.state is RunState.PAUSED)
        assert paused.elapsed_s >= PATIENCE_S
        # Somebody who comes finds it as it is.
        async with await flight.link("bob") as link:
            assert link.hello.frame.state is RunState.PAUSED
            await flight.do(CommandKind.RESUME, author="bob")
            await until(link, lambda frame: frame.state is RunState.RUNNING)
            (pause, _) = await link.journal()
            assert (pause.command.kind, pause.command.author) == (CommandKind.PAUSE, AUTHOR)
        await watching.close()


@pytest.mark.slow
@pytest.mark.parametrize("by_choice", [True, False])
async def test_the_run_stops_for_a_viewer_that_is_lost_and_not_for_one_that_leaves(
    fly: Any, a_plan: Plans, server: LoopbackServer, *, by_choice: bool
) -> None:
    plan = a_plan(server.url, on_viewer_lost=ViewerLost.STOP, duration_s=PATIENCE_S + 1.5)
    async with fly(plan) as flight:
        link = await flight.link("ann")
        await link.close(by_choice=by_choice)
        summary = await flight.summary()
    assert summary.stop is (StopCause.SCHEDULE if by_choice else StopCause.VIEWER_LOST)
    assert summary.total.requests == server.truth.requests


@pytest.mark.slow
async def test_neither_a_second_hand_nor_one_that_comes_back_lets_the_run_stop(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url, on_viewer_lost=ViewerLost.STOP)) as flight:
        bob = await flight.link("bob")
        await killed(flight.folder.socket, "ann")
        await said(bob, until, "was lost")
        await bob.close(by_choice=False)
        async with await flight.link("ann") as back:
            lost_s = back.hello.frame.elapsed_s
            frame = await until(back, lambda frame: frame.elapsed_s > lost_s + PATIENCE_S + 1)
            assert frame.state is RunState.RUNNING
            assert await back.journal() == ()
