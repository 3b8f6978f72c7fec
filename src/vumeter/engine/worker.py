"""The worker process: `python -m vumeter.engine.worker FD` speaks with its run over FD."""

import asyncio
import os
import signal
import socket
import ssl
import sys
import traceback
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import uvloop

from vumeter.engine.collector import Collector
from vumeter.engine.cores import pin
from vumeter.engine.generator import Generator
from vumeter.engine.overhearing import overheard
from vumeter.engine.procedure import Performance
from vumeter.engine.promptness import ask_for_short_turns
from vumeter.engine.vitals import raise_descriptor_limit
from vumeter.engine.wire import Wire, WireError
from vumeter.errors import VumeterError
from vumeter.model.measure import Snapshot
from vumeter.model.messages import (
    Acknowledged,
    Deal,
    Finished,
    Launch,
    Pause,
    Perform,
    Ready,
    Remark,
    Retarget,
    Said,
    SnapshotTaken,
    Stop,
    ToWorker,
    Vacant,
)
from vumeter.model.plan import Plan


class ParentGoneError(Exception):
    """The run process has closed its end, or died: whatever is still sent, nobody counts."""


async def serve(plug: socket.socket) -> None:
    """
    Do what the run process at the other end of *plug* says, until the work is done.

    Raises:
        ParentGoneError: The other end was closed before.
    """
    wire = await Wire.over(plug, ToWorker)
    wire.send(Ready(pid=os.getpid()))
    order = await wire.receive()
    if not isinstance(order, Launch | Perform):
        raise ParentGoneError
    if isinstance(order, Launch) and order.plan.pins_workers and pin(order.share.index) is None:
        wire.send(Remark(text="This system does not let a worker keep to one core."))
    with _overhearing(order.plan, wire):
        generator = await _work(order, wire)
    # What was said last is handed over in the loop's next turn.
    await asyncio.sleep(0)
    if isinstance(generator, Performance) and generator.performed is not None:
        wire.send(generator.performed)
    wire.send(Finished())
    await wire.close()


async def _work(order: Launch | Perform, wire: Wire) -> Generator:
    collector = Collector()
    generator = _generator(order, wire, collector)
    collector.begin()
    tasks = [
        asyncio.create_task(generator.run()),
        asyncio.create_task(_obey(wire, generator)),
        asyncio.create_task(_first_bug()),
    ]
    try:
        # Only the first ends without an exception.
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return generator


def _overhearing(plan: Plan, wire: Wire) -> AbstractContextManager[None]:
    """Let the run process hear what scripts print, where there are any."""
    if not any(scenario.script for scenario in plan.scenarios):
        return nullcontext()
    loop = asyncio.get_running_loop()

    def told(place: str, text: str) -> None:
        # In whichever thread the script prints.
        loop.call_soon_threadsafe(wire.send, Said(place=place, text=text))

    return overheard(told)


def _generator(order: Launch | Perform, wire: Wire, collector: Collector) -> Generator:
    def on_snapshot(snapshot: Snapshot) -> None:
        wire.send(SnapshotTaken(snapshot=snapshot))
        collector.look(snapshot)

    def on_remark(text: str) -> None:
        wire.send(Remark(text=text))

    if isinstance(order, Perform):
        return Performance(order, on_snapshot=on_snapshot, on_remark=on_remark)
    return Generator(order, on_snapshot=on_snapshot, on_remark=on_remark, on_vacant=wire.send)


async def _obey(wire: Wire, generator: Generator) -> None:
    while (order := await wire.receive()) is not None:
        match order:
            case Retarget():
                generator.aim(order)
            case Pause():
                generator.pause(order)
            case Stop():
                generator.stop(order)
            case Deal():
                wire.send(generator.deal(order))
                continue
            case Vacant():
                generator.take_over(order)
                continue
        wire.send(Acknowledged(id=order.id))
    raise ParentGoneError


async def _first_bug() -> None:
    """
    Raise the first exception that comes out of a callback.

    The loop would only log it, and go on with a VU that is lost. What the wire does is not
    among them: that is counted where it happens.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[None] = loop.create_future()

    def note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is None or isinstance(error, OSError | ssl.SSLError) or found.done():
            return
        found.set_exception(error)

    loop.set_exception_handler(note)
    await found


def main(argv: list[str]) -> int:
    """Run one worker over the descriptor that *argv* names, and return its exit code."""
    # A terminal's ctrl+c, its loss, and a service manager's SIGTERM go to the whole group: the
    # run process decides, and until it does a worker has samples to report.
    for deaf_to in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(deaf_to, signal.SIG_IGN)
    raise_descriptor_limit()
    ask_for_short_turns()
    plug = socket.socket(fileno=int(argv[0]))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(plug))
    except (ParentGoneError, WireError):
        return 0
    except VumeterError as error:
        return _complain(error)
    except Exception as error:
        traceback.print_exc()
        return _complain(error)
    return 0


def _complain(error: Exception) -> int:
    """Write *error* as the last line, which is what the run process shows."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    text = " ".join(str(error).split())
    sys.stderr.write(f"{type(error).__name__}: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
