"""How long it takes from a command to its first request, and to the first picture."""

import tempfile
import time
from pathlib import Path

from benchmarks.cost import started, wait_for_load
from benchmarks.exact_target import exact_target
from benchmarks.generators import (
    H2LOAD,
    HEY,
    K6,
    K9,
    LOCUST,
    VUMETER,
    WRK,
    Errand,
    Generator,
    installed,
    missing_notes,
)
from benchmarks.results import Column, Part, Row, spread
from benchmarks.rounds import Bench
from benchmarks.terminal import Terminal
from vumeter.link.folders import RUNS_VARIABLE

_GENERATORS = (VUMETER, WRK, H2LOAD, HEY, K9, K6, LOCUST)
_COCKPIT = "vumeter, to the painted cockpit"
_PAINTED = ("p95", "p99", "VU")
"""What stands on the screen when the cockpit does."""
_COLUMNS = (
    Column(key="first_request_ms", heading="to the first request, ms", form=",.0f"),
    Column(key="painted_ms", heading="to the first picture, ms", form=",.0f"),
)
_NS_PER_MS = 1_000_000


def measured(bench: Bench) -> Part:
    """Return the answer."""
    present = installed(_GENERATORS)
    took_ms: dict[str, list[float]] = {each.name: [] for each in present}
    painted_ms: list[float] = []
    for _ in range(bench.rounds):
        for generator in present:
            took_ms[generator.name].append(_first_request_ms(generator, bench))
            bench.say(f"{generator.name:24}{took_ms[generator.name][-1]:8,.0f} ms")
        painted_ms.append(_painted_ms(bench))
    rows = [
        Row(name=name, figures={"first_request_ms": spread(times)})
        for name, times in took_ms.items()
    ]
    rows.append(Row(name=_COCKPIT, figures={"painted_ms": spread(painted_ms)}))
    return Part(
        key="start-up",
        title="From the command to the first request",
        how="The first request is stamped by the target's kernel, the first picture when the "
        "cockpit's panels stand on a terminal of 120×40; both from the start of the process.",
        columns=_COLUMNS,
        rows=tuple(rows),
        notes=missing_notes(_GENERATORS),
        rounds=bench.rounds,
    )


def _first_request_ms(generator: Generator, bench: Bench) -> float:
    with (
        exact_target("none", core=bench.target_core) as target,
        tempfile.TemporaryDirectory(prefix="vumeter-bench-") as name,
    ):
        folder = Path(name)
        errand = Errand(url=target.url, seconds=5, connections=1)
        command = [generator.required_path(), *generator.command(errand, folder)]
        began_ns = time.monotonic_ns()
        with started(command, core=bench.generator_core, folder=folder):
            wait_for_load(target, 0)
            return (target.arrivals_ns()[0] - began_ns) / _NS_PER_MS


def _painted_ms(bench: Bench) -> float:
    with (
        exact_target("fixed:20ms", core=bench.target_core) as target,
        tempfile.TemporaryDirectory(prefix="vumeter-bench-") as runs,
    ):
        command = [VUMETER.required_path(), "run", target.url, "-z", "2s"]
        began_ns = time.monotonic_ns()
        with Terminal(command, size=(120, 40), environ={RUNS_VARIABLE: runs}) as terminal:
            terminal.wait_for(*_PAINTED)
            took_ms = (time.monotonic_ns() - began_ns) / _NS_PER_MS
            # The run goes on without its terminal, to its end; its folder must outlive it.
            terminal.read_for(4)
        return took_ms
