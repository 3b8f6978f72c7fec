"""
A stored run played back as a feed: at any speed, paused, and from any moment on.

Whoever watches it is sent frames like those of the live run, and points up to the moment at
which it stands. Commands are refused: what is over cannot be steered.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from typing import Self

from msgspec.structs import replace

from vumeter import __version__
from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns
from vumeter.errors import StoreError
from vumeter.link.protocol import SCHEMA, Hello
from vumeter.model.balance import Balance
from vumeter.model.explanation import Explanation, Question
from vumeter.model.flame import Flame, Flames
from vumeter.model.frame import WINDOW_S, Frame, Point, StopCause
from vumeter.model.measure import Reading
from vumeter.model.series import SeriesPoint
from vumeter.model.spike import Spike, SpikeHead
from vumeter.model.throttle import Command, Outcome
from vumeter.run.archive import Archive
from vumeter.run.ledger import ledger_of
from vumeter.run.past import Past, Record, is_in_windows
from vumeter.run.views import FRAME_POINTS
from vumeter.stats.resolutions import KEPT_S, overview_parts
from vumeter.stats.series import series_of
from vumeter.stats.serieslog import series_points
from vumeter.store.reader import StoredRun

SPEEDS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""Run time per time, as the keys change it."""

REFUSAL = "This is a replay: what is over cannot be steered"

_FRAMES_PER_S = 10.0
"""However fast it is played, more cannot be looked at."""
_AT_ONCE_NS = NANOSECONDS_PER_S // 50
"""For so long readings are taken before the screen has its turn."""
_MOST_IN_WINDOWS = 2 * WINDOW_S + 1
"""So many readings, the newest, are in the windows that a frame has."""


class StoredFeed:
    """
    One stored run as an open connection, at the moment that was last played or sought.

    Args:
        stored: Stays open for as long as this is used.
        speed: Run seconds per second.
        is_over: Whether the run's process is gone: without a summary it died.
        clock: The reader of time.
    """

    def __init__(
        self,
        stored: StoredRun,
        *,
        speed: float = 1.0,
        is_over: bool = True,
        clock: NsClock = monotonic_ns,
    ) -> None:
        self._stored = stored
        self._clock = clock
        self._record = record_of(stored, is_over=is_over)
        self._stored_s = stored.newest_second + 1
        self._ledger = ledger_of(stored, self._record)
        self._past = Past(self._record)
        self._readings: Iterator[Reading] = iter(())
        self._waiting: Reading | None = None
        self._taken_s = 0
        self._frame = self._past.frame(self._balance())
        self._changed = asyncio.Event()
        self._closed = False
        self._base_s = 0.0
        self._base_ns = clock()
        self.speed = speed
        self.is_paused = False
        self.is_seeking = False
        """Whether it is on its way to a moment that was asked for."""

    # What a viewer is shown

    @property
    def hello(self) -> Hello:
        """The greeting as it would have been at the present moment."""
        newest = self._past.next_second - 1
        points = (
            point
            for span_s, from_second, to_second in overview_parts(newest)
            for point in self._stored.points(from_second, to_second, span_s=span_s)
        )
        return Hello(
            schema=SCHEMA,
            version=__version__,
            plan=self._record.plan,
            frame=replace(self._frame, events=self._past.events(self._frame.elapsed_s)),
            points=tuple(points),
        )

    async def open(self) -> Self:
        """Begin, or go on after the end: at the moment that is wanted by now."""
        self._closed = False
        await self._play()
        return self

    async def frames(self) -> AsyncIterator[Frame]:
        """Yield a frame whenever the playing, or a seek, has come to another moment."""
        while True:
            await self._wait()
            if self._closed:
                return
            if await self._play():
                yield self._frame
                if self._past.has_ended:
                    return

    async def command(self, command: Command) -> Outcome:
        """Refuse."""
        return Outcome(id=0, accepted=False, message=REFUSAL)

    async def take_control(self) -> Outcome:
        """Refuse."""
        return Outcome(id=0, accepted=False, message=REFUSAL)

    async def points(
        self, from_second: int, *, to_second: int | None = None, span_s: int = 1
    ) -> tuple[Point, ...]:
        """
        Return what there was by the present moment.

        Without *to_second* as far back as a live run would have had it; with it, all of it.
        """
        end = self._past.next_second
        if to_second is None:
            from_second = max(from_second, end - KEPT_S.get(span_s, end))
        # A span that was not over yet had no point.
        upto = end - end % span_s if to_second is None else min(end - end % span_s, to_second)
        return self._stored.points(from_second, upto, span_s=span_s)

    async def series_now(self) -> dict[str, float]:
        """Return the value of each series at the present moment."""
        newest = self._past.newest
        return {} if newest is None else series_of(newest)

    async def series(
        self, name: str, from_second: int, to_second: int, *, span_s: int = 1
    ) -> tuple[SeriesPoint, ...]:
        """Return what there was of the series *name* by the present moment."""
        upto = min(to_second, self._past.next_second)
        return series_points(name, self._stored.series(from_second, upto), span_s=span_s)

    async def why(self, question: Question, from_second: int, to_second: int) -> Explanation:
        """Return what may explain that time, as far as it was by the present moment."""
        upto = min(to_second, self._past.next_second)
        return await Archive(self._stored.path).why(question, from_second, upto)

    async def spikes(self) -> tuple[SpikeHead, ...]:
        """Return the moments that had been kept whole by the present one."""
        return self._stored.spikes(self._past.next_second)

    async def spike(self, number: int) -> Spike:
        """Return the one with that id."""
        spike = self._stored.spike(number)
        if spike is None:
            raise StoreError(f"There is no snapshot {number} in this run.")
        return spike

    async def take_spike(self) -> Outcome:
        """Refuse."""
        return Outcome(id=0, accepted=False, message="This is a replay: all of it is kept already")

    async def flames(self) -> Flames:
        """Return which flame graphs had been taken by the present moment."""
        return Flames(kept=self._stored.flames(self._past.next_second))

    async def flame(self, number: int) -> Flame:
        """Return the one with that id."""
        flame = self._stored.flame(number)
        if flame is None:
            raise StoreError(f"There is no flame graph {number} in this run.")
        return flame

    async def close(self, *, by_choice: bool = True) -> None:
        """End the stream of frames; `open` begins another one."""
        self._closed = True
        self._changed.set()

    # What a hand does to the playing

    @property
    def second(self) -> int:
        """The run second that is shown."""
        return self._past.next_second

    @property
    def span_s(self) -> int:
        """Of how many seconds the newest numbers are: where seconds are gone, ten or sixty."""
        return self._past.span_s

    @property
    def end_s(self) -> float:
        """Where the playing ends: with the run, or with what was stored of it by now."""
        summary = self._record.summary
        return float(self._stored_s) if summary is None else summary.duration_s

    @property
    def is_at_end(self) -> bool:
        """Whether there is nothing more to play."""
        return self._past.has_ended or (
            self._record.summary is None and self._taken_s >= self._stored_s
        )

    def toggle(self) -> None:
        """Pause, or go on."""
        self._rebase()
        self.is_paused = not self.is_paused
        self._changed.set()

    def accelerate(self, steps: int) -> None:
        """Play so many of `SPEEDS` faster, or slower."""
        self._rebase()
        if steps > 0:
            faster = [speed for speed in SPEEDS if speed > self.speed]
            self.speed = faster[min(steps, len(faster)) - 1] if faster else self.speed
        else:
            slower = [speed for speed in SPEEDS if speed < self.speed]
            self.speed = slower[max(steps, -len(slower))] if slower else self.speed
        self._changed.set()

    def seek(self, second: float) -> None:
        """Go to a moment, back or on; the playing goes on from there."""
        wanted = min(max(0.0, second), self.end_s)
        self._base_s, self._base_ns = wanted, self._clock()
        self.is_seeking = True
        self._changed.set()

    def seek_event(self, direction: int) -> bool:
        """Go to the next event that stands on the charts, or the one before; `False`: none."""
        here = self._past.next_second
        labelled = [event.second for event in self._record.events if event.label]
        if direction > 0:
            found = next((second for second in labelled if second > here), None)
        else:
            # So that a second press goes on: what has just happened is not gone back to.
            found = next((second for second in reversed(labelled) if second < here - 1), None)
        if found is not None:
            # Until its second is over, no frame has it.
            self.seek(int(found) + 1)
        return found is not None

    # The playing

    def _now_s(self) -> float:
        """Return the moment at which the playing should be."""
        if self.is_paused:
            return self._base_s
        since_s = (self._clock() - self._base_ns) / NANOSECONDS_PER_S
        return self._base_s + since_s * self.speed

    def _rebase(self) -> None:
        self._base_s, self._base_ns = self._now_s(), self._clock()

    async def _wait(self) -> None:
        """Return when the next frame is due, or something was done to the playing."""
        try:
            async with asyncio.timeout(self._patience_s()):
                await self._changed.wait()
        except TimeoutError:
            pass
        self._changed.clear()

    def _patience_s(self) -> float | None:
        if self.is_paused or self.is_at_end:
            return None
        following = self._following()
        due_s = self.end_s if following is None else following.second + following.span_s
        return max(1 / _FRAMES_PER_S, (due_s - self._now_s()) / self.speed)

    async def _play(self) -> bool:
        """Come to the moment that it is by now, and return whether a frame is to be shown."""
        until_s, is_sought = self._now_s(), self.is_seeking
        if is_sought:
            self._leap(until_s)
        has_moved = await self._take_until(until_s)
        if self.is_seeking and not is_sought:
            return False  # another moment is wanted by now
        summary = self._record.summary
        if summary is not None and until_s >= summary.duration_s and not self._past.has_ended:
            self._past.finish(summary)
            self._ledger.conclude(summary)
            has_moved = True
        if has_moved or is_sought:
            # What it took to come here is not run time.
            self._base_s, self._base_ns = until_s, self._clock()
            self._show()
            self.is_seeking = False
        return has_moved or is_sought

    async def _take_until(self, until_s: float) -> bool:
        """Take every reading that was over by then; return whether there was any."""
        has_moved = False
        turn_ns = self._clock()
        while (following := self._following()) is not None:
            end_s = following.second + following.span_s
            if end_s > until_s and not self._is_cut_short(following, until_s):
                break
            self._past.add(following, until_s=until_s)
            self._ledger.add(following, is_shown=not self._past.is_stump(following))
            self._waiting, self._taken_s, has_moved = None, end_s, True
            if self._clock() - turn_ns >= _AT_ONCE_NS:
                await asyncio.sleep(0)
                turn_ns = self._clock()
        return has_moved

    def _is_cut_short(self, reading: Reading, until_s: float) -> bool:
        """Whether it is the run's last, and over with the run."""
        summary = self._record.summary
        if summary is None or until_s < summary.duration_s:
            return False
        return reading.second < summary.duration_s

    def _leap(self, until_s: float) -> None:
        """Begin anew as near before the moment that is wanted as its numbers allow."""
        is_behind = until_s < self._frame.elapsed_s
        from_second = 0
        if self._ledger.is_kept:
            for second, span_s in self._stored.spans(math.ceil(until_s), _MOST_IN_WINDOWS):
                if not is_in_windows(second, span_s, until_s):
                    break
                from_second = second
        if is_behind or from_second > self._taken_s:
            self._begin_anew(from_second)

    def _begin_anew(self, from_second: int) -> None:
        self._past = Past(self._record)
        self._ledger.begin_anew()
        self._readings, self._waiting, self._taken_s = iter(()), None, from_second

    def _following(self) -> Reading | None:
        """Return the next reading, which stays the next one until it was taken."""
        if self._waiting is None:
            self._waiting = next(self._readings, None)
        if self._waiting is None and self._taken_s < self._stored_s:
            self._readings = self._stored.readings(self._taken_s)
            self._waiting = next(self._readings, None)
        if self._waiting is not None and self._waiting.second < self._taken_s:
            # The run goes on, and has merged meanwhile what was half taken.
            self._begin_anew(self._waiting.second if self._ledger.is_kept else 0)
            return self._following()
        return self._waiting

    def _show(self) -> None:
        frame = self._past.frame(self._balance())
        newest = self._stored.points(frame.second + 1 - FRAME_POINTS, frame.second + 1)
        self._frame = replace(frame, points=newest)

    def _balance(self) -> Balance:
        past = self._past
        return self._ledger.balance(past.next_second - 1, past.at_s, has_ended=past.has_ended)


def record_of(stored: StoredRun, *, is_over: bool) -> Record:
    """Return what is kept of a run beside its readings; of one that died, what it came to."""
    meta, summary = stored.meta, stored.summary
    if summary is None and is_over:
        summary = stored.so_far(StopCause.KILLED)
    return Record(
        plan=meta.plan,
        started_unix_ms=meta.started_unix_ms or 0,
        events=stored.events,
        journal=stored.journal,
        setup=stored.setup,
        teardown=stored.teardown,
        summary=summary,
    )
