"""
The cockpit's side of the link: dialling, reading, re-dialling, and one command at a time.

No Textual in here. The screen asks what is known, and is told when that has changed; if it
is slow, it finds the newest frame next time and the ones between are gone.

Over 400 lines: one question to the run after the other, each a few lines.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum

from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns
from vumeter.errors import VumeterError
from vumeter.model.explanation import Explanation, Question
from vumeter.model.flame import Flame, Flames
from vumeter.model.frame import SPANS_S, Frame, RunState
from vumeter.model.spike import Spike, SpikeHead
from vumeter.model.throttle import Command, Outcome
from vumeter.tui.feed import Dial, Feed
from vumeter.tui.history import FINE_S, History, Wish, probes_of
from vumeter.tui.outbox import OVERRULING, Outbox
from vumeter.tui.wait_track import WAIT_CLASSES

SPACING_S = 0.2
"""Least time between two commands, so that a held-down key is few moves in the journal."""

REDIAL_FOR_S = 60.0
"""How long a lost run is called again before the cockpit gives it up."""

REDIAL_EVERY_S = (0.1, 0.25, 0.5, 1.0, 2.0)
"""Waits between the calls; the last one repeats."""


_LONG_GAP_S = 900


class LinkState(StrEnum):
    """How the cockpit and the run stand."""

    OPENING = "opening"
    LIVE = "live"
    LOST = "lost"
    """The stream broke off; it is being called again."""
    GONE = "gone"
    """It was called in vain for so long that it is given up."""
    ENDED = "ended"
    """The run has ended and said so."""


class Session:
    """
    One viewer's connection to one run, over as many links as it takes.

    Args:
        dial: Opens a link.
        on_change: Called after anything that a screen may want to show has changed.
        on_outcome: Called with each answer to a command, and with the failure to get one.
        clock: The reader of time.
    """

    def __init__(
        self,
        dial: Dial,
        *,
        on_change: Callable[[], None],
        on_outcome: Callable[[Command | None, Outcome], None],
        clock: NsClock = monotonic_ns,
    ) -> None:
        self._dial = dial
        self._on_change = on_change
        self._on_outcome = on_outcome
        self._clock = clock
        self._feed: Feed | None = None
        self._outbox = Outbox()
        self._tasks: asyncio.TaskGroup | None = None
        self._mail = asyncio.Event()
        self._stretch = (0, 0, FINE_S)
        self._wants = asyncio.Event()
        self._wants_series = asyncio.Event()
        self._heard_ns = clock()
        self._leaves = False
        self.state = LinkState.OPENING
        self.frame: Frame | None = None
        self.history = History()
        self.outlives_run = False
        """Whether the feed answers questions after its last frame, as a stored run does."""
        self.fetches = 0
        """How often older points came that had been asked for; they may be drawn already."""

    @property
    def heard_ns(self) -> int:
        """When the newest frame came, or when the session began."""
        return self._heard_ns

    async def run(self) -> None:
        """
        Stay with the run until it has ended or is given up.

        Raises:
            VumeterError: It could not be reached the first time.
        """
        feed: Feed | None = await self._dial()
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            post = tasks.create_task(self._post(), name="cockpit-commands")
            fetch = tasks.create_task(self._fetch(), name="cockpit-history")
            trace = tasks.create_task(self._fetch_series(), name="cockpit-series")
            while feed is not None:
                await self._stay(feed)
                feed = None if self.state is LinkState.ENDED else await self._redial()
            self._tasks = None
            post.cancel()
            fetch.cancel()
            trace.cancel()

    def send(self, command: Command) -> None:
        """
        Have *command* sent as soon as the one before it was answered.

        Panic, stop and abort wait for nothing, and nothing that waited is sent after them.
        """
        if self.state is not LinkState.LIVE or self._tasks is None:
            self._fail(command, f"Not sent: the run is {_ABSENT[self.state]}.")
        elif command.kind in OVERRULING:
            self._outbox.clear()
            self._tasks.create_task(self._deliver(command), name="cockpit-overruling")
        else:
            self._outbox.put(command)
            self._mail.set()

    def leave(self) -> None:
        """Say, before the session ends, that the operator leaves by choice."""
        self._leaves = True

    def want(self, first_second: int, end_second: int, *, span_s: int) -> None:
        """
        Have that stretch of the past fetched in points of *span_s*, as far as it is not known.

        A newer stretch takes the place of one that was not begun yet.
        """
        self._stretch = first_second, end_second, span_s
        self._wants.set()
        if self.history.series.name:
            self._wants_series.set()

    def choose_series(self, name: str) -> None:
        """Have the series *name* fetched for what the charts show; empty: none any more."""
        self.history.series.choose(name)
        self._wants_series.set()

    async def series_now(self) -> dict[str, float]:
        """Return the newest value of each series; none while the run is out of reach."""
        if self._feed is None:
            return {}
        try:
            return await self._feed.series_now()
        except VumeterError:
            return {}

    async def take_control(self) -> None:
        """Ask for the control, and report the answer like that to a command."""
        if self._feed is None:
            return
        try:
            self._on_outcome(None, await self._feed.take_control())
        except VumeterError as error:
            self._fail(None, error.message)

    async def _stay(self, feed: Feed) -> None:
        """Read *feed* until it ends, whatever the reason."""
        self._feed = feed
        try:
            self._greet(feed)
            async for frame in feed.frames():
                if frame.second < self.history.newest_second:
                    # A stored run that was wound back; its greeting is of that moment.
                    self._greet(feed)
                    continue
                await self._fill_gap(feed, frame)
                self._take(frame)
        except VumeterError:
            # What broke in the middle of a question is as lost as what broke between two.
            self.state = LinkState.LOST
        finally:
            is_asked_on = self.outlives_run and self.state is LinkState.ENDED
            self._feed = feed if is_asked_on else None
            await feed.close(by_choice=self._leaves)
        self._outbox.clear()
        if self.state is not LinkState.ENDED:
            self.state = LinkState.LOST
        self._on_change()

    def _greet(self, feed: Feed) -> None:
        hello = feed.hello
        if hello.frame.second < self.history.newest_second:
            self.history.clear()
        self.history.add(hello.points)
        self.history.ask_anew()
        self.state = LinkState.LIVE
        self._take(hello.frame)

    def _take(self, frame: Frame) -> None:
        self._heard_ns = self._clock()
        self.frame = frame
        self.history.add(frame.points)
        self.history.add_events(frame.events)
        self.history.add_probes(frame.second, probes_of(frame))
        if frame.state is RunState.ENDED:
            self.state = LinkState.ENDED
        self._on_change()

    async def _fill_gap(self, feed: Feed, frame: Frame) -> None:
        """Fetch the seconds that skipped frames would have brought."""
        wanted = self.history.newest_second + 1
        if frame.points and frame.points[0].second > wanted:
            is_long = frame.points[0].second - wanted > _LONG_GAP_S
            # After a long time away the run may not have every second any more.
            for span_s in reversed(SPANS_S) if is_long else (1,):
                self.history.add(await feed.points(wanted, span_s=span_s))

    async def _redial(self) -> Feed | None:
        """Call the run again for a while; `None`: in vain."""
        deadline_ns = self._clock() + round(REDIAL_FOR_S * NANOSECONDS_PER_S)
        attempt = 0
        while self._clock() < deadline_ns:
            await asyncio.sleep(REDIAL_EVERY_S[min(attempt, len(REDIAL_EVERY_S) - 1)])
            attempt += 1
            try:
                return await self._dial()
            except VumeterError:
                self._on_change()
        self.state = LinkState.GONE
        self._on_change()
        return None

    async def _post(self) -> None:
        """Send what waits, one command at a time, so that the newest can still melt into it."""
        while True:
            await self._mail.wait()
            self._mail.clear()
            while (command := self._outbox.take()) is not None:
                await self._deliver(command)
                await asyncio.sleep(SPACING_S)

    async def _fetch(self) -> None:
        """Fetch what charts lack, page by page, the newest first; the rest is drawn meanwhile."""
        while True:
            await self._wants.wait()
            self._wants.clear()
            while (feed := self._feed) is not None and (wish := self._wish()) is not None:
                try:
                    points = await feed.points(
                        wish.from_second, to_second=wish.to_second, span_s=wish.span_s
                    )
                except VumeterError:
                    # Asked for again once there is a link.
                    break
                self.history.add(points)
                self.fetches += 1
                self._on_change()

    @property
    def is_asked_alone(self) -> bool:
        """Whether a series is wanted that nobody fetches by himself: the run is over."""
        return self._tasks is None and self._feed is not None and bool(self.history.series.name)

    def can_ask(self) -> bool:
        """Return whether somebody is there to answer, and report it where nobody is."""
        if self._feed is None:
            self._fail(None, f"The run is {_ABSENT[self.state]}: it can be asked nothing.")
        return self._feed is not None

    async def why(self, question: Question, from_second: int, to_second: int) -> Explanation | None:
        """Return what may explain that time; `None`: the run is out of reach."""
        if self._feed is None:
            return None
        try:
            return await self._feed.why(question, from_second, to_second)
        except VumeterError as error:
            self._fail(None, error.message)
            return None

    async def spikes(self) -> tuple[SpikeHead, ...]:
        """Return the moments that were kept whole; none while the run is out of reach."""
        if self._feed is None:
            return ()
        try:
            return await self._feed.spikes()
        except VumeterError:
            return ()

    async def spike(self, number: int) -> Spike | None:
        """Return the one with that id; `None`, and a word on it, where it cannot be had."""
        if self._feed is None:
            return None
        try:
            return await self._feed.spike(number)
        except VumeterError as error:
            self._fail(None, error.message)
            return None

    async def take_spike(self) -> None:
        """Have this moment kept whole, and report the answer like that to a command."""
        if self._feed is None:
            return
        try:
            self._on_outcome(None, await self._feed.take_spike())
        except VumeterError as error:
            self._fail(None, error.message)

    async def waits(
        self, database: str, from_second: int, to_second: int
    ) -> dict[int, dict[str, float]] | None:
        """
        Return what the sessions of *database* waited for in each second, as far as it is known.

        `None`: the run is out of reach.
        """
        if self._feed is None:
            return None
        prefix = f"postgres_more.{database}" if database else "postgres"
        found: dict[int, dict[str, float]] = {}
        try:
            for wait in WAIT_CLASSES:
                name = f"{prefix}.active_by_wait.{wait}"
                for point in await self._feed.series(name, from_second, to_second):
                    found.setdefault(point.second, {})[wait] = point.mean
        except VumeterError:
            return None
        return found

    async def flames(self) -> Flames | None:
        """Return which flame graphs there are; `None`: the run is out of reach."""
        if self._feed is None:
            return None
        try:
            return await self._feed.flames()
        except VumeterError:
            return None

    async def flame(self, number: int) -> Flame | None:
        """Return the one with that id; `None`, and a word on it, where it cannot be had."""
        if self._feed is None:
            return None
        try:
            return await self._feed.flame(number)
        except VumeterError as error:
            self._fail(None, error.message)
            return None

    async def _fetch_series(self) -> None:
        """Fetch what the chosen series lacks, whenever something else is looked at."""
        while True:
            await self._wants_series.wait()
            self._wants_series.clear()
            await self.trace()

    async def trace(self) -> None:
        """Fetch what the chosen series lacks of what is looked at, page by page, newest first."""
        series = self.history.series
        while (feed := self._feed) is not None and (name := series.name):
            first_second, end_second, span_s = self._stretch
            end_second = min(end_second, self.history.newest_second + 1)
            wish = series.wish(first_second, end_second, span_s=span_s)
            if wish is None:
                return
            try:
                points = await feed.series(name, *wish, span_s=span_s)
            except VumeterError:
                return
            if series.name == name:
                series.add(points)
                self.fetches += 1
                self._on_change()
            if not points:
                return

    def _wish(self) -> Wish | None:
        first_second, end_second, span_s = self._stretch
        return self.history.wish(first_second, end_second, span_s=span_s)

    async def _deliver(self, command: Command) -> None:
        if self._feed is None:
            self._fail(command, "Not sent: the link was lost.")
            return
        try:
            self._on_outcome(command, await self._feed.command(command))
        except VumeterError as error:
            self._fail(command, error.message)

    def _fail(self, command: Command | None, message: str) -> None:
        self._on_outcome(command, Outcome(id=0, accepted=False, message=message))


_ABSENT = {
    LinkState.OPENING: "not there yet",
    LinkState.LIVE: "there",
    LinkState.LOST: "out of reach",
    LinkState.GONE: "gone",
    LinkState.ENDED: "over",
}
