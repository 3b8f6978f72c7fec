"""
What the demo shop's bottlenecks cost, one by one: the table in docs/demo.md.

    .venv/bin/python benchmarks/demo.py

Three minutes: the load rises step by step with everything broken, then, at the highest load,
one bottleneck after the other is mended. Each row is the last ten seconds of its step.
"""

import asyncio
import statistics
import sys
from collections.abc import Callable, Iterable

from vumeter.cli.detached import start
from vumeter.cli.order import Order
from vumeter.demo.bottlenecks import Bottleneck
from vumeter.demo.plan import shop_plan
from vumeter.demo.shop import DemoShop
from vumeter.link.client import Link
from vumeter.model.frame import Frame
from vumeter.model.probes import PostgresReading
from vumeter.model.throttle import Command, CommandKind, Lever

RISING_VUS = (10, 20, 40, 60)
MENDED = (Bottleneck.POOL, Bottleneck.LOCKS, Bottleneck.QUERIES, Bottleneck.CACHE)
# The window of a frame is ten seconds; what a change shakes up is over within two.
STEP_S = 12
WINDOW_S = 10

HEADER = (
    "| step | req/s | p50 | p95 | market p50 | quotes p50 | orders p95 "
    "| tps | AAS CPU | AAS Lock | blocked | connections |"
)


def main() -> None:
    """Print the table."""
    with DemoShop.open(tell=lambda text: print(text, "…", file=sys.stderr)) as shop:
        status = shop.door.status()
        plan = shop_plan(status.url, dsn=status.dsn, vus=RISING_VUS[0])
        with start(Order(plan=plan)) as starting:
            run = starting.folder()
            print(HEADER)
            print("|---" * HEADER.count(" | ") + "|---|")
            asyncio.run(_measure(run.socket, shop))


async def _measure(socket: object, shop: DemoShop) -> None:
    async with await Link.open(socket, viewer="benchmark") as link:  # type: ignore[arg-type]
        for vus in RISING_VUS:
            await _set(link, vus)
            print(_row(f"{vus} VUs, all broken", await _step(link)), flush=True)
        for bottleneck in MENDED:
            await asyncio.to_thread(shop.door.switch, bottleneck, broken=False)
            print(_row(f"{RISING_VUS[-1]} VUs, {bottleneck} fixed", await _step(link)), flush=True)
        await link.command(Command(kind=CommandKind.STOP, author="benchmark"))


async def _set(link: Link, vus: int) -> None:
    command = Command(kind=CommandKind.SET, author="benchmark", lever=Lever.VUS, value=vus)
    outcome = await link.command(command)
    assert outcome.accepted, outcome.message


async def _step(link: Link) -> list[Frame]:
    frames: list[Frame] = []
    async for frame in link.frames():
        frames.append(frame)
        if len(frames) == STEP_S:
            break
    return frames[-WINDOW_S:]


def _row(step: str, frames: list[Frame]) -> str:
    last = frames[-1]
    assert last.window.latency is not None
    looks = [frame.postgres for frame in frames if frame.postgres is not None]
    cells = (
        step,
        f"{last.window.requests_per_s:.0f}",
        f"{last.window.latency.p50_us / 1000:.0f} ms",
        f"{last.window.latency.p95_us / 1000:.0f} ms",
        _endpoint_ms(last, "GET /market", 50),
        _endpoint_ms(last, "GET /quotes/{symbol}", 50),
        _endpoint_ms(last, "POST /orders", 95),
        _mean(looks, lambda look: look.transactions_per_s, ".0f"),
        _mean(looks, lambda look: (look.active_by_wait or {}).get("CPU", 0.0), ".1f"),
        _mean(looks, lambda look: (look.active_by_wait or {}).get("Lock", 0.0), ".1f"),
        _mean(looks, lambda look: look.blocked_sessions, ".1f"),
        _mean(looks, lambda look: look.connections_used, ".0f"),
    )
    return f"| {' | '.join(cells)} |"


def _endpoint_ms(frame: Frame, name: str, percentile: int) -> str:
    (latency,) = [each.window.latency for each in frame.endpoints if each.name == name]
    if latency is None:
        return "-"
    return f"{(latency.p50_us if percentile == 50 else latency.p95_us) / 1000:.0f} ms"


def _mean(
    looks: Iterable[PostgresReading], figure: Callable[[PostgresReading], float | None], form: str
) -> str:
    seen = [value for look in looks if (value := figure(look)) is not None]
    return format(statistics.fmean(seen), form) if seen else "-"


if __name__ == "__main__":
    main()
