"""
Requests for each CPU-second of the generator: vumeter and its peers, in one alternating run.

The target is an nginx with one worker on one core; the generators take turns on another, so
that noise of the machine falls on all alike. Requests are counted by the target, CPU time by
the kernel, both over the same seconds in the middle of each run. Ends with 0 when vumeter is
above its bars, with 1 when it is not, with 2 when something that it is compared with is missing.
"""

import argparse
import math
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cost import MARGIN_S, SETTLING_S, Cost, measure
from peers import CONNECTIONS, K6, PEERS, VUMETER, WRK, Peer
from target import BODY, Target, nginx, nginx_path

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"

BARS = ((WRK, 0.5), (K6, 5.0))
"""vumeter, whole process tree, is at least so many times as fast per CPU-second."""


@dataclass(frozen=True)
class Row:
    """One line of the table: a generator and what each of its rounds came to."""

    name: str
    per_cpu_s: list[float]
    wall_rates: list[float]
    start_up_cpu_s: float
    target_busy: float

    def ratio_to(self, other: "Row") -> list[float]:
        """Return this row's figure over *other*'s, round by round."""
        return [a / b for a, b in zip(self.per_cpu_s, other.per_cpu_s, strict=True)]


def run_rounds(
    peers: Sequence[Peer], *, target: Target, rounds: int, seconds: int, core: int
) -> dict[str, list[Cost]]:
    """Let the generators take turns, *rounds* times; return each one's costs."""
    costs: dict[str, list[Cost]] = {peer.name: [] for peer in peers}
    for number in range(1, rounds + 1):
        for peer in peers:
            program = peer.path()
            assert program is not None, "only what is installed takes part"
            with tempfile.TemporaryDirectory(prefix="vumeter-bench-") as folder:
                told_s = seconds + math.ceil(SETTLING_S + MARGIN_S)
                command = peer.command(program, target.url, told_s, Path(folder))
                cost = measure(
                    command, target=target, core=core, seconds=seconds, folder=Path(folder)
                )
            costs[peer.name].append(cost)
            rate = f"{cost.per_cpu_s:9,.0f} per CPU-second"
            print(f"  round {number}/{rounds}  {peer.name:22}{rate}", file=sys.stderr, flush=True)
    return costs


def rows(costs: dict[str, list[Cost]]) -> list[Row]:
    """Return the table's rows; vumeter has one for its workers and one for all of it."""
    table = []
    for name, runs in costs.items():
        wall_rates = [run.requests / run.window_s for run in runs]
        start_up = statistics.median(run.start_up_cpu_s for run in runs)
        busy = statistics.median(run.target_busy_ratio for run in runs)
        if name == VUMETER.name:
            workers = [run.per_worker_cpu_s for run in runs]
            table.append(Row(f"{name}, workers only", workers, wall_rates, start_up, busy))
        shown = f"{name}, whole process tree" if name == VUMETER.name else name
        table.append(Row(shown, [run.per_cpu_s for run in runs], wall_rates, start_up, busy))
    return table


def markdown(table: Sequence[Row]) -> str:
    """Return the table, the fastest first, with ratios to wrk and to k6."""
    by_name = {row.name: row for row in table}
    lines = [
        "| generator | requests per CPU-second | lowest–highest | × wrk | × k6 "
        "| requests/s | start-up, CPU-s | target's core |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in sorted(table, key=lambda row: -statistics.median(row.per_cpu_s)):
        ratios = [
            f"{statistics.median(row.ratio_to(by_name[other.name])):.2f}"
            if other.name in by_name
            else "–"
            for other in (WRK, K6)
        ]
        lines.append(
            f"| {row.name} | {statistics.median(row.per_cpu_s):,.0f} "
            f"| {min(row.per_cpu_s):,.0f}–{max(row.per_cpu_s):,.0f} "
            f"| {ratios[0]} | {ratios[1]} "
            f"| {statistics.median(row.wall_rates):,.0f} | {row.start_up_cpu_s:.2f} "
            f"| {row.target_busy:.0%} |"
        )
    return "\n".join(lines)


def judged(table: Sequence[Row]) -> list[tuple[str, bool]]:
    """Return each bar in words, and whether it is met."""
    by_name = {row.name: row for row in table}
    ours = by_name[f"{VUMETER.name}, whole process tree"]
    sentences = []
    for peer, bar in BARS:
        ratio = statistics.median(ours.ratio_to(by_name[peer.name]))
        met = ratio >= bar
        sign = "≥" if met else "<"
        sentences.append((f"vumeter is {ratio:.2f} × {peer.name} {sign} {bar:g} ×", met))
    return sentences


def machine() -> str:
    """Return what this was measured on."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{os.cpu_count()} × {model}, Linux {platform.release()}, Python {platform.python_version()}"  # noqa: E501


def write_results(table: Sequence[Row], *, rounds: int, seconds: int, missing: str) -> None:
    """Write RESULTS.md: the table, the bars, and everything needed to repeat it."""
    verdicts = "\n".join(f"- {sentence}" for sentence, _ in judged(table))
    RESULTS.write_text(
        f"""# Results

Written by `benchmarks/throughput.py`; `make bench` repeats it. Bare GET of a {len(BODY)}-byte
JSON object over {CONNECTIONS} keep-alive connections, {rounds} alternating rounds of {seconds} s.
nginx has one worker on core 0, the generator is pinned to core 1. Medians; a ratio is the median
of the ratios within each round. Requests are as nginx counted them, CPU time as the kernel did,
of the generator and all that it started. What starting up costs stands in a column of its own.

Measured on {machine()}.

{markdown(table)}

{verdicts}
{missing}"""
    )


def main() -> int:
    """Measure, print, write, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8, help="of each run")
    parser.add_argument(
        "--only", help="names of generators, comma-separated; vumeter, wrk and k6 always run"
    )
    parser.add_argument("--no-results", action="store_true", help="leave RESULTS.md as it is")
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else None
    always = (VUMETER, WRK, K6)
    peers = [p for p in PEERS if p in always or wanted is None or p.name in wanted]
    absent = [peer for peer in peers if peer.path() is None]
    for peer in absent:
        print(f"{peer.name} is not installed: {peer.install}", file=sys.stderr)
    if nginx_path() is None:
        print("nginx is not installed: apt-get install nginx-light", file=sys.stderr)
    if nginx_path() is None or any(peer in absent for peer in always):
        return 2
    if len(os.sched_getaffinity(0)) < 2:
        print("This needs two cores: one for the target, one for the generator.", file=sys.stderr)
        return 2
    with nginx(core=0) as target:
        present = [peer for peer in peers if peer not in absent]
        costs = run_rounds(
            present, target=target, rounds=options.rounds, seconds=options.seconds, core=1
        )
    table = rows(costs)
    print(markdown(table))
    verdicts = judged(table)
    for sentence, met in verdicts:
        print(f"{'✓' if met else '✗'} {sentence}")
    if not options.no_results:
        missing = "".join(f"\n{peer.name} was not installed." for peer in absent)
        write_results(table, rounds=options.rounds, seconds=options.seconds, missing=missing)
    return 0 if all(met for _, met in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
