"""What a second worker is worth."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cost import Cost
from benchmarks.generators import VUMETER, VUMETER_SIGNED, Errand
from benchmarks.nginx import nginx
from benchmarks.results import Column, Part, Row, at_least, ratios, spread
from benchmarks.rounds import Bench

_TASKS = {"signed GET": VUMETER_SIGNED, "bare GET": VUMETER}
_WORKERS = (1, 2)
_SIGNING = Path(__file__).resolve().parent.parent / "workloads" / "signing.py"

_COLUMNS = (
    Column(key="rate_per_s", heading="requests/s", form=",.0f"),
    Column(key="worth", heading="× one worker", form=".2f", shows_spread=True),
    Column(key="cpu_us", heading="CPU per request, µs", form=",.1f", shows_spread=True),
    Column(key="worth_by_cpu", heading="× one worker, by CPU per request", form=".2f"),
    Column(key="busy_ratio", heading="of a core", form=".0%"),
    Column(key="target_busy_ratio", heading="target's core", form=".0%"),
)

Runs = Mapping[tuple[str, int], Sequence[Cost]]
"""By what was asked of a worker, and how many workers there were."""


@dataclass(frozen=True)
class _Signed:
    """What processes that do nothing but sign came to, all together."""

    rate_per_s: float
    cpu_us: float
    """For each time."""


def measured(bench: Bench) -> Part:
    """Return the answer."""
    costs: dict[tuple[str, int], list[Cost]] = {
        (task, workers): [] for task in _TASKS for workers in _WORKERS
    }
    signed: dict[int, list[_Signed]] = {processes: [] for processes in _WORKERS}
    with nginx(core=bench.target_core) as target:
        for number in range(1, bench.rounds + 1):
            for processes, signings in signed.items():
                signings.append(_sign(processes, seconds=bench.seconds))
            for (task, workers), runs in costs.items():
                errand = Errand(url=target.url, seconds=bench.window.told_s, workers=workers)
                runs.append(bench.cost(_TASKS[task], errand, target=target, is_pinned=False))
                bench.say(
                    f"{number}/{bench.rounds}  {_name(task, workers):24}"
                    f"{runs[-1].rate_per_s:10,.0f}/s"
                )
    rows = tuple(_row(costs, task, workers) for task, workers in costs)
    worth = rows[1].figures["worth"]
    alone = tuple(_signed_row(signed, processes) for processes in signed)
    return Part(
        key="workers",
        title="Two workers",
        how="64 connections, and nginx beside the workers on the same two cores. A GET that is "
        "signed takes a worker some 0.2 ms of CPU, beside which the target costs little: there "
        "two workers can show what they are worth. A bare GET costs the target as much as the "
        "worker, so that one worker and nginx fill both cores, and a second has none to itself: "
        "that it then takes more CPU per request is said, and is no measure of it. The signing "
        "alone, without a request, says what two cores of this machine are worth at that time.",
        columns=_COLUMNS,
        rows=(*rows, *alone),
        bars=(at_least("two workers × one worker, signed GET", worth.median, 1.7),),
        rounds=bench.rounds,
    )


def _name(task: str, workers: int) -> str:
    return f"{task}, one worker" if workers == 1 else f"{task}, {workers} workers"


def _row(costs: Runs, task: str, workers: int) -> Row:
    these, single = costs[task, workers], costs[task, 1]
    per_core = ratios([each.per_cpu_s for each in these], [each.per_cpu_s for each in single])
    return Row(
        name=_name(task, workers),
        figures={
            "rate_per_s": spread(each.rate_per_s for each in these),
            "worth": ratios(
                [each.rate_per_s for each in these], [each.rate_per_s for each in single]
            ),
            "cpu_us": spread(1e6 / each.per_cpu_s for each in these),
            "worth_by_cpu": spread(
                workers * each for each in (per_core.median, per_core.lowest, per_core.highest)
            ),
            "busy_ratio": spread(each.busy_ratio for each in these),
            "target_busy_ratio": spread(each.target_busy_ratio for each in these),
        },
    )


def _sign(processes: int, *, seconds: float) -> _Signed:
    """Return what so many *processes* make of signing for *seconds* at the same time."""
    started = [
        subprocess.Popen([sys.executable, _SIGNING, str(seconds)], stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    found = [process.communicate()[0].split() for process in started]
    count = sum(int(count) for count, _ in found)
    cpu_s = sum(float(cpu_s) for _, cpu_s in found)
    return _Signed(rate_per_s=count / seconds, cpu_us=1e6 * cpu_s / count)


def _signed_row(signed: Mapping[int, Sequence[_Signed]], processes: int) -> Row:
    these, single = signed[processes], signed[1]
    return Row(
        name="signing alone, one process"
        if processes == 1
        else f"signing alone, {processes} processes",
        figures={
            "rate_per_s": spread(each.rate_per_s for each in these),
            "worth": ratios(
                [each.rate_per_s for each in these], [each.rate_per_s for each in single]
            ),
            "cpu_us": spread(each.cpu_us for each in these),
            "worth_by_cpu": spread(
                processes * one.cpu_us / each.cpu_us
                for each, one in zip(these, single, strict=True)
            ),
        },
    )
