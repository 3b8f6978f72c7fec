"""
One run from launch to summary: the only place where everything meets.

What is to be decided is decided elsewhere, by values in and values out (`hand`, `life`,
`control`, `deadman`, `picture`); what comes from the workers is taken in by `shift`, who comes
to watch is seated by `audience`, what is watched is looked at by `lookout`, and what people see
of it all is put together by `scene`. The conductor has them act in their order: phase by phase
(setup, load, teardown, end), second by second, and command by command.

Over 400 lines, a third of which are the doors at which viewers ask, each of one line's work.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from vumeter.clock import NsClock, monotonic_ns
from vumeter.courtesy import give_way
from vumeter.link.protocol import Hello
from vumeter.model.frame import FRAME_EVERY_S, EventLevel, Frame, Phase, Point, StopCause
from vumeter.model.measure import Reading
from vumeter.model.messages import Stop
from vumeter.model.plan import Plan
from vumeter.model.summary import Summary
from vumeter.model.throttle import Command, CommandKind, JournalEntry, Outcome
from vumeter.run.autopilot import probing
from vumeter.run.capacity import Capacity, Scales
from vumeter.run.casting import cast
from vumeter.run.control import Viewer
from vumeter.run.keeping import Keeper
from vumeter.run.shift import Shift
from vumeter.run.spikes import Spikes
from vumeter.run.stages import StageWatch
from vumeter.run.words import load
from vumeter.stats.exposition import Family
from vumeter.stats.plaintext import plain
from vumeter.stats.redaction import Redactor
from vumeter.stats.serieslog import SeriesLog

Sink = Callable[[Frame], None]
"""Takes each frame as it is made. It must not wait: what is slow keeps the newest only."""

LAST_WORDS_S = 2.0
"""How long commands and webhooks of alerts may keep a run that has ended."""

_TICK_S = 0.1


class Conductor:
    """
    Run one plan. Use once: `async with`, `start`, then `finish`.

    Args:
        plan: With its secrets; nothing that leaves here has them.
        sinks: Called with each frame.
        is_attended: Someone sits before it (`--headless`), so no dead man's switch is needed.
        store: The file that all of it is written to; `None`: nothing is kept.
        reservation: What people must know of that place.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        sinks: tuple[Sink, ...] = (),
        is_attended: bool = False,
        store: Path | None = None,
        reservation: str = "",
        clock: NsClock = monotonic_ns,
    ) -> None:
        self._plan = plan
        self._sinks = list(sinks)
        redactor = Redactor(plan)
        self._keeper = Keeper(store, redactor, plan.retention)
        self._scene = scene = cast(
            plan,
            keeper=self._keeper,
            redactor=redactor,
            folder=None if store is None else store.parent,
            is_attended=is_attended,
            clock=clock,
        )
        self._timeline = scene.timeline
        self._life = scene.life
        self._events = scene.events
        self._herald = scene.herald
        self._audience = scene.audience
        self._hand = scene.hand
        self._picture = scene.picture
        self._phases = scene.phases
        self._lookout = scene.lookout
        self._alarm = scene.alarm
        self._siren = scene.siren
        self._autopilot = scene.autopilot
        self._beside = scene.beside
        self.profiler = scene.profiler
        """Takes flame graphs."""
        self.spikes = Spikes(events=self._events, keeper=self._keeper)
        """Moments that are kept whole."""
        self._stages = StageWatch()
        self._scales = Scales(plan, Capacity.of_this_machine())
        self._wake = asyncio.Event()
        self._shift = Shift(scene, wake=self._wake.set)
        self._shown_s = 0.0
        if reservation:
            self._herald.remark(reservation)
        self.frame = scene.frame()
        """The newest."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave nothing behind: no worker, no probe."""
        try:
            await self._lookout.close()
            await self._siren.close()
            await self._beside.close()
            await self.profiler.close()
        finally:
            await self._shift.close()
            await self._keeper.close()

    async def start(self) -> None:
        """
        Bring the workers up, and the load on where no setup comes first.

        Raises:
            VumeterError: A worker did not come up.
        """
        self._lookout.start()
        await self._shift.assemble()
        if self._plan.setup is None:
            self._launch()

    def _launch(self) -> None:
        self._shift.launch(self._phases.provided)
        self._life.begin()
        self._events.add(f"load on {' and '.join(self._plan.targets)}: {load(self._plan)}")
        for warning in self._hand.throttles.warnings:
            self._herald.remark(warning)
        self._weigh(0.0)
        if self._plan.probe is not None:
            self._do(probing(self._plan.probe), is_own=True)
        self._show()

    async def finish(self) -> Summary:
        """Carry on until all that the plan does is done, and return the run as one value."""
        if self._plan.setup is not None:
            await self._set_up()
        while self._is_loading and not self._life.is_overdue(self._timeline.elapsed_s):
            await self._next_tick()
            self._take_in()
            self._tick()
        if self._is_loading:
            self._shift.give_up()
        ended_s = self._timeline.elapsed_s
        await self.profiler.conclude(is_hurried=self._life.is_at_once)
        await self._shift.close()
        self._take_in()
        last = self._picture.finish(ended_s)
        self._siren.hear(last)
        self._beside.hear(last, ended_s)
        self._herald.tell_of_thresholds(self._alarm.hear(last))
        self._herald.tell_of_thresholds(
            self._alarm.conclude(
                totals=self._picture.totals,
                scenario_totals=self._picture.scenario_totals,
                metric_totals=self._picture.metric_totals,
                duration_s=ended_s,
            )
        )
        self._siren.conclude(ended_s)
        self._timeline.end(ended_s)
        if self._plan.teardown is not None:
            await self._tear_down()
        self._life.end(StopCause.SCHEDULE, at_s=ended_s)
        await self._hear_last_words()
        if not self._life.is_at_once:
            await self._beside.conclude(self._scene.summary(ended_s))
        await self._keeper.settle()
        self._tell_of_store()
        self._show()
        summary = self._scene.summary(ended_s)
        unkept = await self._keeper.finish(summary, is_hurried=self._life.is_at_once)
        return replace(summary, remarks=(*summary.remarks, unkept)) if unkept else summary

    async def _next_tick(self) -> None:
        """Wait a moment, or less when something has come."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), _TICK_S)
        self._wake.clear()

    async def _hear_last_words(self) -> None:
        """Give what tells of alerts a moment, unless the end is wanted at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                while self._siren.is_busy and not self._life.is_at_once:
                    await self._next_tick()
        await self._siren.close()

    @property
    def _is_loading(self) -> bool:
        return self._timeline.has_begun and self._shift.is_manned

    # What is done once

    async def _set_up(self) -> None:
        await self._perform(Phase.SETUP)
        if not self._phases.has_set_up:
            self._life.blame(StopCause.SETUP)
        elif not self._life.is_stopping:
            self._launch()

    async def _tear_down(self) -> None:
        skipped = self._phases.skip_teardown(self._life)
        if skipped is None:
            await self._perform(Phase.TEARDOWN)
        else:
            self._herald.tell(skipped.text, skipped.level)

    async def _perform(self, phase: Phase) -> None:
        begun = self._phases.begin(phase)
        self._life.phase = phase
        self._herald.tell(begun.text, begun.level)
        self._show()
        ended = await self._phases.perform(self._look_meanwhile)
        self._life.phase = None
        self._herald.tell(ended.text, ended.level)
        self._show()

    def _look_meanwhile(self) -> None:
        self._mind_audience()
        self._picture.host = self._lookout.read_host()
        self._show()

    # What viewers see

    @property
    def hello(self) -> Hello:
        """All that a new viewer has missed."""
        return self._scene.hello(self.frame)

    @property
    def journal(self) -> tuple[JournalEntry, ...]:
        """Every command so far."""
        return self._hand.journal

    def points(
        self, from_second: int, *, to_second: int | None = None, span_s: int = 1
    ) -> tuple[Point, ...]:
        """Return the points of that span from *from_second* on and before *to_second*."""
        return self._picture.points(from_second, to_second, span_s=span_s)

    @property
    def series(self) -> SeriesLog:
        """Every number worth a line, of the last hour."""
        return self._picture.series

    @property
    def reading(self) -> Reading | None:
        """The newest second with all that was measured in it; `None` before the first."""
        return self._scene.reading()

    @property
    def summary(self) -> Summary:
        """The run so far, as its summary would be if it ended now."""
        return self._scene.summary(self._timeline.elapsed_s)

    @property
    def families(self) -> list[Family]:
        """The run so far, for Prometheus."""
        return self._scene.families(self.frame)

    def add_sink(self, sink: Sink) -> None:
        """Give *sink* each frame from now on."""
        self._sinks.append(sink)

    def remove_sink(self, sink: Sink) -> None:
        """Give *sink* no more frames."""
        self._sinks.remove(sink)

    def join(self, viewer: Viewer) -> int:
        """Let *viewer* watch; return the number of the seat."""
        seat = self._audience.join(viewer, self._timeline.elapsed_s)
        self._show()
        return seat

    def leave(self, seat: int, *, by_choice: bool = True) -> None:
        """Let the viewer on this seat go; not *by_choice*, it was lost."""
        # Nobody is missed by a run that has ended.
        self._audience.leave(seat, by_choice=by_choice or self._life.ended_s is not None)
        self._show()

    def tell(self, text: str, level: EventLevel) -> None:
        """Write into the event log what has happened at the run's doors."""
        self._events.add(plain(text), level=level)
        self._show()

    def saw(self) -> None:
        """Somebody took a frame or gave a command: the run is watched."""
        self._audience.saw(self._timeline.elapsed_s)

    # What hands do

    def command(self, command: Command, *, viewer: str) -> Outcome:
        """Do what *viewer* asks, if it may be done, and write it down either way."""
        self.saw()
        return self._do(replace(command, author=viewer))

    def take_spike(self, viewer: str) -> Outcome:
        """Keep this moment whole because *viewer* asks for it; that touches no load."""
        self.saw()
        if self.frame.second < 0:
            return Outcome(id=0, accepted=False, message="There is nothing to keep yet")
        spike = self.spikes.take(self.frame, viewer)
        self._show()
        return Outcome(id=0, accepted=True, message=f"Snapshot {spike.id} is kept: v shows it")

    def take_control(self, viewer: str) -> Outcome:
        """Give the control to *viewer*, whoever had it."""
        return self.command(Command(kind=CommandKind.TAKE, author=viewer), viewer=viewer)

    def interrupt(self, signal_name: str) -> None:
        """Stop gracefully for the first signal, at once for the second."""
        if self._life.ended_s is not None:
            self._life.is_at_once = True  # nothing is left but last words
            self._wake.set()
            return
        kind = CommandKind.ABORT if self._life.is_stopping else CommandKind.STOP
        self._do(Command(kind=kind, author=signal_name), cause=StopCause.SIGNAL)

    def _do(
        self, command: Command, *, cause: StopCause | None = None, is_own: bool = False
    ) -> Outcome:
        # Whatever somebody writes, or a threshold's filter quotes, is shown to everybody.
        note = self._scene.redactor.text(command.note)
        deed = self._hand.do(
            replace(command, note=note),
            at_s=self._timeline.elapsed_s,
            at_unix_ms=self._timeline.now_unix_ms,
            workers=self._shift.working,
            cause=cause,
            is_own=is_own,
        )
        self._shift.send(deed.messages)
        for message in deed.messages:
            if isinstance(message, Stop):
                # What is done once ends with the run that somebody stops.
                self._phases.end_within(message.graceful_s)
        self._audience.expect_end(self._plan.has_end and not self._hand.throttles.is_held)
        if deed.text:
            self._events.add(deed.text, level=deed.level, author=command.author, label=deed.label)
        self._weigh(self._timeline.elapsed_s)
        self._obey_pilot()
        # At once, not on the second: requested and acknowledged are what the hand looks for.
        self._show()
        self._wake.set()
        return deed.outcome

    def _obey_pilot(self) -> None:
        """Make the move that a pilot wants, tell of it, and end a run that was a search's."""
        for said in self._autopilot.take_news():
            self._events.add(said.text, level=said.level, author=said.author, label=said.label)
        command = self._autopilot.take_command()
        if command is not None and not self._life.is_stopping:
            self._do(command, is_own=True)
        is_over = self._plan.probe is not None and not self._autopilot.is_driving
        if is_over and not self._life.is_stopping and not self._autopilot.is_taken:
            stop = Command(kind=CommandKind.STOP, author="finder", note="the search is over")
            self._do(stop, cause=StopCause.SCHEDULE, is_own=True)

    def _weigh(self, at_s: float) -> None:
        for warning in self._scales.weigh(self._hand.throttles.most_vus(at_s)):
            self._herald.remark(warning)

    # Second by second

    def _take_in(self) -> None:
        if self._shift.take_in():
            # At once, not on the second: what was requested is acknowledged.
            self._show()

    def _tick(self) -> None:
        at_s = self._timeline.elapsed_s
        self._lookout.look(int(at_s) - 1, self._picture)
        self._shift.send(self._hand.advance(at_s))
        for text, label in self._stages.begun(self._hand.throttles.states(at_s, {})):
            self._events.add(text, label=label)
        developed = self._picture.develop(at_s)
        if developed:
            give_way()
        self._shift.grow(developed)
        self._mind_audience()
        self._siren.hear(developed)
        self._herald.tell_of_thresholds(self._alarm.hear(developed))
        self._autopilot.hear(developed, at_s)
        self._beside.hear(developed, at_s)
        self._obey_pilot()
        abort = self._alarm.command
        if abort is not None and not self._life.is_stopping:
            self._do(abort, cause=StopCause.THRESHOLD)
        if developed or at_s - self._shown_s >= FRAME_EVERY_S:
            self._tell_of_store()
            give_way()
            self._show()
        if developed:
            give_way()
            self.spikes.look(self.frame)

    def _mind_audience(self) -> None:
        if self._life.is_stopping:
            return
        wish = self._audience.wish(self._timeline.elapsed_s, can_pause=not self._life.refusal)
        if wish is not None:
            self._do(wish.command, cause=wish.cause)

    # Telling

    def _tell_of_store(self) -> None:
        for each in self._keeper.news():
            self._herald.tell(each.text, each.level)

    def _show(self) -> None:
        self.frame = self._scene.frame()
        self._shown_s = self._timeline.elapsed_s
        self._keeper.frame(self.frame, self._hand.journal)
        self._keeper.findings(self._autopilot.so_far)
        for sink in self._sinks:
            sink(self.frame)
