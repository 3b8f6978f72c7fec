"""
How large a stored run gets, what it costs the run process, and how it is read: days in minutes.

    python -m benchmarks.store_size --hours 72 [--open]

Seconds of 20 endpoints at 1,000 requests/s go through the views and the store's own writer, as
fast as it takes them, with the host, a database and what the run had come to. Ten minutes of
them are made up before, and come again and again: what is written is as different from row to
row as in a run, and what is measured is the writer. In the end it is attached to and sought in.
"""

import argparse
import asyncio
import random
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil
from msgspec.structs import replace

from vumeter.model.balance import Balance
from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import Point
from vumeter.model.measure import Reading
from vumeter.model.plan import Load, Plan, Scenario, Threshold
from vumeter.run.recount import Recount
from vumeter.run.stored_feed import StoredFeed
from vumeter.stats.digest import Digest
from vumeter.stats.redaction import Redactor
from vumeter.store.reader import open_run
from vumeter.store.writer import StoreWriter
from vumeter.testing.clock import ManualClock
from vumeter.testing.seconds import STARTED_UNIX_MS, MadeUpRun

_MADE_S = 600
_TOLD_EVERY_S = 4 * 3_600
_STEP_S = 60
_SEEKS = 40


def main() -> None:
    """Write so many hours, and say every four of them how it stands."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store_size")
    parser.add_argument("--hours", type=float, default=72)
    parser.add_argument("--endpoints", type=int, default=20)
    parser.add_argument("--requests", type=int, default=50, help="of each endpoint, a second")
    parser.add_argument("--open", action="store_true", help="the open model, with response times")
    wanted = parser.parse_args()
    run = MadeUpRun(endpoints=wanted.endpoints, requests=wanted.requests, is_open=bool(wanted.open))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.sqlite"
        _write(run, path, round(wanted.hours * 3_600))
        _read(path)


def _write(run: MadeUpRun, path: Path, seconds: int) -> None:
    made = _made(run)
    process = psutil.Process()
    writer = StoreWriter(path, Redactor(_plan()), version="benchmark")
    before_bytes, began_s = 0, time.process_time()
    for second in range(seconds):
        at = {"second": second, "at_unix_ms": STARTED_UNIX_MS + second * 1000}
        reading, point, balance = made[second % _MADE_S]
        writer.second(replace(reading, **at), replace(point, **at))
        writer.balance(replace(balance, second=second))
        if second == 2 * _MADE_S:
            # By now all histograms keep what was worked out of them once: no part of the writer.
            before_bytes = process.memory_info().rss
        if second % _STEP_S == _STEP_S - 1:
            assert writer.drain(60), writer.problem
        if second % _TOLD_EVERY_S == _TOLD_EVERY_S - 1:
            grown_mib = (process.memory_info().rss - before_bytes) / 2**20
            print(
                f"{(second + 1) / 3600:5.0f} h: {_size_mb(path):6.1f} MB on disk, process "
                f"{grown_mib:+.1f} MiB, {1000 * (time.process_time() - began_s) / second:.1f} ms "
                "of CPU a second",
                flush=True,
            )
    assert writer.close(60)
    assert writer.lost == ()


def _made(run: MadeUpRun) -> list[tuple[Reading, Point, Balance]]:
    digest, recount = Digest(), Recount(_plan(), late=(), verdicts=(), journal=())
    made = []
    for reading in map(run.reading, range(_MADE_S)):
        recount.add(reading, is_shown=True)
        point = digest.add(reading, vus_target=50.0, rate_target_per_s=None)
        made.append((reading, point, recount.balance(reading.second + 1, has_ended=False)))
    return made


def _read(path: Path) -> None:
    with open_run(path) as stored:
        spans = [span_s for _, span_s in stored.spans(2**40, 10**6)]
        readings = ", ".join(f"{spans.count(each)} of {each} s" for each in sorted(set(spans)))
        print(f"closed: {_size_mb(path):.1f} MB; {readings}")
        began_s = time.process_time()
        requests = stored.so_far(None).total.requests
        print(f"summed up: {requests} requests in {time.process_time() - began_s:.2f} s")
        began_s = time.process_time()
        feed = StoredFeed(stored, clock=ManualClock())
        asyncio.run(_seek(feed, feed.end_s - 1))
        points = len(feed.hello.points)
        print(f"opened and greeted: {points} points in {time.process_time() - began_s:.2f} s")
        moments = random.Random(0).choices(range(1, int(feed.end_s)), k=_SEEKS)
        took_s = [asyncio.run(_seek(feed, moment)) for moment in moments]
        print(f"{_SEEKS} seeks: median {median(took_s):.3f} s, longest {max(took_s):.3f} s of CPU")


async def _seek(feed: StoredFeed, moment: float) -> float:
    """Return the CPU seconds that it takes to be shown *moment*."""
    feed.seek(moment)
    began_s = time.process_time()
    await anext(feed.frames())
    return time.process_time() - began_s


def _size_mb(path: Path) -> float:
    return sum(file.stat().st_size for file in path.parent.iterdir()) / 1e6


def _plan() -> Plan:
    request = Request(name="GET /", url="http://127.0.0.1:1/")
    steps = (Pick(choices=(Choice(steps=(request,)),)),)
    return Plan(
        name="size",
        scenarios=(Scenario(name="main", steps=steps, load=Load(vus=50)),),
        thresholds=(
            Threshold(metric="http_req_duration", expression="p(95) < 300ms over 30s"),
            Threshold(metric="http_req_failed", expression="rate < 1%"),
        ),
    )


if __name__ == "__main__":
    main()
