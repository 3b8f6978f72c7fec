"""The cockpit's side of the link, without a screen."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from vumeter.errors import LinkError
from vumeter.model.frame import Point
from vumeter.model.throttle import Command, CommandKind, Lever, Outcome
from vumeter.testing.clock import ManualClock
from vumeter.testing.feed import PlayedFeed
from vumeter.testing.soak import LENGTH_S, LIMITED_FROM_S, point, soak
from vumeter.testing.story import story
from vumeter.tui import session as session_module
from vumeter.tui.columns import Column
from vumeter.tui.feed import Dial, Feed
from vumeter.tui.history import Window
from vumeter.tui.session import LinkState, Session

STORY = story(60)


def step(value: float = 1.0) -> Command:
    return Command(
        kind=CommandKind.STEP, author="ann", scenario="shop", lever=Lever.VUS, value=value
    )


def plain(kind: CommandKind) -> Command:
    return Command(kind=kind, author="ann")


class Ears:
    """What a screen would hear."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.changes = 0

    def change(self) -> None:
        self.changes += 1

    def outcome(self, _: Command | None, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


@asynccontextmanager
async def attending(dial: Dial, ears: Ears) -> AsyncIterator[Session]:
    session = Session(dial, on_change=ears.change, on_outcome=ears.outcome)
    task = asyncio.create_task(session.run())
    try:
        yield session
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - whatever the loop has to do comes first
            await asyncio.sleep(0)


def dialling(*feeds: Feed | LinkError) -> Dial:
    """Return a dial that comes out as *feeds* say, one call after the other."""
    left = list(feeds)

    async def dial() -> Feed:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, LinkError):
            raise answer
        return answer

    return dial


class Gated(PlayedFeed):
    """A run that answers commands only when it is let."""

    gate: asyncio.Event

    async def command(self, command: Command) -> Outcome:
        if command.kind is CommandKind.STEP:
            await self.gate.wait()
        return await super().command(command)


async def test_the_greeting_fills_the_history() -> None:
    ears = Ears()
    async with attending(dialling(PlayedFeed(STORY, start=30)), ears) as session:
        await until(lambda: session.state is LinkState.LIVE)
        assert session.frame is not None and session.frame.second == 29
        assert session.history.newest_second == 29


async def test_skipped_seconds_are_fetched() -> None:
    feed = PlayedFeed(STORY, start=10)
    async with attending(dialling(feed), Ears()) as session:
        await until(lambda: session.state is LinkState.LIVE)
        await asyncio.sleep(0)
        feed.jump(40)
        await until(lambda: session.history.newest_second == 39)
        points = {column.seconds for column in session.history.span(Window.ALL, columns=40).columns}
        assert points == {1}, "no second is missing"


class Deep(PlayedFeed):
    """A run that can give its seconds of any time, once the gate is open."""

    def __init__(self, *, knows: bool = True) -> None:
        super().__init__(soak())
        self._knows = knows
        self.gate = asyncio.Event()
        self.asked: list[tuple[int, int | None, int]] = []

    async def points(
        self, from_second: int, *, to_second: int | None = None, span_s: int = 1
    ) -> tuple[Point, ...]:
        self.asked.append((from_second, to_second, span_s))
        await self.gate.wait()
        assert to_second is not None, "a page at a time"
        seconds = range(from_second, to_second, span_s) if self._knows else ()
        return tuple(point(at, span_s=span_s) for at in seconds)


async def test_what_is_looked_at_is_fetched_while_the_coarser_is_known_already() -> None:
    feed, at = Deep(), LIMITED_FROM_S + 100
    async with attending(dialling(feed), Ears()) as session:
        await until(lambda: session.state is LinkState.LIVE)

        def column() -> Column:
            span = session.history.span(Window.ONE_MINUTE, columns=60, end_second=at)
            return span.columns[-1]

        assert (column().span_s, column().p99_us) == (60, point(at // 60 * 60).p99_us)
        session.want(at - 60, at, span_s=1)
        await until(lambda: bool(feed.asked))
        session.want(at - 60, at + 1, span_s=1)
        feed.gate.set()
        await until(lambda: column().span_s == 1)
        assert column().p99_us == point(at).p99_us
        asked = len(feed.asked)
        session.want(at - 60, at + 1, span_s=1)
        feed.advance()
        await until(lambda: session.frame is not None and session.frame.second == LENGTH_S + 1)
        assert len(feed.asked) == asked, "nothing is asked for twice"


async def test_what_the_run_does_not_know_either_is_asked_for_once_for_each_link() -> None:
    feed = Deep(knows=False)
    feed.gate.set()
    async with attending(dialling(feed), Ears()) as session:
        await until(lambda: session.state is LinkState.LIVE)
        session.want(0, 1000, span_s=1)
        await until(lambda: session.fetches == 2)
        session.want(0, 1000, span_s=1)
        session.want(1024, 1025, span_s=1)
        await until(lambda: session.fetches == 3)
        assert feed.asked == [(512, 1000, 1), (0, 512, 1), (1024, 1025, 1)]
        session.history.ask_anew()
        session.want(0, 1000, span_s=1)
        await until(lambda: session.fetches == 5)


async def test_while_one_command_is_answered_the_steps_behind_it_melt() -> None:
    feed = Gated(STORY, start=30)
    feed.gate = asyncio.Event()
    async with attending(dialling(feed), Ears()) as session:
        await until(lambda: session.state is LinkState.LIVE)
        for _ in range(30):
            session.send(step())
            await asyncio.sleep(0)
        feed.gate.set()
        await until(lambda: sum(command.value or 0.0 for command in feed.commands) == 30)
        assert len(feed.commands) == 2


@pytest.mark.parametrize("kind", [CommandKind.PANIC, CommandKind.STOP, CommandKind.ABORT])
async def test_panic_stop_and_abort_overtake_a_command_that_hangs(kind: CommandKind) -> None:
    feed = Gated(STORY, start=30)
    feed.gate = asyncio.Event()
    async with attending(dialling(feed), Ears()) as session:
        await until(lambda: session.state is LinkState.LIVE)
        session.send(step())
        await asyncio.sleep(0)
        session.send(step(100.0))
        session.send(plain(kind))
        await until(lambda: len(feed.commands) == 1)
        assert feed.commands == [plain(kind)]
        feed.gate.set()
        await until(lambda: len(feed.commands) == 2)
        assert feed.commands[1] == step(), "what had waited behind it is forgotten"


async def test_without_a_link_a_command_is_refused_and_not_kept() -> None:
    ears = Ears()
    feed = PlayedFeed(STORY, start=30)
    async with attending(dialling(feed, LinkError("gone")), ears) as session:
        await until(lambda: session.state is LinkState.LIVE)
        feed.lose()
        await until(lambda: session.state is LinkState.LOST)
        session.send(step())
        assert [outcome.message for outcome in ears.outcomes] == [
            "Not sent: the run is out of reach."
        ]
        assert feed.commands == []


async def test_a_lost_link_is_called_again_until_it_answers() -> None:
    first, second = PlayedFeed(STORY, start=30), PlayedFeed(STORY, start=45)
    refusal = LinkError("not yet")
    async with attending(dialling(first, refusal, refusal, second), Ears()) as session:
        await until(lambda: session.state is LinkState.LIVE)
        first.lose()
        await until(lambda: session.state is LinkState.LOST)
        await until(lambda: session.state is LinkState.LIVE)
        assert session.history.newest_second == 44


async def test_a_run_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "REDIAL_EVERY_S", (0.0,))
    clock = ManualClock()
    feed = PlayedFeed(STORY, start=30)
    session = Session(
        dialling(feed, LinkError("gone")),
        on_change=lambda: None,
        on_outcome=lambda _command, _outcome: None,
        clock=clock,
    )
    task = asyncio.create_task(session.run())
    await until(lambda: session.state is LinkState.LIVE)
    feed.lose()
    await until(lambda: session.state is LinkState.LOST)
    for _ in range(10):
        await asyncio.sleep(0)
    assert session.state is LinkState.LOST
    clock.advance_s(session_module.REDIAL_FOR_S + 1)
    await task
    assert session.state is LinkState.GONE


async def test_an_ended_run_is_not_called_again() -> None:
    feed = PlayedFeed(STORY, start=30)
    session = Session(
        dialling(feed, LinkError("never asked")),
        on_change=lambda: None,
        on_outcome=lambda _command, _outcome: None,
    )
    task = asyncio.create_task(session.run())
    await until(lambda: session.state is LinkState.LIVE)
    session.send(plain(CommandKind.STOP))
    await until(lambda: bool(feed.commands))
    feed.advance()
    await task
    assert session.state is LinkState.ENDED


async def test_a_run_that_was_never_there_is_told() -> None:
    session = Session(
        dialling(LinkError("There is no run.")),
        on_change=lambda: None,
        on_outcome=lambda _command, _outcome: None,
    )
    with pytest.raises(LinkError, match=r"There is no run\."):
        await session.run()
