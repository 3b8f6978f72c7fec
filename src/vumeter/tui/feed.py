"""Where the cockpit gets frames from and sends commands to: a live run or a recorded one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum
from typing import Protocol

from vumeter.link.protocol import Hello
from vumeter.model.explanation import Explanation, Question
from vumeter.model.flame import Flame, Flames
from vumeter.model.frame import Frame, Point
from vumeter.model.series import SeriesPoint
from vumeter.model.spike import Spike, SpikeHead
from vumeter.model.throttle import Command, Outcome


class Feed(Protocol):
    """
    An open connection to one run. `link.client.Link` is one; `testing.feed` has others.

    A contract test runs against each of them alike.
    """

    @property
    def hello(self) -> Hello:
        """What the run said first: its plan, its newest frame and all of its time so far."""

    def frames(self) -> AsyncIterator[Frame]:
        """
        Yield the newest frame each time there is one that was not yielded before.

        Frames that come faster than they are taken are dropped, never queued. Ends after a
        frame whose state is `ended`, or without one when the run is gone.
        """

    async def command(self, command: Command) -> Outcome:
        """Ask the run for something, and return what it answered."""

    async def points(
        self, from_second: int, *, to_second: int | None = None, span_s: int = 1
    ) -> tuple[Point, ...]:
        """
        Return the points of *span_s* seconds that begin from *from_second* on, oldest first.

        With *to_second* only those that begin before it. There are points of the spans
        `SPANS_S`, each when its last second is over. A live run keeps those of a second
        for an hour, those of ten for a day, and those of a minute for ever.
        """

    async def series_now(self) -> dict[str, float]:
        """Return the newest value of each series, by name: all that can stand in a chart."""

    async def series(
        self, name: str, from_second: int, to_second: int, *, span_s: int = 1
    ) -> tuple[SeriesPoint, ...]:
        """
        Return the series *name* from one second up to and without another, oldest first.

        Where seconds are gone, in longer spans. A second without a value has no point.
        """

    async def why(self, question: Question, from_second: int, to_second: int) -> Explanation:
        """Return what may explain the time from one second up to and without another."""

    async def spikes(self) -> tuple[SpikeHead, ...]:
        """Return the moments that were kept whole, oldest first."""

    async def spike(self, number: int) -> Spike:
        """Return the one with that id, or refuse."""

    async def take_spike(self) -> Outcome:
        """Keep this moment whole."""

    async def flames(self) -> Flames:
        """Return which flame graphs were taken, and what is being looked at."""

    async def flame(self, number: int) -> Flame:
        """Return the one with that id, or refuse."""

    async def take_control(self) -> Outcome:
        """Take the throttle over from whoever holds it."""

    async def close(self, *, by_choice: bool = True) -> None:
        """Leave. Not *by_choice*: the terminal went away, which the run may have a policy for."""


class Playback(Protocol):
    """What a hand does to the playing of a stored run, which is a feed besides."""

    @property
    def speed(self) -> float:
        """Run seconds per second."""

    @property
    def second(self) -> int:
        """The run second that is shown."""

    @property
    def span_s(self) -> int:
        """Of how many seconds the newest numbers are: where seconds are gone, ten or sixty."""

    @property
    def end_s(self) -> float:
        """Where the playing ends."""

    @property
    def is_paused(self) -> bool:
        """Whether it stands still."""

    @property
    def is_at_end(self) -> bool:
        """Whether there is nothing more to play."""

    @property
    def is_seeking(self) -> bool:
        """Whether it is on its way to a moment that was asked for."""

    def toggle(self) -> None:
        """Stand still, or go on."""

    def accelerate(self, steps: int) -> None:
        """Play so many steps faster, or slower."""

    def seek(self, second: float) -> None:
        """Go to a moment, back or on; the playing goes on from there."""

    def seek_event(self, direction: int) -> bool:
        """Go to the next event that stands on the charts, or the one before; `False`: none."""


Dial = Callable[[], Awaitable[Feed]]
"""Opens a feed; called once at the start and again whenever the link was lost."""


class Departure(StrEnum):
    """How the operator and the cockpit parted."""

    DETACHED = "detached"
    """The operator left; the run goes on."""
    ENDED = "ended"
    """The run had ended, by itself or by anyone's hand, when the operator left."""
    STOPPED = "stopped"
    """The operator asked for a stop while leaving. The run may still be ending."""
    LOST = "lost"
    """The run no longer answered when the operator left."""
    HUNG_UP = "hung-up"
    """The terminal went away (SIGHUP). Nobody is there to read anything any more."""
    TERMINATED = "terminated"
    """Asked by SIGTERM; the terminal is restored, the run goes on."""
