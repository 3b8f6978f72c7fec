"""A flame graph of the target, taken in a real run: asked for, refused, kept and played back."""

import asyncio
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.probes.test_pyspy import has_looked

from vumeter.link.client import Link
from vumeter.model.flame import Flames
from vumeter.model.frame import EventLevel
from vumeter.model.plan import Plan
from vumeter.model.throttle import Command, CommandKind
from vumeter.probes.pyspy import program_path
from vumeter.run.events import EventLog
from vumeter.run.keeping import Keeper
from vumeter.run.profiler import LONGEST_S, Profiler
from vumeter.run.stored_feed import StoredFeed
from vumeter.run.timeline import Timeline
from vumeter.stats.redaction import Redactor
from vumeter.stats.stacks import hottest, stacks_of
from vumeter.store.reader import open_run

pytestmark = pytest.mark.slow

PROFILE = CommandKind.PROFILE
SECRET = "burn_here"
"""A plan may call a function's name a secret."""


@pytest.fixture(autouse=True)
def pyspy() -> None:
    if program_path() is None:
        pytest.skip("no py-spy in this environment: pip install py-spy")


async def kept(link: Link, number: int = 1) -> Flames:
    """Return how it stands once so many are kept, or one could not be taken."""
    async with asyncio.timeout(30):
        while True:
            found = await link.flames()
            if len(found.kept) >= number or found.problem:
                return found
            await asyncio.sleep(0.05)


async def test_it_is_taken_under_load_and_is_in_log_journal_store_and_replay(
    fly, a_plan, burner
) -> None:
    with burner() as target:
        async with fly(a_plan(target.url)) as flight:
            link = await flight.link("ann")
            said = await flight.do(PROFILE, "ann", value=2.0)
            assert said == "py-spy looks into the target for 2s, 100/s"
            assert await flight.do(PROFILE, "ann") == "py-spy is at work already"
            state = await kept(link)
            flame = await link.flame(1)
            journal = await link.journal()
            await link.close()
            await flight.do(CommandKind.STOP)
            await flight.summary()
    assert (state.problem, state.kept) == ("", (flame.head,))
    assert (flame.pid, flame.author) == (target.pid, "ann")
    assert flame.hottest.startswith("burn_here (burner.py) ")
    assert flame.samples == sum(stack.samples for stack in stacks_of(flame.stacks)) > 0
    assert [(e.command.kind, e.accepted) for e in journal] == [(PROFILE, True), (PROFILE, False)]

    picture = ElementTree.parse(flame.svg).getroot()
    assert Path(flame.svg).parent == flight.folder.path
    assert "burn_here (burner.py)" in "".join(picture.itertext())

    with open_run(flight.folder.store) as stored:
        assert stored.flame(1) == flame
        told = [event for event in stored.events if event.label == "flame 1"]
        assert told[0].level is EventLevel.ACTION and flame.svg in told[0].text
        feed = StoredFeed(stored)
        await feed.open()
        assert await feed.flames() == Flames(), "it was not there by then"
        feed.seek(feed.end_s)
        await feed.open()
        assert (await feed.flames()).kept == (flame.head,)
        assert await feed.flame(1) == flame


async def test_the_end_of_the_run_ends_it_and_what_it_has_is_kept(
    fly, a_plan, burner, becomes
) -> None:
    with burner() as target:
        async with fly(a_plan(target.url)) as flight:
            await flight.do(PROFILE, value=300.0)
            await becomes(lambda: has_looked(target.pid))
            await flight.do(CommandKind.STOP)
            await flight.summary()
        with open_run(flight.folder.store) as stored:
            (head,) = stored.flames()
    assert 0 < head.duration_s < 300
    assert head.samples


async def test_who_only_watches_is_refused(fly, a_plan, burner) -> None:
    with burner() as target:
        async with fly(a_plan(target.url)) as flight:
            link = await flight.link("watcher", watch=True)
            said = await flight.do(PROFILE, "watcher")
            state = await link.flames()
            await link.close()
    assert "only watches" in said
    assert state == Flames()


async def test_a_target_that_is_vumeter_itself_is_said_to_be_and_the_run_goes_on(
    fly, a_plan, server
) -> None:
    async with fly(a_plan(server.url)) as flight:
        link = await flight.link()
        await flight.do(PROFILE)
        state = await kept(link)
        events = link.hello.frame.events + (await frame_events(link))
        await link.close()
    assert state.problem == "that is vumeter itself → name the target's process"
    assert state.at_work is None
    assert any(state.problem in e.text and e.level is EventLevel.WARNING for e in events)


async def frame_events(link: Link) -> tuple:
    async with asyncio.timeout(30):
        async for frame in link.frames():
            if any("no flame graph" in event.text for event in frame.events):
                return frame.events
    raise AssertionError("it was not told")


def a_profiler(plan: Plan, search_path: str | None = None) -> Profiler:
    timeline, redactor = Timeline(), Redactor(plan)
    return Profiler(
        plan,
        timeline=timeline,
        events=EventLog(timeline),
        keeper=Keeper(None, redactor, plan.retention),
        redactor=redactor,
        folder=None,
        search_path=search_path,
    )


async def test_without_pyspy_it_says_what_to_install(tmp_path: Path, a_plan) -> None:
    profiler = a_profiler(a_plan("http://127.0.0.1:9/"), search_path=str(tmp_path))
    effect = profiler.take(Command(kind=PROFILE, author="ann"))
    assert not effect.accepted
    assert 'pip install "vumeter[profile]"' in effect.message


@pytest.mark.parametrize("wanted_s", [0.0, -1.0, 0.5, LONGEST_S + 1.0])
async def test_a_time_that_cannot_be_meant_is_refused(wanted_s: float, a_plan) -> None:
    profiler = a_profiler(a_plan("http://127.0.0.1:9/"))
    effect = profiler.take(Command(kind=PROFILE, author="ann", value=wanted_s))
    assert (effect.accepted, effect.message) == (
        False,
        "profile: give whole seconds, up to 5m",
    )


async def test_a_secret_of_the_plan_is_in_no_name(a_plan, burner) -> None:
    with burner() as target, target.loaded():
        profiler = a_profiler(a_plan(target.url, secrets=(SECRET,)))
        assert profiler.take(Command(kind=PROFILE, author="ann", value=1.0)).accepted
        async with asyncio.timeout(30):
            while profiler.state.at_work is not None:  # noqa: ASYNC110 - no event of its own
                await asyncio.sleep(0.05)
        flame = profiler.flame(1)
        await profiler.close()
    assert flame is not None and SECRET not in flame.stacks + flame.hottest
    assert hottest(stacks_of(flame.stacks))[0].function == "*** (burner.py)"
