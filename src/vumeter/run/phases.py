"""Setup and teardown of one run: each performed once, or skipped with a reason."""

import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from vumeter.clock import NsClock
from vumeter.model.frame import EventLevel, Phase, PhaseStanding, PhaseState
from vumeter.model.plan import Plan
from vumeter.run.herald import Herald
from vumeter.run.life import Life
from vumeter.run.phase import PhaseRun, skipped
from vumeter.run.words import span
from vumeter.stats.redaction import Redactor
from vumeter.units import duration_text


class Turn(NamedTuple):
    """What is told of a phase."""

    text: str
    level: EventLevel


class Phases:
    """
    Performs what the plan does once, and knows what came of it.

    Args:
        plan: With its secrets.
        redactor: Learns what setup provides; nothing of that is shown.
        herald: Told what the workers of phases remark, and what their scripts print.
        clock: The reader of time.
    """

    def __init__(self, plan: Plan, *, redactor: Redactor, herald: Herald, clock: NsClock) -> None:
        self._plan = plan
        self._redactor = redactor
        # A detached run goes elsewhere once it is under way; scripts stay where they began.
        self._folder = os.getcwd()  # noqa: PTH109 - as text, for a process
        self._herald = herald
        self._clock = clock
        self._runs: dict[Phase, PhaseRun] = {}
        self._skipped: dict[Phase, PhaseState] = {}
        self._present: PhaseRun | None = None
        self._shown_s = 0

    @property
    def provided(self) -> bytes:
        """What setup has made for all VUs, as JSON; empty before, and without any."""
        run = self._runs.get(Phase.SETUP)
        return b"" if run is None else run.provided

    @property
    def has_set_up(self) -> bool:
        """Whether setup is done, or there is none."""
        if self._plan.setup is None:
            return True
        run = self._runs.get(Phase.SETUP)
        return run is not None and run.standing is PhaseStanding.DONE

    def state(self, phase: Phase) -> PhaseState | None:
        """Return how it stands, without secrets; `None`: there is none, or it has not begun."""
        if phase in self._skipped:
            return self._skipped[phase]
        run = self._runs.get(phase)
        return None if run is None else run.state(self._redactor)

    def begin(self, phase: Phase) -> Turn:
        """Let *phase* be at work from now on; `perform` comes next."""
        run = PhaseRun(
            self._plan,
            phase,
            provided=self.provided,
            folder=self._folder,
            on_remark=self._herald.remark_of_worker,
            on_said=self._herald.repeat,
            clock=self._clock,
        )
        self._runs[phase] = self._present = run
        self._shown_s = 0
        return Turn(f"{phase} begins: it has {duration_text(run.timeout_s)}", EventLevel.INFO)

    async def perform(self, on_second: Callable[[], None]) -> Turn:
        """Perform what was begun to its end; *on_second* is called each second meanwhile."""
        run = self._present
        assert run is not None, "begun"

        def tick() -> None:
            if run.elapsed_s >= self._shown_s + 1:
                self._shown_s = int(run.elapsed_s)
                on_second()

        try:
            await run.perform(tick)
        finally:
            self._present = None
        if run.provided:
            self._redactor.learn(_texts(msgspec.json.decode(run.provided)))
        return self._outcome(run)

    def end_within(self, graceful_s: float) -> None:
        """Let what is at work, if anything, have no more than *graceful_s*."""
        if self._present is not None:
            self._present.end_within(graceful_s)

    def skip_teardown(self, life: Life) -> Turn | None:
        """Skip teardown where it must not be; return what is told of that, `None`: it may be."""
        if life.is_aborted:
            why = "the run was ended at once"
        elif not self.has_set_up:
            why = "setup did not come to its end"
        else:
            return None
        self._skipped[Phase.TEARDOWN] = skipped(self._plan, Phase.TEARDOWN, why)
        return Turn(f"teardown is skipped: {why}", EventLevel.WARNING)

    def _outcome(self, run: PhaseRun) -> Turn:
        took = span(run.elapsed_s)
        if run.standing is PhaseStanding.DONE:
            total = run.state(self._redactor).total
            failed = f", {total.errors} failed" if total.errors else ""
            plural = "s" * (total.requests != 1)
            text = f"{run.phase} is done after {took}: {total.requests} request{plural}{failed}"
            return Turn(text, EventLevel.INFO)
        problem = self._redactor.text(run.problem)
        return Turn(f"{run.phase} failed after {took}: {problem}", EventLevel.ERROR)


def _texts(value: Any) -> Iterator[str]:
    """Return every text in a JSON value but the names of its fields."""
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)
