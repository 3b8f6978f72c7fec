"""
Record a real run of the demo shop, as one viewer sees it: `python screenshots/record.py shop`.

A shop with its own PostgreSQL is opened and put under load; an operator raises the VUs, marks,
and mends the shop; or, in the run `search`, has the finder look for its capacity and takes a flame
graph meanwhile. Every frame that the viewer is sent is kept, nothing is made up. Screenshots
and snapshot tests play the recordings; they are made anew when frames have changed.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from vumeter.cli.detached import start
from vumeter.cli.order import Order
from vumeter.client.origin import origin_of
from vumeter.demo.backdoor import BackDoor
from vumeter.demo.bottlenecks import Bottleneck
from vumeter.demo.plan import shop_plan
from vumeter.demo.shop import DemoShop
from vumeter.link.client import Link, status
from vumeter.model.frame import Frame
from vumeter.model.throttle import Command, CommandKind, Lever
from vumeter.model.watched import ProcessMonitor
from vumeter.testing.feed import Recording, record, save

FOLDER = Path(__file__).parent.parent / "tests" / "screens" / "data"
SHOP, SEARCH = FOLDER / "shop.recording", FOLDER / "search.recording"
VIEWER = "ann"
LENGTH_S = 150
PROFILED_S = 12
"""In a search: when a flame graph is taken."""
SLO = "p95 < 250ms"

Deed = Callable[[], Awaitable[object]]


class Operator:
    """What is done to the run and to the shop, at which second."""

    def __init__(self, link: Link, door: BackDoor) -> None:
        self._link = link
        self._door = door

    @property
    def deeds(self) -> tuple[tuple[int, Deed], ...]:
        """The deeds, in their order."""
        return (
            (22, self._set(40, ramp_s=20)),
            (58, self._fix(Bottleneck.QUERIES)),
            (74, self._set(60, ramp_s=10)),
            (90, self._fix(Bottleneck.POOL)),
            (124, self._fix(Bottleneck.LOCKS)),
            (LENGTH_S, self._stop),
        )

    async def _stop(self) -> None:
        await self._link.command(Command(kind=CommandKind.STOP, author=VIEWER))

    def _set(self, vus: float, *, ramp_s: float) -> Deed:
        command = Command(
            kind=CommandKind.SET, author=VIEWER, lever=Lever.VUS, value=vus, ramp_s=ramp_s
        )
        return lambda: self._link.command(command)

    def _fix(self, bottleneck: Bottleneck) -> Deed:
        async def fix() -> None:
            await asyncio.to_thread(self._door.switch, bottleneck, broken=False)
            mark = Command(kind=CommandKind.MARK, author=VIEWER, note=f"fix {bottleneck}")
            await self._link.command(mark)

        return fix


async def shopping(socket: Path, door: BackDoor) -> Recording:
    """Return what a viewer of the run behind *socket* saw while the operator went about it."""
    link = await Link.open(socket, viewer=VIEWER)
    try:
        async with asyncio.TaskGroup() as tasks:
            recorded = tasks.create_task(record(link.hello, link.frames()))
            began_s = asyncio.get_running_loop().time() - link.hello.frame.elapsed_s
            for second, deed in Operator(link, door).deeds:
                await asyncio.sleep(began_s + second - asyncio.get_running_loop().time())
                await deed()
    finally:
        await link.close()
    return recorded.result()


async def searching(socket: Path, door: BackDoor) -> Recording:
    """Return the same while the finder looked for the shop's capacity."""
    for bottleneck in (Bottleneck.QUERIES, Bottleneck.POOL):
        await asyncio.to_thread(door.switch, bottleneck, broken=False)
    link = await Link.open(socket, viewer=VIEWER)
    try:
        async with asyncio.TaskGroup() as tasks:
            recorded = tasks.create_task(record(link.hello, link.frames()))
            await link.command(Command(kind=CommandKind.PROBE, author=VIEWER, aims=(SLO,)))
            await asyncio.sleep(PROFILED_S)
            await link.command(Command(kind=CommandKind.PROFILE, author=VIEWER))
            # The link's frames are the recording's; who only asks reads the status.
            while not _has_ended(await status(socket)):  # noqa: ASYNC110 - as above
                await asyncio.sleep(1.0)
            kept = (await link.flames()).kept
            flames = [await link.flame(head.id) for head in kept]
            await link.command(Command(kind=CommandKind.STOP, author=VIEWER))
    finally:
        await link.close()
    return msgspec.structs.replace(recorded.result(), flames=tuple(flames))


def _has_ended(frame: Frame) -> bool:
    return frame.pilot is not None and frame.pilot.is_over


RUNS = {"shop": (SHOP, shopping), "search": (SEARCH, searching)}


def main() -> None:
    """Open a shop, put it under load, and record the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", choices=RUNS)
    parser.add_argument("path", nargs="?", type=Path)
    wanted = parser.parse_args()
    usual_path, watch = RUNS[wanted.run]
    path = wanted.path or usual_path
    with DemoShop.open() as shop:
        found = shop.door.status()
        plan = shop_plan(found.url, dsn=found.dsn, vus=10)
        if wanted.run == "search":
            port = origin_of(found.url).port
            shop_process = ProcessMonitor(name="shop", port=port)
            plan = msgspec.structs.replace(plan, monitors=(shop_process,))
        with start(Order(plan=plan)) as starting:
            folder = starting.folder()
        recording = asyncio.run(watch(folder.socket, shop.door))
    path.parent.mkdir(parents=True, exist_ok=True)
    save(recording, path)
    print(f"{path}: {len(recording.frames)} frames, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
