"""
Record a real run of the demo shop, as one viewer sees it: `python screenshots/record.py`.

A shop with its own PostgreSQL is opened and put under load; an operator raises the VUs, marks,
and mends the shop. Every frame that the viewer is sent is kept, nothing is made up. Screenshots
and snapshot tests play the recording; it is made anew when frames have changed.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from vumeter.cli.detached import start
from vumeter.cli.order import Order
from vumeter.demo.backdoor import BackDoor
from vumeter.demo.bottlenecks import Bottleneck
from vumeter.demo.plan import shop_plan
from vumeter.demo.shop import DemoShop
from vumeter.link.client import Link
from vumeter.model.throttle import Command, CommandKind, Lever
from vumeter.testing.feed import Recording, record, save

RECORDING = Path(__file__).parent.parent / "tests" / "screens" / "data" / "shop.recording"
VIEWER = "ann"
LENGTH_S = 150

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


async def watch(socket: Path, door: BackDoor) -> Recording:
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


def main() -> None:
    """Open a shop, put it under load, and record the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=RECORDING)
    path = parser.parse_args().path
    with DemoShop.open() as shop:
        status = shop.door.status()
        plan = shop_plan(status.url, dsn=status.dsn, vus=10)
        with start(Order(plan=plan)) as starting:
            folder = starting.folder()
        recording = asyncio.run(watch(folder.socket, shop.door))
    path.parent.mkdir(parents=True, exist_ok=True)
    save(recording, path)
    print(f"{path}: {len(recording.frames)} frames, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
