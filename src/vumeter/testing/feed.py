"""
Runs that were written down, played back as a feed: for tests, screenshots and nothing else.

A recording is what a viewer of a real run was sent. `PlayedFeed` hands it out again, either
frame by frame as a test asks for them, or at any speed; it also obeys commands as far as a
screen can tell, so that requested → acknowledged → actual can be watched.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from msgspec import Struct

from vumeter.link.protocol import Hello
from vumeter.model.explanation import Explanation, Question
from vumeter.model.flame import Flame, Flames
from vumeter.model.frame import Frame, Point, RunState
from vumeter.model.measure import ErrorKind, Extent, Reading, ScenarioCounts, Tally
from vumeter.model.series import SeriesPoint
from vumeter.model.spike import Spike, SpikeHead
from vumeter.model.throttle import Command, Outcome
from vumeter.stats.series import series_extents
from vumeter.stats.serieslog import SeriesSpan, series_points
from vumeter.stats.why import why, with_culprits
from vumeter.testing.rehearsal import Rehearsal


class Recording(Struct, frozen=True, kw_only=True):
    """A run as one viewer saw it: the greeting, then each frame, oldest first."""

    hello: Hello
    frames: tuple[Frame, ...]
    flames: tuple[Flame, ...] = ()
    """Flame graphs that were taken."""

    def points(self, upto: int) -> tuple[Point, ...]:
        """Return every second known once frame number *upto* was sent, oldest first."""
        by_second = {point.second: point for point in self.hello.points}
        for frame in self.frames[: upto + 1]:
            by_second.update((point.second, point) for point in frame.points)
        return tuple(by_second[second] for second in sorted(by_second))

    def series(self, upto: int) -> tuple[SeriesSpan, ...]:
        """Return how each series went that frames up to number *upto* tell of."""
        return tuple(
            SeriesSpan(frame.second, 1, extents)
            for frame in self.frames[: upto + 1]
            if (extents := _extents_of(frame))
        )

    def index_of(self, second: int) -> int:
        """Return the number of the first frame that knows *second*."""
        return next(i for i, frame in enumerate(self.frames) if frame.second >= second)


def save(recording: Recording, path: Path) -> None:
    """Write *recording* to *path*; the same recording gives the same bytes."""
    path.write_bytes(gzip.compress(msgspec.msgpack.encode(recording), mtime=0))


def load(path: Path) -> Recording:
    """
    Return the recording in *path*.

    Raises:
        msgspec.MsgspecError: It was written by a version with other frames.
    """
    return msgspec.msgpack.decode(gzip.decompress(path.read_bytes()), type=Recording)


async def record(
    hello: Hello, frames: AsyncIterator[Frame], *, upto_second: int | None = None
) -> Recording:
    """Return what *frames* brings, until the run has ended or *upto_second* was seen."""
    kept: list[Frame] = []
    async for frame in frames:
        kept.append(frame)
        if frame.state is RunState.ENDED or frame.second == upto_second:
            break
    return Recording(hello=hello, frames=tuple(kept))


class PlayedFeed:
    """
    A recording as an open connection.

    Args:
        recording: What to play.
        start: Number of the frame that the greeting carries.
        frames_per_s: How fast to play; `None`: only when `advance` or `jump` says so.
        viewer: Who is at the controls.
        watch: Refuse every command, as a run does to those who only watch.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        start: int = 0,
        frames_per_s: float | None = None,
        viewer: str = "ann",
        watch: bool = False,
    ) -> None:
        self._recording = recording
        self._position = min(start, len(recording.frames) - 1)
        self._period_s = None if frames_per_s is None else 1 / frames_per_s
        self._viewer = viewer
        self._watch = watch
        self._rehearsal = Rehearsal()
        self._news = asyncio.Event()
        self._closed = False
        self._spikes: list[Spike] = []
        self.commands: list[Command] = []
        """Every command that came, oldest first."""

    @property
    def hello(self) -> Hello:
        """The greeting as it would be at the present position."""
        return msgspec.structs.replace(
            self._recording.hello,
            frame=self._frame(),
            points=self._recording.points(self._position),
        )

    async def frames(self) -> AsyncIterator[Frame]:
        """Yield the frame at the present position whenever that has changed."""
        while True:
            await self._wait()
            if self._closed:
                return
            frame = self._frame()
            yield frame
            if frame.state is RunState.ENDED:
                return

    async def command(self, command: Command) -> Outcome:
        """Answer as a run would, and bend the frames to come accordingly."""
        self.commands.append(command)
        if self._watch:
            return Outcome(
                id=len(self.commands), accepted=False, message="You only watch: T takes control."
            )
        outcome = self._rehearsal.obey(command, self._frame(), number=len(self.commands))
        self._news.set()
        return outcome

    async def points(
        self, from_second: int, *, to_second: int | None = None, span_s: int = 1
    ) -> tuple[Point, ...]:
        """Return the points so far; a recording has no more than what its viewer was sent."""
        return tuple(
            point
            for point in self._recording.points(self._position)
            if point.span_s == span_s
            and from_second <= point.second
            and (to_second is None or point.second < to_second)
        )

    async def series_now(self) -> dict[str, float]:
        """Return what the present frame has of each series."""
        return {name: extent.mean for name, extent in _extents_of(self._frame()).items()}

    async def series(
        self, name: str, from_second: int, to_second: int, *, span_s: int = 1
    ) -> tuple[SeriesPoint, ...]:
        """Return what the frames so far had of the series *name*."""
        known = (
            each
            for each in self._recording.series(self._position)
            if from_second <= each.second < to_second
        )
        return series_points(name, known, span_s=span_s)

    async def why(self, question: Question, from_second: int, to_second: int) -> Explanation:
        """Return what may explain that time, of what the frames so far say."""
        upto = min(to_second, self._frame().second + 1)
        found = why(self._recording.series(self._position), question, from_second, upto)
        worst = _reading_of(self._recording.frames[self._recording.index_of(upto - 1)])
        return with_culprits(found, () if worst is None else (worst,))

    async def spikes(self) -> tuple[SpikeHead, ...]:
        """Return what was kept by hand."""
        return tuple(spike.head for spike in self._spikes)

    async def spike(self, number: int) -> Spike:
        """Return the one with that id."""
        return self._spikes[number - 1]

    async def take_spike(self) -> Outcome:
        """Keep the present frame."""
        frame, number = self._frame(), len(self._spikes) + 1
        self._spikes.append(
            Spike(
                id=number,
                second=frame.second,
                reason="taken by hand",
                author=self._viewer,
                frame=frame,
            )
        )
        return Outcome(id=0, accepted=True, message=f"Snapshot {number} is kept: v shows it")

    async def flames(self) -> Flames:
        """Return which had been taken by the present frame."""
        now_s = self._frame().elapsed_s
        taken = (flame.head for flame in self._recording.flames)
        return Flames(kept=tuple(it for it in taken if it.second + it.duration_s <= now_s))

    async def flame(self, number: int) -> Flame:
        """Return the one with that id."""
        return next(flame for flame in self._recording.flames if flame.id == number)

    async def take_control(self) -> Outcome:
        """Hand the control to this viewer."""
        self._watch = False
        self._rehearsal.control = self._viewer
        self._news.set()
        return Outcome(id=0, accepted=True, message=f"{self._viewer} has the control")

    async def close(self, *, by_choice: bool = True) -> None:
        """End the stream of frames."""
        self._closed = True
        self._news.set()

    def advance(self, frames: int = 1) -> None:
        """Go on by so many frames, or to the last one."""
        self.jump(self._position + frames)

    def jump(self, position: int) -> None:
        """Go to frame number *position*, or to the last one."""
        self._position = min(position, len(self._recording.frames) - 1)
        self._rehearsal.tick()
        self._news.set()

    def lose(self) -> None:
        """Break the link, as a run that was killed does: the frames end without an ending."""
        self._closed = True
        self._news.set()

    def _frame(self) -> Frame:
        return self._rehearsal.bent(self._recording.frames[self._position])

    async def _wait(self) -> None:
        """Return once there is something new: by hand, or by the passing of time."""
        if self._closed:
            return
        try:
            async with asyncio.timeout(self._period_s):
                await self._news.wait()
        except TimeoutError:
            self.advance()
        self._news.clear()


_UNTOLD = ("sent_bytes_per_s", "received_bytes_per_s", "iterations_per_s")
"""What no frame says of its second."""


def _extents_of(frame: Frame) -> dict[str, Extent]:
    """Return the series that *frame* tells of: nothing before the first second is over."""
    reading = _reading_of(frame)
    if reading is None:
        return {}
    found = series_extents(reading, frame.points[-1])
    return {name: extent for name, extent in found.items() if name not in _UNTOLD}


def _reading_of(frame: Frame) -> Reading | None:
    """Return what *frame* says of its second; `None` before the first is over."""
    if frame.generator is None or not frame.points:
        return None
    point = frame.points[-1]
    return Reading(
        second=frame.second,
        at_unix_ms=frame.at_unix_ms,
        tallies={"": Tally(answered=point.requests, errors={ErrorKind.STATUS: point.errors})},
        scenarios={
            "": ScenarioCounts(
                vus_active=point.vus, vus_busy=frame.in_flight, iterations_dropped=point.dropped
            )
        },
        generator=frame.generator,
        workers_heard=frame.workers_heard,
        workers_expected=frame.workers_expected,
        late_snapshots=0,
        host=frame.host,
        postgres=frame.postgres,
        watched=frame.watched,
    )
