"""Setup or teardown while it is at work: who performs it, how long it may take, what it sent."""

import asyncio
from collections import deque
from collections.abc import Callable

from vumeter.clock import NANOSECONDS_PER_S, NsClock
from vumeter.engine.launcher import WorkerLost
from vumeter.engine.performer import Performer
from vumeter.engine.procedure import procedure_of
from vumeter.model.frame import Phase, PhaseStanding, PhaseState
from vumeter.model.measure import Tally
from vumeter.model.messages import (
    Finished,
    FromWorker,
    Perform,
    Performed,
    Ready,
    Remark,
    Said,
    SnapshotTaken,
)
from vumeter.model.plan import Plan
from vumeter.run.life import ABORT_LIMIT_S
from vumeter.stats.redaction import Redactor
from vumeter.stats.tally import TallySum, figures, merge
from vumeter.units import duration_text

_TICK_S = 0.1


class PhaseRun:
    """
    One phase of a run, from its process's start to its end. Use once.

    The time that it may take is kept here and not in its process: a script that blocks could
    not be told there.

    Args:
        plan: With its secrets.
        phase: Which of its procedures.
        provided: To teardown: what setup has made.
        folder: Where its process works.
        on_remark: Told what its worker remarks.
        on_said: Told where its script prints, and what.
        clock: The reader of time.
    """

    def __init__(
        self,
        plan: Plan,
        phase: Phase,
        *,
        provided: bytes = b"",
        folder: str,
        on_remark: Callable[[str], None],
        on_said: Callable[[str, str], None],
        clock: NsClock,
    ) -> None:
        self.phase = phase
        self.provided = b""
        """What it has made, when it is done."""
        self.problem = ""
        """Why it failed; it may quote what is secret."""
        self.standing = PhaseStanding.RUNNING
        self._order = Perform(plan=plan, phase=phase, provided=provided)
        self._folder = folder
        self._on_remark = on_remark
        self._on_said = on_said
        self._clock = clock
        self.timeout_s = self._limit_s = procedure_of(plan, phase).timeout_s
        self._is_hurried = False
        """Whether its limit is no longer its own, because somebody ends the run."""
        self._began_ns = clock()
        self._is_ready = False
        """Whether its process is there. What that takes is no part of its time."""
        self._cut_off_s: float | None = None
        self._ended_s: float | None = None
        self._tallies: dict[str, TallySum] = {}
        self._inbox: deque[FromWorker | WorkerLost] = deque()
        self._wake = asyncio.Event()

    @property
    def elapsed_s(self) -> float:
        """Since it began; in the end, what it took."""
        if self._ended_s is not None:
            return self._ended_s
        return (self._clock() - self._began_ns) / NANOSECONDS_PER_S

    def state(self, redactor: Redactor) -> PhaseState:
        """Return how it stands now, without secrets."""
        elapsed_s = self.elapsed_s
        sums: dict[str, TallySum] = {}
        for name, tally in self._tallies.items():
            # Two names may differ by a secret alone: what then has one name is one endpoint.
            sums.setdefault(redactor.name(name), TallySum()).add(tally.tally())
        tallies = {name: each.tally() for name, each in sums.items()}
        total = merge(tallies.values())
        return PhaseState(
            standing=self.standing,
            elapsed_s=elapsed_s,
            timeout_s=self.timeout_s,
            total=figures(total, elapsed_s),
            endpoints={name: figures(tally, elapsed_s) for name, tally in tallies.items()},
            checks={redactor.name(name): counts for name, counts in total.checks.items()},
            problem=redactor.text(self.problem),
        )

    async def perform(self, on_tick: Callable[[], None]) -> None:
        """Have it performed to its end, whichever that is; *on_tick* is called meanwhile."""
        async with Performer(self._order, folder=self._folder, on_message=self._hear) as performer:
            while self._ended_s is None:
                self._mind_time(performer)
                try:
                    await asyncio.wait_for(self._wake.wait(), _TICK_S)
                except TimeoutError:
                    on_tick()
                self._wake.clear()
                while self._inbox:
                    self._take(self._inbox.popleft())

    def end_within(self, graceful_s: float) -> None:
        """Let it have no more than *graceful_s* from now on: somebody ends the run."""
        limit_s = self.elapsed_s + graceful_s
        if limit_s < self._limit_s:
            self._limit_s = limit_s
            self._is_hurried = True
        self._wake.set()

    def _mind_time(self, performer: Performer) -> None:
        elapsed_s = self.elapsed_s
        if self._cut_off_s is None:
            counts = self._is_ready or self._is_hurried
            if counts and elapsed_s >= self._limit_s:
                self._cut_off_s = elapsed_s
                performer.cut_off()
        elif elapsed_s >= self._cut_off_s + ABORT_LIMIT_S:
            performer.kill()

    def _hear(self, message: FromWorker | WorkerLost) -> None:
        # No bound: a worker says a few things a second, and each of them is taken at once.
        self._inbox.append(message)
        self._wake.set()

    def _take(self, message: FromWorker | WorkerLost) -> None:
        match message:
            case Ready():
                self._is_ready = True
                self._began_ns = self._clock()
            case SnapshotTaken(snapshot=snapshot):
                for name, tally in snapshot.tallies.items():
                    self._tallies.setdefault(name, TallySum()).add(tally)
            case Remark(text=text):
                self._on_remark(text)
            case Said(place=place, text=text):
                self._on_said(place, text)
            case Performed(problem="", provided=provided):
                self.standing, self.provided = PhaseStanding.DONE, provided
            case Performed(problem=problem):
                self.standing, self.problem = PhaseStanding.FAILED, problem
            case Finished():
                self._finish()
            case WorkerLost(cause=cause) if self._ended_s is None:
                self._lose(cause)

    def _finish(self) -> None:
        if self.standing is PhaseStanding.RUNNING:
            self._end(*self._cut_short())
        else:
            self._end(self.standing, self.problem)

    def _lose(self, cause: str) -> None:
        if self._cut_off_s is None:
            self._end(PhaseStanding.FAILED, f"its process was lost: {cause}")
            return
        standing, problem = self._cut_short()
        if not self._is_ready:
            self._end(standing, problem)
            return
        uncounted = "its process was ended by force, and its last second is not counted"
        self._end(standing, f"{problem}; {uncounted}")

    def _cut_short(self) -> tuple[PhaseStanding, str]:
        if self._is_hurried:
            return PhaseStanding.CUT_OFF, "it was cut off by the end of the run"
        limit = duration_text(self.timeout_s)
        return PhaseStanding.TIMED_OUT, f"it was not done within its {limit}"

    def _end(self, standing: PhaseStanding, problem: str) -> None:
        self._ended_s = self.elapsed_s
        self.standing, self.problem = standing, problem


def skipped(plan: Plan, phase: Phase, why: str) -> PhaseState:
    """Return the state of a phase that was never begun."""
    return PhaseState(
        standing=PhaseStanding.SKIPPED,
        elapsed_s=0.0,
        timeout_s=procedure_of(plan, phase).timeout_s,
        total=figures(Tally(), 0.0),
        problem=why,
    )
