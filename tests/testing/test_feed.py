"""One contract for all feeds: a live run's link, a recording, and the made-up story."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from vumeter.link.client import Link
from vumeter.model.explanation import Question
from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import Frame, RunState, StopCause
from vumeter.model.plan import Limits, Load, Plan, Scenario
from vumeter.model.throttle import Command, CommandKind, Lever
from vumeter.report.json_report import report_bytes
from vumeter.run.api import ControlApi
from vumeter.run.conductor import Conductor
from vumeter.run.stored_feed import StoredFeed
from vumeter.stats.digest import Digest
from vumeter.stats.redaction import Redactor
from vumeter.store.reader import open_run
from vumeter.store.writer import StoreWriter
from vumeter.testing.feed import PlayedFeed, load, record, save
from vumeter.testing.laws import fixed
from vumeter.testing.seconds import MadeUpRun
from vumeter.testing.server import LoopbackServer
from vumeter.testing.story import story
from vumeter.tui.feed import Feed

DEADLINE_S = 30.0


@dataclass
class Stage:
    """A feed, and the passing of its seconds."""

    feed: Feed
    passes: Callable[[], Awaitable[None]]
    """Wait for a second of the run, or make it pass."""


@asynccontextmanager
async def played(feed: PlayedFeed) -> AsyncIterator[Stage]:
    async def passes() -> None:
        feed.advance()
        await asyncio.sleep(0)

    yield Stage(feed, passes)


@asynccontextmanager
async def live(folder: Path) -> AsyncIterator[Stage]:
    async with LoopbackServer(law=fixed(0.005)) as server:
        mix = (Choice(steps=(Request(name="GET /", url=server.url),)),)
        shop = Scenario(name="shop", steps=(Pick(choices=mix),), load=Load(vus=10))
        plan = Plan(name="shop", scenarios=(shop,), limits=Limits(max_vus=500), graceful_stop_s=1.0)
        async with (
            Conductor(plan) as conductor,
            ControlApi(conductor, folder / "control.sock", written=report_bytes),
            asyncio.TaskGroup() as tasks,
        ):
            await conductor.start()
            finish = tasks.create_task(conductor.finish())
            link = await Link.open(folder / "control.sock", viewer="ann")

            async def passes() -> None:
                await asyncio.sleep(1.0)

            yield Stage(link, passes)
            await link.close()
            conductor.command(Command(kind=CommandKind.ABORT, author="ann"), viewer="ann")
            await finish


@asynccontextmanager
async def replayed(folder: Path) -> AsyncIterator[Stage]:
    path = folder / "run.sqlite"
    shop = Scenario(
        name="shop",
        steps=(Pick(choices=(Choice(steps=(Request(name="GET /", url="http://127.0.0.1:1/"),)),)),),
        load=Load(vus=10),
    )
    store(path, Plan(name="shop", scenarios=(shop,)), seconds=20)
    with open_run(path) as stored:
        feed = StoredFeed(stored)
        feed.toggle()
        seconds = count(4)
        feed.seek(3)

        async def passes() -> None:
            feed.seek(next(seconds))
            await asyncio.sleep(0)

        yield Stage(await feed.open(), passes)


def store(path: Path, plan: Plan, *, seconds: int) -> None:
    """Store so many made-up seconds, and an end."""
    writer, digest, made_up = (
        StoreWriter(path, Redactor(plan), version="1"),
        Digest(),
        MadeUpRun(endpoints=2),
    )
    for second in range(seconds):
        reading = made_up.reading(second)
        writer.second(reading, digest.add(reading, vus_target=10.0, rate_target_per_s=None))
    assert writer.drain(DEADLINE_S)
    with open_run(path) as stored:
        writer.finish(stored.so_far(StopCause.STOPPED))
    assert writer.close(DEADLINE_S)


@asynccontextmanager
async def staged(kind: str, folder: Path) -> AsyncIterator[Stage]:
    recording = story(40)
    if kind == "recording":
        save(recording, folder / "recording")
        recording = load(folder / "recording")
    ways = {"link": live, "stored": replayed}
    way = ways[kind](folder) if kind in ways else played(PlayedFeed(recording, start=3))
    async with way as stage:
        yield stage


STEERED = ["story", "recording", pytest.param("link", marks=[pytest.mark.slow])]


@pytest.fixture(params=[*STEERED, "stored"], ids=str)
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(request.param, tmp_path) as stage:
        yield stage


@pytest.fixture(params=STEERED, ids=str)
async def steered(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """Those whose run can still be steered."""
    async with staged(request.param, tmp_path) as stage:
        yield stage


async def next_frame(stage: Stage, frames: AsyncIterator[Frame]) -> Frame:
    async with asyncio.timeout(DEADLINE_S):
        await stage.passes()
        return await anext(frames)


async def frame_where(
    stage: Stage, frames: AsyncIterator[Frame], holds: Callable[[Frame], bool]
) -> Frame:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            frame = await next_frame(stage, frames)
            if holds(frame):
                return frame


async def test_the_greeting_has_the_plan_the_newest_frame_and_every_second(stage: Stage) -> None:
    hello = stage.feed.hello
    assert hello.plan.name == hello.frame.run == "shop"
    seconds = [point.second for point in hello.points]
    assert seconds == sorted(set(seconds))


async def test_frames_come_in_their_order(stage: Stage) -> None:
    frames = stage.feed.frames()
    seconds = [(await next_frame(stage, frames)).second for _ in range(3)]
    assert seconds == sorted(seconds)


async def test_who_was_away_sees_the_present_and_no_queue(stage: Stage) -> None:
    frames = stage.feed.frames()
    first = await next_frame(stage, frames)
    for _ in range(3):
        await stage.passes()
    newest = await next_frame(stage, frames)
    assert newest.second >= first.second + 3


async def test_a_command_is_answered_and_its_effect_is_seen(steered: Stage) -> None:
    command = Command(
        kind=CommandKind.SET, author="ann", scenario="shop", lever=Lever.VUS, value=12.0
    )
    outcome = await steered.feed.command(command)
    assert outcome.accepted and "12" in outcome.message
    frame = await frame_where(
        steered, steered.feed.frames(), lambda frame: frame.throttles[0].acknowledged == 12.0
    )
    assert frame.throttles[0].requested == 12.0


async def test_a_value_above_the_limit_is_clamped_and_said(steered: Stage) -> None:
    command = Command(
        kind=CommandKind.SET, author="ann", scenario="shop", lever=Lever.VUS, value=10_000.0
    )
    outcome = await steered.feed.command(command)
    assert outcome.accepted and "500" in outcome.message


async def test_a_mark_stands_among_the_events(steered: Stage) -> None:
    await steered.feed.command(Command(kind=CommandKind.MARK, author="ann", note="bend"))
    await frame_where(
        steered,
        steered.feed.frames(),
        lambda frame: any("bend" in event.label for event in frame.events),
    )


async def test_points_bring_the_seconds_from_one_on(stage: Stage) -> None:
    frames = stage.feed.frames()
    newest = await frame_where(stage, frames, lambda frame: frame.second >= 2)
    seconds = [point.second for point in await stage.feed.points(1)]
    assert seconds[:2] == [1, 2]
    assert seconds[-1] >= newest.second


async def test_series_questions_and_snapshots_are_answered(stage: Stage) -> None:
    frames = stage.feed.frames()
    newest = await frame_where(stage, frames, lambda frame: frame.second >= 2)
    now = await stage.feed.series_now()
    assert {"requests_per_s", "vus", "generator.cpu_percent"} <= now.keys()
    points = await stage.feed.series("vus", 0, newest.second + 1)
    assert [point.second for point in points[-2:]] == [newest.second - 1, newest.second]
    found = await stage.feed.why(Question.LATENCY, 0, newest.second + 1)
    assert found.problem.startswith("only "), "of two seconds nothing follows"
    assert await stage.feed.spikes() == ()


async def test_a_moment_that_is_kept_can_be_had_again(steered: Stage) -> None:
    frames = steered.feed.frames()
    await frame_where(steered, frames, lambda frame: frame.second >= 1)
    assert (await steered.feed.take_spike()).accepted
    (head,) = await steered.feed.spikes()
    spike = await steered.feed.spike(head.id)
    assert (spike.head, spike.frame.second) == (head, head.second)


async def test_control_can_be_taken(steered: Stage) -> None:
    assert (await steered.feed.take_control()).accepted
    frame = await next_frame(steered, steered.feed.frames())
    assert frame.control == "ann"


async def test_the_last_frame_says_that_the_run_has_ended_and_then_there_is_none(
    stage: Stage,
) -> None:
    await stage.feed.command(Command(kind=CommandKind.STOP, author="ann"))
    frames = stage.feed.frames()
    await frame_where(stage, frames, lambda frame: frame.state is RunState.ENDED)
    with pytest.raises(StopAsyncIteration):
        await anext(frames)


async def test_closing_ends_the_frames(stage: Stage) -> None:
    await stage.feed.close()
    async with asyncio.timeout(DEADLINE_S):
        left = [frame async for frame in stage.feed.frames()]
    assert len(left) <= 1


async def test_a_stored_run_is_not_steered(tmp_path: Path) -> None:
    async with replayed(tmp_path) as stage:
        outcomes = [
            await stage.feed.command(Command(kind=CommandKind.PANIC, author="ann")),
            await stage.feed.take_control(),
        ]
    assert all(not it.accepted and "This is a replay" in it.message for it in outcomes)


async def test_a_recording_is_what_a_viewer_saw(tmp_path: Path) -> None:
    feed = PlayedFeed(story(20), frames_per_s=1000.0)
    recording = await record(feed.hello, feed.frames(), upto_second=15)
    assert recording.frames[-1].second == 15
    save(recording, tmp_path / "one")
    save(load(tmp_path / "one"), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert load(tmp_path / "one") == recording


async def test_who_only_watches_is_refused() -> None:
    feed = PlayedFeed(story(5), watch=True)
    outcome = await feed.command(Command(kind=CommandKind.HOLD, author="ann"))
    assert not outcome.accepted


def test_an_untouched_recording_is_played_as_it_was() -> None:
    recording = story()
    feed = PlayedFeed(recording, start=len(recording.frames) - 1)
    assert feed.hello.frame == recording.frames[-1]


def test_the_story_is_the_same_each_time() -> None:
    assert story(30) == story(30)
