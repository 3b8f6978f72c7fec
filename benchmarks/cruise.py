"""
How well the cruise control keeps p95: on a server whose capacity halves in the middle.

    python -m benchmarks.cruise                 # arrivals evenly spaced: four minutes
    python -m benchmarks.cruise --keep 500ms

The server is a process of its own, of eight servers with fixed times of 40 ms, then of 80 ms: its
queue keeps time by a clock, and not by burning CPU. The run is `vumeter run --detach`, the control
`vumeter ctl RUN cruise`, as a user has them; response times are taken from the run's store.
Ends with 0 when p95 of every window of 20 s is within 15 % of the set point, but for the first
minute and the forty seconds after the loss.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vumeter.link.folders import RUNS_VARIABLE
from vumeter.model.measure import Reading
from vumeter.stats import histogram
from vumeter.store.reader import open_run
from vumeter.testing.server_process import ServerProcess
from vumeter.units import parse_duration_s

BEFORE, AFTER = "mdc:8,25", "mdc:8,12.5"
WINDOW_S = 20
WITHIN_RATIO = 0.15
_NAME = "cruise"


@dataclass(frozen=True, slots=True)
class Window:
    """Some seconds of the run."""

    first_second: int
    p95_ms: float
    requests_per_s: float
    limited_seconds: int
    """In which the generator was the limit: the machine was not the run's alone."""


def windows(readings: Sequence[Reading], *, first_second: int, seconds: int) -> list[Window]:
    """Return windows of `WINDOW_S` of the *seconds* from *first_second* on."""
    found = []
    for start in range(first_second, first_second + seconds - WINDOW_S + 1, WINDOW_S):
        part = [each for each in readings if start <= each.second < start + WINDOW_S]
        times = histogram.merge(
            tally.service if tally.response is None else tally.response
            for each in part
            for tally in each.tallies.values()
        )
        found.append(
            Window(
                start,
                histogram.percentile_us(times, 95) / 1000,
                histogram.count(times) / WINDOW_S,
                sum(each.generator.limited for each in part),
            )
        )
    return found


def cruised(*, keep: str, start_per_s: float, before_s: float, after_s: float) -> list[Reading]:
    """
    Return the seconds of a run that keeps p95 at *keep* for *before_s* and *after_s*.

    In between, the server loses half of its capacity.
    """
    with tempfile.TemporaryDirectory() as folder, ServerProcess("--law", BEFORE) as server:

        def vumeter(*arguments: str) -> None:
            subprocess.run(
                [Path(sys.executable).parent / "vumeter", *arguments],
                env=os.environ | {RUNS_VARIABLE: folder},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                check=True,
            )

        rate = f"{start_per_s:g}"
        vumeter(*("run", server.url, "-q", rate, "--max-vus", "1000", "--detach", "--name", _NAME))
        vumeter("ctl", _NAME, "cruise", "p95", keep)
        time.sleep(before_s)
        server.tell(f"law {AFTER}")
        time.sleep(after_s)
        vumeter("stop", _NAME)
        (store,) = Path(folder).rglob("run.sqlite")
        with open_run(store) as run:
            return list(run.readings())


def main() -> int:
    """Print the windows, and say whether p95 was kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cruise")
    parser.add_argument("--keep", default="300ms", help="p95 [300ms]")
    keep = parser.parse_args().keep
    set_ms = 1000 * parse_duration_s(keep)
    print(f"load average {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores", flush=True)
    readings = cruised(keep=keep, start_per_s=60, before_s=120, after_s=120)
    held = []
    for it in windows(readings, first_second=0, seconds=240):
        counts = 60 <= it.first_second <= 100 or it.first_second >= 160
        holds = abs(it.p95_ms / set_ms - 1) <= WITHIN_RATIO
        held += [holds] if counts else []
        print(
            f"{it.first_second:4} s  p95 {it.p95_ms:6.1f} ms {it.p95_ms / set_ms - 1:+7.1%}  "
            f"{it.requests_per_s:6.1f}/s  disturbed {it.limited_seconds:2} s"
            f"  {('✓' if holds else '✗') if counts else 'settling'}"
        )
    print(f"{sum(held)} of {len(held)} hold; load average {os.getloadavg()[0]:.1f}")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
