"""A run of three days, of which the seconds are made up: what a new viewer is sent of it."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace

from vumeter.link.client import Link
from vumeter.link.protocol import Hello
from vumeter.model.frame import Event, EventLevel, Point
from vumeter.model.plan import Plan
from vumeter.report.json_report import report_bytes
from vumeter.run.api import ControlApi
from vumeter.run.conductor import Conductor
from vumeter.run.events import KEPT_EVENTS
from vumeter.stats.histogram import histogram_of
from vumeter.stats.resolutions import Resolutions
from vumeter.testing.story import STARTED_UNIX_MS, story
from vumeter.tui.history import History

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
