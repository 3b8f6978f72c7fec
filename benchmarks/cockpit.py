"""
What the cockpit costs: CPU, and bytes to the terminal.

    python -m benchmarks.cockpit [--size 120x40] [--seconds 20] [--frames-per-s 1] [--endpoints 5]

The real cockpit runs in a process of its own on a pseudo-terminal, fed with a made-up run
whose every number changes with each frame. A live run sends a frame a second; `--frames-per-s 2`
asks twice that. The budget at 120×40 is 2 % of a core and 20 kB/s.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass

import msgspec
import psutil

from benchmarks.terminal import Terminal
from vumeter.model.frame import Endpoint, Frame
from vumeter.testing.feed import PlayedFeed, Recording
from vumeter.testing.story import story
from vumeter.tui.app import Cockpit

WARM_UP_S = 4.0
BUDGET_CPU_PERCENT = 2.0
BUDGET_KB_PER_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was measured over one run of the cockpit."""

    cpu_percent: float
    kb_per_s: float


def main() -> None:
    """Measure, print a line, and leave with 1 when the budget is exceeded."""
    arguments = _arguments()
    if arguments.inside:
        _fly(arguments.endpoints, arguments.frames_per_s)
        return
    width, height = (int(part) for part in arguments.size.split("x"))
    inside = ["--endpoints", str(arguments.endpoints)]
    inside += ["--frames-per-s", str(arguments.frames_per_s)]
    cost = measured(width, height, seconds=arguments.seconds, inside=inside)
    print(
        f"{arguments.size}, {arguments.endpoints} endpoints, {arguments.frames_per_s:g} frames/s: "
        f"{cost.cpu_percent:.1f} % of a core, {cost.kb_per_s:.1f} kB/s to the terminal"
    )
    is_over = cost.cpu_percent > BUDGET_CPU_PERCENT or cost.kb_per_s > BUDGET_KB_PER_S
    sys.exit(int(is_over))


def measured(width: int, height: int, *, seconds: float, inside: list[str]) -> Cost:
    """Run the cockpit on a pseudo-terminal of that size and return what it costs."""
    command = [sys.executable, "-m", "benchmarks.cockpit", "--inside", *inside]
    with Terminal(command, size=(width, height), environ={}) as terminal:
        terminal.wait_for("p95")
        terminal.read_for(WARM_UP_S)
        process = psutil.Process(terminal.pid)
        cpu_s, began_s = _cpu_s(process), time.monotonic()
        drawn_bytes = terminal.read_for(seconds)
        lasted_s = time.monotonic() - began_s
        return Cost(
            cpu_percent=100 * (_cpu_s(process) - cpu_s) / lasted_s,
            kb_per_s=drawn_bytes / lasted_s / 1000,
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what the cockpit costs.")
    parser.add_argument("--size", default="120x40", help="columns x rows")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--endpoints", type=int, default=5)
    parser.add_argument("--frames-per-s", type=float, default=1.0)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _fly(endpoints: int, frames_per_s: float) -> None:
    """Be the cockpit, on a made-up run that begins when most of it is on the charts."""
    recording = story()
    if endpoints > len(recording.frames[-1].endpoints):
        recording = _with_endpoints(recording, endpoints)
    feed = PlayedFeed(recording, start=60, frames_per_s=frames_per_s)

    async def dial() -> PlayedFeed:
        return feed

    asyncio.run(Cockpit(dial, viewer="ann").run_async())


def _with_endpoints(recording: Recording, count: int) -> Recording:
    return msgspec.structs.replace(
        recording, frames=tuple(_more(frame, count) for frame in recording.frames)
    )


def _more(frame: Frame, count: int) -> Frame:
    if not frame.endpoints:
        return frame
    pattern = frame.endpoints
    endpoints: tuple[Endpoint, ...] = tuple(
        msgspec.structs.replace(pattern[index % len(pattern)], name=f"GET /item/{index}")
        for index in range(count)
    )
    return msgspec.structs.replace(frame, endpoints=endpoints)


if __name__ == "__main__":
    main()
