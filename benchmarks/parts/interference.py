"""Whether a cockpit that looks on changes what is measured."""

import asyncio
import contextlib
import statistics
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from benchmarks.cost import started, wait_for_load
from benchmarks.generators import VUMETER, Errand, GeneratorError
from benchmarks.nginx import nginx
from benchmarks.results import Column, Part, Row, at_most, ratios, spread
from benchmarks.rounds import Bench
from benchmarks.terminal import Terminal
from vumeter.link.client import Link
from vumeter.link.folders import RUNS_VARIABLE
from vumeter.link.protocol import SOCKET_NAME
from vumeter.model.frame import Frame, Point

_RATE_PER_S = 5_000
_ALONE, _WATCHED = "alone", "with a cockpit attached"
_LOOKS_S = 6
"""How many seconds each look takes in."""
_STARTING_S = 3
"""What a cockpit costs while it starts is no cost of looking on."""
_ATTACHING_S = 4
"""So long a cockpit may take to its first picture, in the mean."""
_PAINTED = ("watched", "p95")
"""What stands on the screen when the cockpit does: the run, and its figures."""
_PAIRS_PER_ROUND = 4

_COLUMNS = (
    Column(key="p50_ms", heading="p50, ms", form=".3f", shows_spread=True),
    Column(key="p99_ms", heading="p99, ms", form=".3f", shows_spread=True),
)

Looks = Mapping[str, list[tuple[float, float]]]
"""By name, p50 and p99 of a typical second in ms, look by look."""


def measured(bench: Bench) -> Part:
    """Return the answer."""
    looks = _looks(bench)
    p99_ms = {name: [p99 for _, p99 in found] for name, found in looks.items()}
    change = ratios(p99_ms[_WATCHED], p99_ms[_ALONE])
    return Part(
        key="interference",
        title="A cockpit that looks on",
        how=f"One run of GETs that are due {_RATE_PER_S:,} times a second against nginx, by turns "
        "alone and with `vumeter attach` in a terminal of 120×40 on the same two cores. Each look "
        f"takes {_LOOKS_S} s, from {_STARTING_S} s after the first picture on; its figures are "
        "the medians of its seconds.",
        columns=_COLUMNS,
        rows=tuple(
            Row(
                name=name,
                figures={
                    "p50_ms": spread(p50 for p50, _ in found),
                    "p99_ms": spread(p99 for _, p99 in found),
                },
            )
            for name, found in looks.items()
        ),
        bars=(at_most("p99 with a cockpit × without", change.median, 1.05, form=".3f"),),
        rounds=len(looks[_ALONE]),
    )


def _looks(bench: Bench) -> Looks:
    pairs = bench.rounds * _PAIRS_PER_ROUND
    with (
        nginx(core=bench.target_core) as target,
        tempfile.TemporaryDirectory(prefix="vumeter-bench-") as name,
    ):
        errand = Errand(
            url=target.url,
            seconds=pairs * (2 * _LOOKS_S + 2 * _STARTING_S + _ATTACHING_S) + 30,
            connections=100,
            rate_per_s=_RATE_PER_S,
        )
        folder = Path(name)
        program = VUMETER.required_path()
        command = [program, *VUMETER.command(errand, folder), "--name", "watched"]
        environ = {RUNS_VARIABLE: f"{name}/runs"}
        asked_before = target.requests()
        with started(command, core=bench.generator_core, folder=folder, environ=environ):
            wait_for_load(target, asked_before)
            # A run's folder is called after it and the time.
            (socket,) = folder.glob(f"runs/watched*/{SOCKET_NAME}")
            attached = Terminal([program, "attach", "watched"], size=(120, 40), environ=environ)
            return asyncio.run(_by_turns(socket, attached, pairs=pairs, bench=bench))


async def _by_turns(socket: Path, cockpit: Terminal, *, pairs: int, bench: Bench) -> Looks:
    looks: dict[str, list[tuple[float, float]]] = {_ALONE: [], _WATCHED: []}
    async with await Link.open(socket, viewer="benchmark", watch=True) as link:
        frames = link.frames()
        for number in range(1, pairs + 1):
            # Now one first, now the other, so that what changes with time changes both.
            for name in (_ALONE, _WATCHED) if number % 2 else (_WATCHED, _ALONE):
                async with _watched(cockpit) if name is _WATCHED else contextlib.nullcontext():
                    looks[name].append(await _look(frames))
            bench.say(
                f"{number}/{pairs}  p99 {looks[_ALONE][-1][1]:.3f} ms alone, "
                f"{looks[_WATCHED][-1][1]:.3f} ms with a cockpit"
            )
    return looks


@contextlib.asynccontextmanager
async def _watched(cockpit: Terminal) -> AsyncIterator[None]:
    """Have *cockpit* look on, and what it draws read at once, as an SSH server would."""
    with cockpit:
        # One that does not attach would cost nothing.
        await asyncio.to_thread(cockpit.wait_for, *_PAINTED)
        reader = subprocess.Popen(  # noqa: ASYNC220 - takes a millisecond
            ["cat"],
            stdin=cockpit.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            reader.kill()
            reader.wait()


async def _look(frames: AsyncIterator[Frame]) -> tuple[float, float]:
    """Return p50 and p99 of a typical second, in ms."""
    points: dict[int, Point] = {}
    first: int | None = None
    async for frame in frames:
        for point in frame.points:
            first = point.second + _STARTING_S if first is None else first
            points[point.second] = point
        if first is not None and max(points) >= first + _LOOKS_S:
            break
    if first is None or max(points) < first + _LOOKS_S:
        raise GeneratorError("The run that a cockpit looks on at ended too early.")
    seen = [point for second, point in points.items() if first < second <= first + _LOOKS_S]
    return _median_ms(each.p50_us for each in seen), _median_ms(each.p99_us for each in seen)


def _median_ms(figures_us: Iterator[int | None]) -> float:
    return statistics.median(each for each in figures_us if each is not None) / 1000
