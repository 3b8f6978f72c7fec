"""All that can be watched, watched at once in a real run: live, in the store, and in a replay."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.probes.services import free_port, node_exporter, redis_server

from vumeter.model.flow import Request
from vumeter.model.frame import Frame
from vumeter.model.measure import Reading
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.model.probes import PostgresState
from vumeter.model.watched import (
    ProcessMonitor,
    PrometheusMonitor,
    RedisMonitor,
    Watched,
    WatchedKind,
    WatchedState,
)
from vumeter.run.conductor import Conductor
from vumeter.run.stored_feed import StoredFeed
from vumeter.store.reader import open_run
from vumeter.testing.clock import ManualClock
from vumeter.testing.laws import fixed
from vumeter.testing.server import LoopbackServer

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


def seen(moment: Frame | Reading) -> tuple[Any, ...]:
    """Return all that probes have said by then."""
    return moment.host, moment.postgres, moment.postgres_more, moment.watched


def parts(moment: Frame | Reading) -> list[Any]:
    """Return the same one by one, without how old each is: a frame is a moment younger."""
    found = (moment.postgres, *moment.postgres_more.values(), *moment.watched)
    return [moment.host, *(replace(each, age_s=0.0) for each in found if each is not None)]


def watched_of(reading: Reading, name: str) -> Watched:
    return next(each for each in reading.watched if each.name == name)


def kinds_that_are_up(watched: tuple[Watched, ...]) -> set[WatchedKind]:
    return {each.kind for each in watched if each.state is WatchedState.UP and each.series}


async def test_what_probes_saw_is_the_same_live_in_the_store_and_in_a_replay(
    cluster, tmp_path: Path
) -> None:
    redis_port, exporter_port = free_port(), free_port()
    frames: list[Frame] = []
    with redis_server(redis_port) as redis_url, node_exporter(exporter_port) as page:
        async with LoopbackServer(law=fixed(0.02)) as server:
            plan = Plan(
                name="shop",
                scenarios=(
                    Scenario(
                        name="main",
                        steps=(Request(name="GET /", url=server.url),),
                        load=Load(vus=2, duration_s=6.5),
                    ),
                ),
                postgres_dsn=cluster.dsn(),
                postgres_more=(("second", cluster.dsn()),),
                monitors=(
                    ProcessMonitor(name="api", pid=os.getpid()),
                    RedisMonitor(name="cache", url=redis_url),
                    PrometheusMonitor(
                        name="node", url=page, series=(("load", "node_load1"),), every_s=1.0
                    ),
                ),
            )
            path = tmp_path / "run.sqlite"
            async with Conductor(plan, sinks=(frames.append,), store=path) as conductor:
                await conductor.start()
                await conductor.finish()
    last = [frame for frame in frames if frame.second == 5][-1]
    assert kinds_that_are_up(last.watched) == {
        WatchedKind.PROCESS,
        WatchedKind.REDIS,
        WatchedKind.PROMETHEUS,
    }
    assert last.postgres is not None and last.postgres.state is PostgresState.UP
    assert last.postgres_more["second"].state is PostgresState.UP
    assert last.postgres_more["second"].connections_used == last.postgres.connections_used
    shown_live = [part for frame in frames for part in parts(frame)]
    with open_run(path) as stored:
        readings = {reading.second: reading for reading in stored.readings()}
        feed = StoredFeed(stored, clock=ManualClock())
        played = feed.frames()
        for second in range(6):
            for part in parts(readings[second]):
                assert part in shown_live, (second, part)
            feed.seek(second + 1)
            async with asyncio.timeout(20):
                assert seen(await anext(played)) == seen(readings[second]), second
        series = await feed.series_now()
    assert series["watched.node.load"] == watched_of(readings[5], "node").series["load"]
    assert "watched.cache.memory_bytes" in series
    assert "postgres.connections_used" in series
