"""
A run of three days, of which the seconds are made up: what a new viewer is sent of it, and how
what was stored of it is looked at. That a store becomes so is proven in tests/store; that it
stays small and quick to write, measured: python -m benchmarks.store_size --hours 72.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from msgspec.structs import replace

from vumeter.link.client import Link
from vumeter.link.protocol import Hello
from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import Event, EventLevel, Point
from vumeter.model.measure import Reading
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.report.json_report import report_bytes
from vumeter.run.api import ControlApi
from vumeter.run.archive import Archive
from vumeter.run.conductor import Conductor
from vumeter.run.events import KEPT_EVENTS
from vumeter.run.recount import Recount
from vumeter.run.stored_feed import StoredFeed
from vumeter.stats.histogram import histogram_of
from vumeter.stats.redaction import Redactor
from vumeter.stats.resolutions import Resolutions
from vumeter.stats.spans import merged
from vumeter.store import rows
from vumeter.store.connection import create, transaction
from vumeter.store.reader import open_run
from vumeter.store.writer import StoreWriter
from vumeter.testing.clock import ManualClock
from vumeter.testing.seconds import MadeUpRun
from vumeter.testing.soak import (
    AWAY_FROM_S,
    AWAY_TO_S,
    LIMITED_FROM_S,
    LIMITED_TO_S,
    SLOW_FROM_S,
    point,
)
from vumeter.testing.story import STARTED_UNIX_MS, story
from vumeter.tui.history import History
from vumeter.tui.night import night_of

pytestmark = pytest.mark.slow

GENEROUS_S = 30.0
DAYS_S = 72 * 3_600
REQUESTS_PER_S = 1_000
MOST_BYTES = 2_000_000
"""What the promise allows."""


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="vu"))
    yield path
    shutil.rmtree(path)


class OldConductor(Conductor):
    """A run that has not begun, and says that it has gone on for three days."""

    days: Resolutions

    @property
    def hello(self) -> Hello:
        frame = story(180).frames[-1]
        endpoints = tuple(
            replace(row, name=f"{row.name}/{number}")
            for number in range(4)
            for row in frame.endpoints
        )
        frame = replace(frame, endpoints=endpoints, second=DAYS_S - 1, events=_events())
        return replace(super().hello, frame=frame, points=self.days.overview)


def _resolutions() -> Resolutions:
    resolutions = Resolutions()
    times = [histogram_of((us, 10 * us)) for us in range(5_000, 5_100)]
    for second in range(DAYS_S):
        point = Point(
            second=second,
            at_unix_ms=STARTED_UNIX_MS + 1_000 * second,
            requests=REQUESTS_PER_S,
            errors=second % 7,
            p50_us=20_000,
            p95_us=80_000,
            p99_us=120_000,
            max_us=1_250_000,
            vus=2_500,
            vus_target=2_500.0,
            rate_target_per_s=1_000.0,
            dropped=second % 3,
            generator_limited=False,
        )
        resolutions.add(point, times[second % 100])
    return resolutions


def _events() -> tuple[Event, ...]:
    return tuple(
        Event(
            serial=serial,
            second=float(serial),
            at_unix_ms=STARTED_UNIX_MS + 1_000 * serial,
            level=EventLevel.WARNING,
            author="vumeter",
            text="http_req_duration{name:checkout} p(95) < 300ms over 30s is kept again, at 284 ms",
            label="▲",
        )
        for serial in range(KEPT_EVENTS)
    )


async def test_who_attaches_after_three_days_gets_all_of_them_in_less_than_two_megabytes(
    folder: Path, a_plan: Callable[..., Plan]
) -> None:
    plan, path = a_plan("http://127.0.0.1:9"), folder / "control.sock"
    async with (
        asyncio.timeout(GENEROUS_S),
        OldConductor(plan) as conductor,
        ControlApi(conductor, path, written=report_bytes),
    ):
        conductor.days = _resolutions()
        connector = aiohttp.UnixConnector(path=str(path))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect("http://run/stream", max_msg_size=0) as stream,
        ):
            assert len(await stream.receive_bytes()) < MOST_BYTES
        async with await Link.open(path, viewer="day shift") as link:
            points = link.hello.points
    assert sum(point.span_s for point in points) == DAYS_S
    assert sum(point.requests for point in points) == DAYS_S * REQUESTS_PER_S
    history = History()
    history.add(points)
    assert history.newest_second == DAYS_S - 1


SPANS = (
    (60, range(0, DAYS_S - 21_600, 60)),
    (10, range(DAYS_S - 21_600, DAYS_S - 3_600, 10)),
    (1, range(DAYS_S - 3_600, DAYS_S)),
)
"""What is left of them."""
POINTS = (
    (60, range(0, DAYS_S, 60)),
    (10, range(0, DAYS_S, 10)),
    (1, (*range(AWAY_FROM_S, AWAY_TO_S), *range(DAYS_S - 3_600, DAYS_S))),
)
"""All of them, but of the seconds only those that are asked for."""
MOMENTS = (1, 61, 93_784, SLOW_FROM_S + 60, DAYS_S - 21_600, DAYS_S - 9_999, DAYS_S - 1_234)
WINDOW_BEFORE_S = 180
MOST_SEEK_S = 0.5
"""Of CPU, which does not depend on what else the machine does, as hours on a clock would."""


@pytest.fixture(scope="module")
def stored_days(tmp_path_factory: pytest.TempPathFactory, a_night_plan: Plan) -> Path:
    """Three days at the resolutions that they have by then; 20 endpoints where they are sought."""
    path = tmp_path_factory.mktemp("days") / "run.sqlite"
    writer = StoreWriter(path, Redactor(a_night_plan), version="1")
    assert writer.close(GENEROUS_S)
    few, many = MadeUpRun(endpoints=1, requests=1), MadeUpRun(endpoints=20, requests=50)
    recount = Recount(a_night_plan, late=(), verdicts=(), journal=())
    recount.add(many.reading(0), is_shown=True)
    balance = recount.balance(1.0, has_ended=False)
    connection = create(path)
    with transaction(connection):
        for span_s, seconds in POINTS:
            for second in seconds:
                row = rows.of_point(point(second, span_s=span_s))
                connection.execute(row.statement, row.values)
        for span_s, seconds in SPANS:
            thin, thick = (
                merged([run.reading(second) for second in range(span_s)], span_s=span_s)
                for run in (few, many)
            )
            for second in seconds:
                is_sought = any(0 <= it - second < WINDOW_BEFORE_S for it in MOMENTS)
                reading = replace(thick if is_sought else thin, second=second)
                newest = replace(balance, second=second + span_s - 1)
                for row in (rows.of_reading(reading), rows.of_balance(newest)):
                    connection.execute(row.statement, row.values)
        row = rows.of_meta("started_unix_ms", STARTED_UNIX_MS)
        connection.execute(row.statement, row.values)
    connection.close()
    return path


@pytest.fixture(scope="module")
def a_night_plan() -> Plan:
    request = Request(name="GET /", url="http://127.0.0.1:1/")
    steps = (Pick(choices=(Choice(steps=(request,)),)),)
    return Plan(name="night", scenarios=(Scenario(name="main", steps=steps, load=Load(vus=60)),))


async def test_a_stored_run_of_three_days_is_greeted_whole_and_tells_of_its_nights(
    stored_days: Path,
) -> None:
    with open_run(stored_days) as stored:
        feed = StoredFeed(stored, is_over=False, clock=ManualClock())
        feed.seek(feed.end_s)
        await anext(feed.frames())
        hello = feed.hello
        assert feed.end_s == DAYS_S
        assert len(msgspec.msgpack.encode(hello)) < MOST_BYTES
        assert sum(each.span_s for each in hello.points) == DAYS_S
        history = History()
        history.add(hello.points)
        # The last day, of which the greeting has hours by tens of seconds, minute by minute.
        history.add(await feed.points(0, to_second=DAYS_S, span_s=60))
    night = night_of(history)
    assert (night.minutes, night.is_exact, night.unknown) == (DAYS_S // 60, True, ())
    assert night.slowest is not None
    assert night.slowest.first_second == SLOW_FROM_S
    assert [(it.first_second, it.seconds) for it in night.outages] == [
        (AWAY_FROM_S, AWAY_TO_S - AWAY_FROM_S)
    ]
    assert [(it.first_second, it.seconds) for it in night.limited] == [
        (LIMITED_FROM_S, LIMITED_TO_S - LIMITED_FROM_S)
    ]


async def test_any_moment_of_three_days_is_shown_in_half_a_second(stored_days: Path) -> None:
    with open_run(stored_days) as stored:
        feed = StoredFeed(stored, is_over=False, clock=ManualClock())
        stream = feed.frames()
        for moment in (*MOMENTS, *reversed(MOMENTS)):
            feed.seek(moment)
            began_s = time.process_time()
            frame = await anext(stream)
            took_s = time.process_time() - began_s
            # A reading is shown when it is over.
            assert 0 <= moment - (frame.second + 1) < 60
            assert took_s < MOST_SEEK_S, (moment, took_s)


async def test_old_seconds_come_out_of_the_store_while_the_run_goes_on(stored_days: Path) -> None:
    archive = Archive(stored_days)
    points = await archive.points(AWAY_FROM_S, AWAY_TO_S, span_s=1)
    assert points == tuple(point(second) for second in range(AWAY_FROM_S, AWAY_TO_S))
    readings = msgspec.json.decode(
        await archive.readings(0, 600, span_s=60), type=tuple[Reading, ...]
    )
    assert [each.second for each in readings] == list(range(0, 600, 60))
