"""
One run from launch to summary: the only place where everything meets.

What is to be decided is decided elsewhere, by values in and values out (`hand`, `life`,
`control`, `deadman`, `picture`); the conductor carries: messages from the workers,
commands from the viewers, and once a second a frame to whoever shows it.

Over 400 lines, because each message, each command and each phase of a run (setup, load,
teardown, end) has its few lines here, and they share the one state of where the run is.
"""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from vumeter import __version__
from vumeter.clock import NsClock, monotonic_ns
from vumeter.engine.launcher import Crew, Hired, Told, WorkerLost
from vumeter.link.protocol import SCHEMA, Hello
from vumeter.model.frame import EventLevel, Frame, Phase, Point, StopCause
from vumeter.model.measure import Reading
from vumeter.model.messages import (
    Acknowledged,
    Dealt,
    Finished,
    Remark,
    Said,
    SnapshotTaken,
    Stop,
    Vacant,
)
from vumeter.model.plan import Plan
from vumeter.model.summary import Summary
from vumeter.model.throttle import Command, CommandKind, JournalEntry, Outcome
from vumeter.probes.host import HostProbe
from vumeter.run.alarm import AUTHOR, Alarm, News
from vumeter.run.autopilot import Autopilot, probing
from vumeter.run.capacity import Capacity, Scales
from vumeter.run.control import Control, Viewer
from vumeter.run.database import DatabaseHand
from vumeter.run.databases import Databases
from vumeter.run.deadman import DeadMan
from vumeter.run.events import EventLog
from vumeter.run.frames import new_frame
from vumeter.run.hand import Errand, Hand
from vumeter.run.keeping import Keeper
from vumeter.run.life import Life
from vumeter.run.lostviewer import LostViewer
from vumeter.run.metrics import families
from vumeter.run.phases import Phases
from vumeter.run.picture import Picture
from vumeter.run.siren import Siren
from vumeter.run.spikes import Spikes
from vumeter.run.staff import Place, Staff, of_loss, of_succession
from vumeter.run.stages import StageWatch
from vumeter.run.timeline import Timeline
from vumeter.run.watching import Watching, total_load
from vumeter.run.words import load
from vumeter.stats.exposition import Family
from vumeter.stats.plaintext import plain
from vumeter.stats.redaction import Redactor
from vumeter.stats.serieslog import SeriesLog
from vumeter.stats.summary import by_shown_name
from vumeter.units import duration_text

Sink = Callable[[Frame], None]
"""Takes each frame as it is made. It must not wait: what is slow keeps the newest only."""

LAST_WORDS_S = 2.0
"""How long commands and webhooks of alerts may keep a run that has ended."""

_TICK_S = 0.1
_FRAME_EVERY_S = 1.0
_KEPT_REMARKS = 200


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
        self._redactor = Redactor(plan)
        self._keeper = Keeper(store, self._redactor, plan.retention)
        self._sinks = list(sinks)
        self._timeline = Timeline(clock)
        self._crew = Crew(plan, on_message=self._hear)
        self._phases = Phases(
            plan,
            redactor=self._redactor,
            on_remark=self._remark_of_worker,
            on_said=self._repeat,
            clock=clock,
        )
        self._host = HostProbe()
        self._probing: asyncio.Task[None] | None = None
        self._life = Life(plan)
        self._control = Control()
        self._is_attended = is_attended
        is_armed = not plan.has_end and not is_attended
        self._dead_man = DeadMan(limit_s=plan.dead_man_s, is_armed=is_armed)
        self._lost_viewer = LostViewer(plan.on_viewer_lost)
        self._clock = clock
        self._stages = StageWatch()
        self._alarm = Alarm(plan)
        self._events = EventLog(self._timeline, keep=self._keeper.event)
        self.spikes = Spikes(events=self._events, keeper=self._keeper)
        """Moments that are kept whole."""
        self._siren = Siren(
            plan, events=self._events, timeline=self._timeline, redactor=self._redactor
        )
        self._databases = Databases(
            plan,
            redactor=self._redactor,
            tell=lambda text: self._events.add(text, author="postgres"),
        )
        self._watching = Watching(
            plan,
            redactor=self._redactor,
            tell=self._tell_of_watched,
        )
        self._staff = Staff(plan, cores=len(os.sched_getaffinity(0)))
        self._autopilot = Autopilot(plan, self._redactor)
        self._hand = Hand(
            plan,
            control=self._control,
            life=self._life,
            staff=self._staff,
            acknowledge=self._siren.acknowledge,
            database=DatabaseHand(self._databases.probes, may_end=plan.limits.end_backends),
            autopilot=self._autopilot,
        )
        self._remarks: list[str] = []
        self._scales = Scales(plan, Capacity.of_this_machine())
        self._working = frozenset(range(plan.workers))
        self._has_finished = False
        self._unsent: tuple[Errand, ...] = ()
        self._picture = self._blank_picture()
        self._probed_second = -1
        self._shown_s = 0.0
        self._inbox: deque[tuple[int, Told]] = deque()
        self._wake = asyncio.Event()
        if reservation:
            self._remark(reservation)
        self.frame = self._new_frame()
        """The newest."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave nothing behind: no worker, no probe."""
        try:
            if self._probing is not None:
                self._probing.cancel()
                await asyncio.wait({self._probing})
            await self._databases.close()
            await self._watching.close()
            await self._siren.close()
        finally:
            await self._crew.close()
            await self._keeper.close()

    async def start(self) -> None:
        """
        Bring the workers up, and the load on where no setup comes first.

        Raises:
            VumeterError: A worker did not come up.
        """
        self._databases.start()
        self._watching.start()
        await self._crew.assemble()
        if self._plan.setup is None:
            self._launch()

    def _launch(self) -> None:
        self._timeline.begin(self._crew.launch(self._phases.provided))
        self._picture = self._blank_picture()
        self._life.begin()
        self._send(self._unsent)
        self._events.add(f"load on {self._plan.target}: {load(self._plan)}")
        for warning in self._hand.throttles.warnings:
            self._remark(warning)
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
        if self._is_loading and self._working:
            self._give_up()
        ended_s = self._timeline.elapsed_s
        await self._crew.close()
        self._take_in()
        last = self._picture.finish(ended_s)
        self._siren.hear(last)
        self._tell_news(self._alarm.hear(last))
        self._tell_news(
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
        await self._keeper.settle()
        self._tell_of_store()
        self._show()
        summary = self._summary(ended_s)
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
        return self._timeline.has_begun and self._is_manned

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
            self._remark(skipped.text, level=skipped.level)

    async def _perform(self, phase: Phase) -> None:
        begun = self._phases.begin(phase)
        self._life.phase = phase
        self._events.add(begun.text, level=begun.level)
        self._show()
        ended = await self._phases.perform(self._look_meanwhile)
        self._life.phase = None
        if ended.level is EventLevel.ERROR:
            self._remark(ended.text, level=ended.level)
        else:
            self._events.add(ended.text, level=ended.level)
        self._show()

    def _look_meanwhile(self) -> None:
        self._mind_lost_viewer()
        self._picture.host = self._host.read()
        self._show()

    # What viewers see

    @property
    def hello(self) -> Hello:
        """All that a new viewer has missed."""
        return Hello(
            schema=SCHEMA,
            version=__version__,
            plan=self._redactor.plan,
            frame=replace(self.frame, events=self._events.all),
            points=self._picture.overview,
        )

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
        reading = self._picture.view.reading
        if reading is None:
            return None
        shown = self._redactor.text
        return replace(
            reading,
            tallies=by_shown_name(reading.tallies, shown),
            slowest={shown(name): slow for name, slow in reading.slowest.items()},
        )

    @property
    def summary(self) -> Summary:
        """The run so far, as its summary would be if it ended now."""
        return self._summary(self._timeline.elapsed_s)

    @property
    def families(self) -> list[Family]:
        """The run so far, for Prometheus."""
        return families(
            self.frame,
            totals=by_shown_name(self._picture.totals, self._redactor.text),
            scenario_totals=self._picture.scenario_totals,
        )

    def add_sink(self, sink: Sink) -> None:
        """Give *sink* each frame from now on."""
        self._sinks.append(sink)

    def remove_sink(self, sink: Sink) -> None:
        """Give *sink* no more frames."""
        self._sinks.remove(sink)

    def join(self, viewer: Viewer) -> int:
        """Let *viewer* watch; return the number of the seat."""
        seat = self._control.join(viewer)
        if not viewer.watches_only:
            self._lost_viewer.settle()
        self._events.add(
            "attached, to watch" if viewer.watches_only else "attached", author=viewer.name
        )
        self.saw()
        self._show()
        return seat

    def leave(self, seat: int, *, by_choice: bool = True) -> None:
        """Let the viewer on this seat go; not *by_choice*, it was lost."""
        former = self._control.holder
        viewer = self._control.leave(seat)
        if by_choice or self._life.ended_s is not None:
            self._events.add("left", author=viewer.name)
        elif viewer.watches_only or self._control.has_writer:
            self._events.add("was lost", author=viewer.name)
        else:
            text = self._lost_viewer.lose(viewer.name, at_ns=self._clock())
            self._events.add(text, level=EventLevel.WARNING, author=viewer.name)
        if self._control.holder not in ("", former):
            self._events.add("has the control now", author=self._control.holder)
        self._show()

    def tell(self, text: str, level: EventLevel) -> None:
        """Write into the event log what has happened at the run's doors."""
        self._events.add(plain(text), level=level)
        self._show()

    def saw(self) -> None:
        """Somebody took a frame or gave a command: the run is watched."""
        self._dead_man.sign_of_life(self._timeline.elapsed_s)

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
        deed = self._hand.do(
            command,
            at_s=self._timeline.elapsed_s,
            at_unix_ms=self._timeline.now_unix_ms,
            workers=self._working,
            cause=cause,
            is_own=is_own,
        )
        self._send(deed.messages)
        self._hurry(deed.messages)
        has_end = self._plan.has_end and not self._hand.throttles.is_held
        self._dead_man.arm(not has_end and not self._is_attended)
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
            self._remark(warning)

    def _send(self, messages: tuple[Errand, ...]) -> None:
        if not self._timeline.has_begun:
            # A signal in the middle of the start: a worker's first message is its launch.
            self._unsent += messages
            return
        for message in messages:
            self._staff.told(message)
            self._crew.send(message)

    def _hurry(self, messages: tuple[Errand, ...]) -> None:
        """Let what is done once end with the run that somebody stops."""
        for message in messages:
            if isinstance(message, Stop):
                self._phases.end_within(message.graceful_s)

    # What workers say

    def _hear(self, worker: int, message: Told) -> None:
        # Taken in by `finish`, so that what goes wrong there goes wrong loudly. No bound:
        # a worker says a few things a second, and each of them wakes `finish`.
        self._inbox.append((worker, message))
        self._wake.set()

    def _take_in(self) -> None:
        while self._inbox:
            self._take(*self._inbox.popleft())

    def _take(self, worker: int, message: Told) -> None:
        match message:
            case SnapshotTaken(snapshot=snapshot):
                self._staff.hear(snapshot)
                self._picture.add_snapshot(snapshot)
            case Acknowledged(id=serial):
                if self._hand.acknowledge(serial, worker, at_s=self._timeline.elapsed_s):
                    self._show()
            case Remark(text=text):
                self._remark_of_worker(text)
            case Said(place=place, text=text):
                self._repeat(place, text)
            case Finished():
                self._has_finished = True
                self._part_with(worker)
            case Hired() if not self._life.is_stopping:
                self._greet(worker)
            case Dealt():
                self._divide(worker, message)
            case Vacant():
                self._tell(self._staff.vacated(worker, message))
            case WorkerLost() if self._staff.knows(worker):
                self._lose(message)
            case WorkerLost(cause=cause):
                self._staff.forget(worker)
                self._remark(f"worker {worker}, which was to be added, was lost: {cause}")

    def _part_with(self, worker: int) -> None:
        self._working -= {worker}
        self._tell(self._staff.forget(worker))
        self._picture.expect(self._working, size=self._staff.size)
        self._hand.forget(worker, at_s=self._timeline.elapsed_s)

    def _lose(self, lost: WorkerLost) -> None:
        at_s = self._timeline.elapsed_s
        self._part_with(lost.worker)
        is_wanted = not self._life.is_stopping
        loss = self._staff.lose(
            lost.worker, at_s=at_s, was_killed=lost.was_killed, is_wanted=is_wanted
        )
        self._remark(of_loss(loss, lost.cause), level=EventLevel.ERROR)
        self._picture.amend(loss.cut_off)
        if loss.successor is not None:
            self._crew.hire(loss.successor)
        if not self._is_manned and not self._has_finished:
            self._life.blame(StopCause.WORKERS_LOST)

    def _greet(self, worker: int) -> None:
        """Let *worker*, which is there now, come to what it was hired for."""
        if self._staff.halves(worker):
            self._crew.tell(*self._staff.deal(worker))
        elif self._staff.knows(worker):
            self._replace(worker)

    def _replace(self, worker: int) -> None:
        """Let *worker*, which is there, take the place of the one that was lost."""
        at_s, throttles = self._timeline.elapsed_s, self._hand.throttles
        found = self._staff.succeed(
            worker, at_s=at_s, moves=throttles.moves, paused=throttles.paused
        )
        self._join(worker, found.place)
        self._picture.amend(found.missed)
        self._remark(of_succession(worker, found, at_s=at_s))

    def _divide(self, giver: int, dealt: Dealt) -> None:
        """Let a worker that was added have the half of *giver*'s share."""
        throttles = self._hand.throttles
        place = self._staff.divide(
            dealt,
            at_s=self._timeline.elapsed_s,
            moves=throttles.moves,
            paused=throttles.paused,
        )
        if place is not None:
            self._join(dealt.worker, place)
            text = (
                f"worker {dealt.worker} was added and has half of what worker {giver} had: "
                f"{self._staff.size} workers now"
            )
            self._remark(text)

    def _join(self, worker: int, place: Place) -> None:
        self._crew.join(worker, place.share, place.station)
        self._working |= {worker}
        self._picture.expect(self._working, size=self._staff.size, second=place.station.second)

    def _tell(self, errands: Iterable[tuple[int, Vacant]]) -> None:
        for worker, message in errands:
            self._crew.tell(worker, message)

    @property
    def _is_manned(self) -> bool:
        """Whether somebody works, or is about to."""
        return bool(self._working) or (self._staff.is_hiring and not self._life.is_stopping)

    def _give_up(self) -> None:
        """End by force the workers that are still there, and say what is lost with them."""
        names = ", ".join(str(worker) for worker in sorted(self._working))
        plural = len(self._working) > 1
        self._remark(
            f"worker{'s' * plural} {names} did not end in time and {'were' if plural else 'was'} "
            "ended by force: requests since the last full second are not counted",
            level=EventLevel.ERROR,
        )
        for worker in self._working:
            # Not asked once more: whoever waits for this was promised an end within a second.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._crew.pids[worker], signal.SIGKILL)
        self._working = frozenset()

    # Second by second

    def _tick(self) -> None:
        at_s = self._timeline.elapsed_s
        self._probe(int(at_s) - 1)
        self._send(self._hand.advance(at_s))
        for text, label in self._stages.begun(self._hand.throttles.states(at_s, {})):
            self._events.add(text, label=label)
        wanted = None if self._life.is_stopping else self._staff.due()
        if wanted is not None:
            self._crew.hire(wanted)
        developed = self._picture.develop(at_s)
        for reading in developed:
            added = self._staff.watch(reading)
            if added is not None and not self._life.is_stopping:
                self._events.add("a worker is the limit: another is on its way")
                self._crew.hire(added)
        if self._dead_man.has_been_left(at_s):
            limit = duration_text(self._plan.dead_man_s)
            self._events.add(
                f"nobody watches: the run stops itself {limit} after the last look",
                level=EventLevel.WARNING,
            )
        if self._dead_man.has_tripped(at_s) and not self._life.is_stopping:
            command = Command(
                kind=CommandKind.STOP,
                author="dead man's switch",
                note=f"nobody has watched for {duration_text(self._plan.dead_man_s)}",
            )
            self._do(command, cause=StopCause.DEAD_MAN)
        self._mind_lost_viewer()
        self._siren.hear(developed)
        self._tell_news(self._alarm.hear(developed))
        self._autopilot.hear(developed, at_s)
        self._obey_pilot()
        abort = self._alarm.command
        if abort is not None and not self._life.is_stopping:
            self._do(abort, cause=StopCause.THRESHOLD)
        if developed or at_s - self._shown_s >= _FRAME_EVERY_S:
            self._tell_of_store()
            self._show()
        if developed:
            self.spikes.look(self.frame)

    def _mind_lost_viewer(self) -> None:
        command = self._lost_viewer.command(self._clock())
        if command is None or self._life.is_stopping:
            return
        if command.kind is CommandKind.PAUSE and self._life.refusal:
            return  # there is no load yet that could be paused
        self._lost_viewer.settle()
        self._do(command, cause=StopCause.VIEWER_LOST)

    def _probe(self, second: int) -> None:
        """Look at all that is watched as *second* has just ended, once."""
        if second <= self._probed_second:
            return
        self._probed_second = second
        self._databases.look()
        watched = self._watching.look(second, load=total_load(self._picture.view.counts.values()))
        self._picture.add_probes(
            second,
            self._host.read(),
            self._databases.first,
            watched,
            self._databases.more,
        )

    def _blank_picture(self) -> Picture:
        return Picture(
            start_unix_ms=self._timeline.started_unix_ms,
            workers=self._working,
            throttles=self._hand.throttles,
            keeper=self._keeper,
            metrics=self._plan.metrics,
        )

    # Telling

    def _tell_news(self, news: list[News]) -> None:
        for each in news:
            text, label = self._redactor.text(each.text), self._redactor.text(each.label)
            self._events.add(text, level=each.level, author=AUTHOR, label=label)

    def _tell_of_store(self) -> None:
        for each in self._keeper.news():
            if each.level is EventLevel.INFO:
                self._events.add(each.text)
            else:
                self._remark(each.text, level=each.level)

    def _tell_of_watched(self, text: str, level: EventLevel) -> None:
        if level is EventLevel.INFO:
            self._events.add(text)
        else:
            self._remark(text, level=level)

    def _repeat(self, place: str, text: str) -> None:
        """Tell what a script has printed. It is no remark on the run, and the summary has none."""
        said = plain(self._redactor.text(text))
        self._events.add(said, level=EventLevel.SCRIPT, author=plain(place))

    def _remark_of_worker(self, text: str) -> None:
        self._remark(self._redactor.text(text))

    def _remark(self, text: str, *, level: EventLevel = EventLevel.WARNING) -> None:
        """Tell, and remember for the summary."""
        self._events.add(text, level=level)
        if text not in self._remarks and len(self._remarks) < _KEPT_REMARKS:
            self._remarks.append(text)

    def _show(self) -> None:
        self.frame = self._new_frame()
        self._shown_s = self._timeline.elapsed_s
        self._keeper.frame(self.frame, self._hand.journal)
        for sink in self._sinks:
            sink(self.frame)

    def _new_frame(self) -> Frame:
        return new_frame(
            plan=self._redactor.plan,
            at_s=self._timeline.elapsed_s,
            started_unix_ms=self._timeline.started_unix_ms,
            life=self._life,
            throttles=self._hand.throttles,
            view=self._picture.view,
            host=self._picture.host,
            outage_s=self._picture.summary.outage_s,
            postgres=self._databases.first,
            postgres_more=self._databases.more,
            watched=self._watching.seen,
            events=self._events.newest,
            control=self._control,
            verdicts=self._alarm.verdicts,
            alerts=self._siren.states,
            setup=self._phases.state(Phase.SETUP),
            teardown=self._phases.state(Phase.TEARDOWN),
            pilot=self._autopilot.state(self._timeline.elapsed_s),
        )

    def _summary(self, ended_s: float) -> Summary:
        return self._picture.summary.build(
            plan=self._plan,
            started_unix_ms=self._timeline.started_unix_ms,
            duration_s=ended_s,
            stop=None if self._life.ended_s is None else self._life.cause,
            totals=self._picture.totals,
            scenario_totals=self._picture.scenario_totals,
            journal=self._hand.journal,
            remarks=self._remarks,
            setup=self._phases.state(Phase.SETUP),
            teardown=self._phases.state(Phase.TEARDOWN),
            verdicts=self._alarm.verdicts,
            metric_totals=self._picture.metric_totals,
            stalls=self._picture.stalls,
            alerts=self._siren.states,
            findings=self._autopilot.findings,
        )
