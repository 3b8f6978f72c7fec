"""Flame graphs of the target: asked for by a hand, taken by py-spy, kept with the run."""

import asyncio
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vumeter.export.flamegraph import svg
from vumeter.model.flame import Flame, FlameHead, Flames
from vumeter.model.frame import EventLevel
from vumeter.model.plan import Plan
from vumeter.model.throttle import Command
from vumeter.probes.observing import UnseenError
from vumeter.probes.pyspy import MISSING, RATE_PER_S, program_path, sampled
from vumeter.probes.suspect import Suspect, monitor_of, python_process
from vumeter.run.events import EventLog
from vumeter.run.keeping import Keeper
from vumeter.run.throttles import Effect
from vumeter.run.timeline import Timeline
from vumeter.run.writing import write_whole
from vumeter.stats.redaction import Redactor
from vumeter.stats.stacks import Stack, hottest, stacks_of, torn_samples
from vumeter.units import duration_text

USUAL_S = 10
LONGEST_S = 300
MOST_KEPT = 20
"""Of more the oldest goes; its picture stays."""

AUTHOR = "profiler"

_TORN_RATIO = 0.02
"""So many stacks that lack an end are not worth a word."""

_CONCLUDING_S, _HURRIED_S = 2.0, 0.3


class Profiler:
    """
    Takes flame graphs, one at a time, and keeps them.

    Args:
        plan: Says where the target is.
        timeline: The run's.
        events: Is told of each.
        keeper: Stores each.
        redactor: Names of functions and files are text of the target's.
        folder: Where each is drawn; `None`: nowhere.
        search_path: Where py-spy is looked for; `None`: as a shell would.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        timeline: Timeline,
        events: EventLog,
        keeper: Keeper,
        redactor: Redactor,
        folder: Path | None,
        search_path: str | None = None,
    ) -> None:
        self._plan = plan
        self._timeline = timeline
        self._events = events
        self._keeper = keeper
        self._redactor = redactor
        self._folder = folder
        self._search_path = search_path
        self._kept: list[Flame] = []
        self._taken = 0
        self._at_work: FlameHead | None = None
        self._problem = ""
        self._task: asyncio.Task[None] | None = None
        self._cut = asyncio.Event()

    @property
    def state(self) -> Flames:
        """What there is, and what is being looked at."""
        return Flames(
            kept=tuple(flame.head for flame in self._kept),
            at_work=self._at_work,
            problem=self._problem,
        )

    def flame(self, number: int) -> Flame | None:
        """Return the one with that id; `None`: there is none, or it had to go."""
        return next((flame for flame in self._kept if flame.id == number), None)

    def take(self, command: Command) -> Effect:
        """Begin what *command* asks for, or say why not."""
        wanted_s = USUAL_S if command.value is None else command.value
        refusal = self._refusal(wanted_s)
        program = program_path(self._search_path)
        if refusal or program is None:
            return Effect(accepted=False, message=refusal or MISSING)
        self._at_work = FlameHead(
            id=self._taken + 1,
            second=self._timeline.elapsed_s,
            duration_s=float(wanted_s),
            rate_per_s=RATE_PER_S,
            author=command.author,
        )
        self._problem = ""
        self._cut.clear()
        self._task = asyncio.create_task(
            self._look(program, self._at_work, command.pid), name="profiler"
        )
        which = "the target" if command.pid is None else f"pid {command.pid}"
        message = f"py-spy looks into {which} for {duration_text(wanted_s)}, {RATE_PER_S}/s"
        return Effect(accepted=True, message=message, label="profile")

    def _refusal(self, wanted_s: float) -> str:
        if self._at_work is not None:
            return "py-spy is at work already"
        if wanted_s % 1 or not 1 <= wanted_s <= LONGEST_S:
            return f"profile: give whole seconds, up to {duration_text(LONGEST_S)}"
        return ""

    async def conclude(self, *, is_hurried: bool) -> None:
        """Let what is at work end now, with what it has: there is no load any more."""
        if self._task is not None:
            self._cut.set()
            limit_s = _HURRIED_S if is_hurried else _CONCLUDING_S
            await asyncio.wait({self._task}, timeout=limit_s)

    async def close(self) -> None:
        """Leave nothing behind."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _look(self, program: str, head: FlameHead, pid: int | None) -> None:
        try:
            await self._take(program, head, pid)
        except UnseenError as error:
            self._give_up(f"{error.message} → {error.hint}" if error.hint else error.message)
        except OSError as error:
            self._give_up(f"no place for what py-spy writes: {error.strerror}")
        finally:
            self._at_work = None

    def _give_up(self, problem: str) -> None:
        self._problem = self._redactor.text(problem)
        self._events.add(
            f"no flame graph: {self._problem}", level=EventLevel.WARNING, author=AUTHOR
        )

    async def _take(self, program: str, head: FlameHead, pid: int | None) -> None:
        suspect = await asyncio.to_thread(_suspect, self._plan, pid)
        title = self._redactor.text(suspect.title)
        self._at_work = head = replace(head, pid=suspect.pid, title=title)
        found = await sampled(program, suspect, duration_s=int(head.duration_s), cut=self._cut)
        looked_s = self._timeline.elapsed_s - head.second
        others = f"of {suspect.others + 1} such processes it is the busiest"
        head = replace(
            head,
            duration_s=min(head.duration_s, looked_s),
            samples=found.samples,
            remark=_joined(found.remark, others if suspect.others else ""),
        )
        # On a thread: megabytes of stacks of a large server take their time.
        self._keep(await asyncio.to_thread(self._finished, head, found.stacks))

    def _finished(self, head: FlameHead, stacks: str) -> Flame:
        """Return the flame graph, without secrets and drawn."""
        text = _without_secrets(stacks, self._redactor)
        found = stacks_of(text)
        most = "".join(
            f"{it.function} {100 * it.own / head.samples:.0f} %" for it in hottest(found)[:1]
        )
        head = replace(head, hottest=most, remark=_joined(head.remark, _torn(found)))
        flame = Flame(**msgspec.structs.asdict(head), stacks=text)
        if self._folder is not None:
            path = self._folder / f"flame-{flame.id}.svg"
            try:
                write_whole(path, "".join(svg(flame)).encode(), mode=0o600)
            except OSError as error:
                problem = f"no picture in {self._folder}: {error.strerror}"
                return replace(flame, remark=_joined(flame.remark, problem))
            return replace(flame, svg=str(path))
        return flame

    def _keep(self, flame: Flame) -> None:
        self._taken += 1
        self._kept.append(flame)
        gone = self._kept.pop(0) if len(self._kept) > MOST_KEPT else None
        self._keeper.flame(flame, instead_of=None if gone is None else gone.id)
        where = f"; {flame.svg}" if flame.svg else ""
        self._events.add(
            f"{flame.words} (P shows it){where}",
            level=EventLevel.ACTION,
            author=flame.author,
            label=f"flame {flame.id}",
        )


def _suspect(plan: Plan, pid: int | None) -> Suspect:
    return python_process(monitor_of(plan, pid))


def _torn(stacks: Sequence[Stack]) -> str:
    torn, samples = torn_samples(stacks), sum(stack.samples for stack in stacks)
    if torn <= _TORN_RATIO * samples:
        return ""
    return (
        f"{100 * torn / samples:.0f} % of the stacks lack their outer end: they changed meanwhile"
    )


def _joined(*remarks: str) -> str:
    return "; ".join(filter(None, remarks))


def _without_secrets(stacks: str, redactor: Redactor) -> str:
    """Return *stacks* with secrets taken out of each name, of which there are few."""
    shown = cache(lambda frame: redactor.text(frame).replace(";", ","))
    return "\n".join(
        f"{';'.join(map(shown, frames))} {samples}" for frames, samples in stacks_of(stacks)
    )
