"""Moments that are kept whole: which ones, how many, and that nothing of them is lost."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from vumeter.model.frame import Event, Frame
from vumeter.model.metric import Unit
from vumeter.model.plan import Plan, Threshold
from vumeter.model.probes import PostgresReading
from vumeter.model.retention import Retention
from vumeter.model.verdict import Standing, Verdict
from vumeter.run.events import EventLog
from vumeter.run.keeping import Keeper
from vumeter.run.spikes import APART_S, FIRST_KEPT, NEWEST_KEPT, Spikes, SpikeWatch
from vumeter.run.timeline import Timeline
from vumeter.stats.redaction import Redactor
from vumeter.store.reader import open_run
from vumeter.testing.scenery import JAM_FROM_S
from vumeter.testing.story import story

SECRET = "canary-4711"


@pytest.fixture(scope="module")
def frames() -> tuple[Frame, ...]:
    """A run whose p95 leaps from second 90 on, when a hot row is held."""
    return tuple(frame for frame in story().frames if frame.second >= 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.sqlite"


def spikes_at(path: Path | None) -> tuple[Spikes, Keeper, list[Event]]:
    told: list[Event] = []
    redactor = Redactor(Plan(name="shop", scenarios=(), secrets=(SECRET,)))
    keeper = Keeper(path, redactor, Retention())
    events = EventLog(Timeline(), keep=told.append)
    return Spikes(events=events, keeper=keeper), keeper, told


def failing(frame: Frame, *, is_failing: bool) -> Frame:
    verdict = Verdict(
        threshold=Threshold(metric="http_req_duration", expression="p(95) < 300ms over 10s"),
        standing=Standing.FAILED,
        is_failing=is_failing,
        observed=400.0,
        limit=300.0,
        unit=Unit.MS,
        first_failed_second=None,
        crossings=1,
    )
    return replace(frame, verdicts=(verdict,))


def reasons(watch: SpikeWatch, several: Iterator[Frame]) -> dict[int, str]:
    found = ((frame.second, watch.reason(frame)) for frame in several)
    return {second: reason for second, reason in found if reason}


def test_a_leap_of_p95_is_one_and_a_slow_ramp_is_none(frames: tuple[Frame, ...]) -> None:
    found = reasons(SpikeWatch(), iter(frames))
    assert found, "the story has a jam"
    assert min(found) >= JAM_FROM_S, "the ramp before it is not one"
    assert "times the last minute's median" in found[min(found)]


def test_a_threshold_is_a_reason_when_it_begins_to_fail_and_not_while_it_does(
    frames: tuple[Frame, ...],
) -> None:
    watch = SpikeWatch()
    states = [False, True, True, False, True]
    found = [
        watch.reason(failing(frame, is_failing=state))
        for frame, state in zip(frames[:5], states, strict=True)
    ]
    words = "threshold http_req_duration p(95) < 300ms over 10s failed"
    assert found == ["", words, "", "", words]


def test_what_lasts_is_one_spike_and_a_hand_may_take_another(frames: tuple[Frame, ...]) -> None:
    spikes, _, told = spikes_at(None)
    for frame in frames[:140]:
        spikes.look(frame)
    seconds = [head.second for head in spikes.heads]
    assert all(later - earlier >= APART_S for earlier, later in pairwise(seconds))
    by_hand = spikes.take(frames[120], "ann")
    assert (by_hand.author, by_hand.second) == ("ann", frames[120].second)
    assert spikes.spike(by_hand.id) == by_hand
    assert told[-1].label == f"snap {by_hand.id}"
    assert len(told) == len(seconds) + 1
    assert {event.author for event in told} == {"vumeter", "ann"}


async def test_of_many_the_first_and_the_newest_are_kept_in_the_store_too(
    path: Path, frames: tuple[Frame, ...]
) -> None:
    spikes, keeper, _ = spikes_at(path)
    most = FIRST_KEPT + NEWEST_KEPT
    for _ in range(most + 5):
        spikes.take(frames[100], "ann")
    assert await keeper.close(is_hurried=False)
    numbers = [head.id for head in spikes.heads]
    assert numbers == [*range(1, FIRST_KEPT + 1), *range(FIRST_KEPT + 6, most + 6)]
    with open_run(path) as stored:
        assert stored.spikes() == spikes.heads
        assert stored.spikes(frames[100].second) == (), "it had not happened by then"
        assert stored.spike(FIRST_KEPT + 1) is None


async def test_a_stored_one_has_all_of_its_frame_and_no_secret(
    path: Path, frames: tuple[Frame, ...]
) -> None:
    frame = frames[118]
    assert isinstance(frame.postgres, PostgresReading) and frame.postgres.blockers
    telltale = replace(frame.postgres, remark=f"cannot log in with {SECRET}")
    named = tuple(replace(row, name=f"{row.name}?key={SECRET}") for row in frame.endpoints)
    spikes, keeper, _ = spikes_at(path)
    spikes.take(frame, "ann")
    spikes.take(replace(frame, postgres=telltale, endpoints=named), "ann")
    assert await keeper.close(is_hurried=False)
    with open_run(path) as stored:
        whole, hidden = stored.spike(1), stored.spike(2)
    assert whole is not None and hidden is not None
    assert whole.frame == frame
    assert SECRET not in str(hidden)
    assert SECRET.encode() not in await asyncio.to_thread(path.read_bytes)
