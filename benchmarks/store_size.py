"""
How large a stored run gets, and what it costs the run process: days in minutes.

    python -m benchmarks.store_size --hours 72

Seconds of 20 endpoints at 1,000 requests/s go through the store's own writer, as fast as it
takes them. Ten minutes of them are made up before, and come again and again: what is written
is as different from row to row as in a run, and what is measured is the writer.
"""

import argparse
import tempfile
import time
from pathlib import Path

import psutil
from msgspec.structs import replace

from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.stats.digest import Digest
from vumeter.stats.redaction import Redactor
from vumeter.store.reader import open_run
from vumeter.store.writer import StoreWriter
from vumeter.testing.seconds import STARTED_UNIX_MS, MadeUpRun

_MADE_S = 600
_TOLD_EVERY_S = 2 * 3_600
_STEP_S = 60


def main() -> None:
    """Write so many hours, and say every two of them how it stands."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store_size")
    parser.add_argument("--hours", type=float, default=72)
    parser.add_argument("--endpoints", type=int, default=20)
    parser.add_argument("--requests", type=int, default=50, help="of each endpoint, a second")
    parser.add_argument("--open", action="store_true", help="the open model, with response times")
    wanted = parser.parse_args()
    run = MadeUpRun(endpoints=wanted.endpoints, requests=wanted.requests, is_open=bool(wanted.open))
    with tempfile.TemporaryDirectory() as folder:
        _measure(run, Path(folder) / "run.sqlite", round(wanted.hours * 3_600))


def _measure(run: MadeUpRun, path: Path, seconds: int) -> None:
    digest = Digest()
    made = [
        (reading, digest.add(reading, vus_target=50.0, rate_target_per_s=None))
        for reading in map(run.reading, range(_MADE_S))
    ]
    process = psutil.Process()
    writer = StoreWriter(path, Redactor(_plan()), version="benchmark")
    before_bytes, began_s = 0, time.monotonic()
    for second in range(seconds):
        at = {"second": second, "at_unix_ms": STARTED_UNIX_MS + second * 1000}
        reading, point = made[second % _MADE_S]
        writer.second(replace(reading, **at), replace(point, **at))
        if second == 2 * _MADE_S:
            # By now all histograms keep what was worked out of them once: no part of the writer.
            before_bytes = process.memory_info().rss
        if second % _STEP_S == _STEP_S - 1:
            assert writer.drain(60), writer.problem
        if second % _TOLD_EVERY_S == _TOLD_EVERY_S - 1:
            grown_mib = (process.memory_info().rss - before_bytes) / 2**20
            print(
                f"{(second + 1) / 3600:5.0f} h: {_size_mb(path):6.1f} MB on disk, process "
                f"{grown_mib:+.1f} MiB, {1000 * (time.monotonic() - began_s) / second:.1f} ms/s",
                flush=True,
            )
    assert writer.close(60)
    assert writer.lost == ()
    began_s = time.monotonic()
    with open_run(path) as stored:
        requests = stored.so_far(None).total.requests
    print(
        f"closed: {_size_mb(path):.1f} MB; {requests} requests summed up in "
        f"{time.monotonic() - began_s:.2f} s"
    )


def _size_mb(path: Path) -> float:
    return sum(file.stat().st_size for file in path.parent.iterdir()) / 1e6


def _plan() -> Plan:
    request = Request(name="GET /", url="http://127.0.0.1:1/")
    steps = (Pick(choices=(Choice(steps=(request,)),)),)
    return Plan(name="size", scenarios=(Scenario(name="main", steps=steps, load=Load(vus=50)),))


if __name__ == "__main__":
    main()
