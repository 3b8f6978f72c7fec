"""The worker process: `python -m vumeter.engine.worker FD` speaks with its run over FD."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvloop

from vumeter.engine.generator import Generator
from vumeter.engine.vitals import raise_descriptor_limit
from vumeter.engine.wire import Wire, WireError
from vumeter.model.messages import (
    Acknowledged,
    Finished,
    Launch,
    Pause,
    Ready,
    Remark,
    Retarget,
    SnapshotTaken,
    Stop,
    ToWorker,
)


class ParentGoneError(Exception):
    """The run process has closed its end, or died: whatever is still sent, nobody counts."""


async def serve(plug: socket.socket) -> None:
    """
    Do what the run process at the other end of *plug* says, until the work is done.

    Raises:
        ParentGoneError: The other end was closed before.
    """
    wire = await Wire.over(plug, ToWorker)
    orders = wire.messages()
    wire.send(Ready(pid=os.getpid()))
    launch = await anext(orders, None)
    if not isinstance(launch, Launch):
        raise ParentGoneError
    generator = Generator(
        launch,
        on_snapshot=lambda snapshot: wire.send(SnapshotTaken(snapshot=snapshot)),
        on_remark=lambda text: wire.send(Remark(text=text)),
    )
    work = asyncio.create_task(generator.run())
    listening = asyncio.create_task(_obey(orders, generator, wire))
    try:
        await asyncio.wait((work, listening), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            # It ends only when the other side closes, or raises what went wrong.
            await listening
            raise ParentGoneError
        await work
        wire.send(Finished())
    finally:
        listening.cancel()
        work.cancel()
        await asyncio.wait((work, listening))
        await wire.close()


async def _obey(orders: AsyncIterator[Any], generator: Generator, wire: Wire) -> None:
    async for order in orders:
        match order:
            case Retarget():
                generator.aim(order)
            case Pause():
                generator.pause(order)
            case Stop():
                generator.stop(order)
        wire.send(Acknowledged(id=order.id))


def main(argv: list[str]) -> int:
    """Run one worker over the descriptor that *argv* names, and return its exit code."""
    # The terminal's ctrl+c goes to the whole foreground group; the run process decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise_descriptor_limit()
    with (
        socket.socket(fileno=int(argv[0])) as plug,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        try:
            runner.run(serve(plug))
        except (ParentGoneError, WireError):
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
