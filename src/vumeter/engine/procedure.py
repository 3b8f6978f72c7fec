"""
Setup and teardown: what is done once per run, by one VU, in a worker of its own.

The VU does it where others do what comes before their iterations, and has none. So all that
is true of requests, time-outs, checks and scripts is true here; but nobody begins anew. The
first request that fails is the end of setup. Teardown goes on: what it can clear away, it does.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from vumeter.clock import monotonic_ns
from vumeter.engine.feeders import feeds_of
from vumeter.engine.generator import WHOLE, Generator, given_by
from vumeter.engine.program import WAITS
from vumeter.engine.recorder import Recorder
from vumeter.engine.script import Script
from vumeter.engine.script_program import PlayedScript
from vumeter.engine.script_user import ScriptedUser
from vumeter.engine.steps import Step
from vumeter.engine.virtual_user import VirtualUser
from vumeter.model.flow import requests_of
from vumeter.model.frame import Phase
from vumeter.model.measure import ErrorKind, Snapshot
from vumeter.model.messages import Launch, Perform, Performed
from vumeter.model.plan import Load, Plan, Procedure, Scenario
from vumeter.model.plan import Script as Place
from vumeter.script.loading import load, place, words
from vumeter.script.once import Once
from vumeter.script.scenario import Act
from vumeter.script.scenario import Scenario as Declared
from vumeter.script.vu import Vu

if TYPE_CHECKING:
    from vumeter.engine.crowd import Crowd

MOST_PROVIDED_BYTES = 16 * 1024 * 1024
"""Every worker is sent what setup has made."""

_NUMBER = 0
"""Of the VU: those of the load count from 1."""
_MIB = 1024 * 1024


class Ending:
    """How a procedure came out."""

    def __init__(self) -> None:
        self.performed: Performed | None = None
        """`None`: it was cut off."""

    def fail(self, problem: str) -> None:
        """Note that it has failed; the first problem counts."""
        if self.performed is None:
            self.performed = Performed(problem=problem)

    def provide(self, value: object, where: str) -> None:
        """Note that it is done and has made *value*, unless that cannot be handed on."""
        if self.performed is not None:
            return
        try:
            made = b"" if value is None else msgspec.json.encode(value)
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            self.fail(f"{where}: what it returns cannot be written as JSON: {error}")
            return
        if len(made) > MOST_PROVIDED_BYTES:
            self.fail(
                f"{where}: what it has made takes {len(made) / _MIB:.1f} MiB as JSON, and"
                f" {MOST_PROVIDED_BYTES // _MIB} MiB is the most; keep tables of data in a file"
            )
            return
        self.performed = Performed(provided=made)


class Performance(Generator):
    """Perform setup or teardown, and report each second what was sent. Use once."""

    def __init__(
        self,
        order: Perform,
        *,
        on_snapshot: Callable[[Snapshot], None],
        on_remark: Callable[[str], None],
    ) -> None:
        self._phase = order.phase
        self._whole = order.plan
        self._procedure = procedure_of(order.plan, order.phase)
        self._ending = Ending()
        """How it comes out."""
        scenario = scenario_of(self._procedure, order.phase)
        launch = Launch(
            plan=replace(order.plan, scenarios=(scenario,)),
            share=WHOLE,
            start_ns=monotonic_ns(),
            provided=order.provided,
        )
        super().__init__(launch, on_snapshot=on_snapshot, on_remark=on_remark)

    @property
    def performed(self) -> Performed | None:
        """How it came out; `None`: it was cut off."""
        return self._ending.performed

    def _compiled(self, launch: Launch) -> dict[str, Script]:
        script = script_of(
            self._whole,
            self._phase,
            self.ledger.book(self._phase.value),
            self._ending,
            provided=launch.provided,
        )
        return {self._phase.value: script}


def procedure_of(plan: Plan, phase: Phase) -> Procedure:
    """Return what *plan*, which has it, does in *phase*."""
    procedure = plan.setup if phase is Phase.SETUP else plan.teardown
    assert procedure is not None, "asked for where there is one"
    return procedure


def scenario_of(procedure: Procedure, phase: Phase) -> Scenario:
    """Return *procedure* as what one VU does before iterations that never come."""
    return Scenario(
        name=phase.value,
        steps=(),
        on_start=procedure.steps,
        load=Load(vus=1, iterations=1),
        script=procedure.script,
    )


def script_of(
    plan: Plan,
    phase: Phase,
    recorders: dict[str, Recorder],
    ending: Ending,
    *,
    provided: bytes = b"",
) -> Script:
    """
    Return the phase compiled, counting into *recorders*; how it comes out goes to *ending*.

    Raises:
        UsageError: A request cannot be sent as it stands.
    """
    procedure = procedure_of(plan, phase)
    if procedure.script is not None:
        return PlayedProcedure(plan, phase, procedure.script, recorders, ending, provided)
    return SteppedProcedure(plan, phase, recorders, ending, provided)


class SteppedProcedure(Script):
    """A procedure in steps."""

    def __init__(
        self,
        plan: Plan,
        phase: Phase,
        recorders: dict[str, Recorder],
        ending: Ending,
        provided: bytes,
    ) -> None:
        procedure = procedure_of(plan, phase)
        super().__init__(
            scenario_of(procedure, phase),
            recorders,
            keep_alive=plan.keep_alive,
            cookies=plan.cookies,
            seed=_NUMBER,
            feeders=plan.feeders,
            feeds=feeds_of(plan.feeders, WHOLE),
            given=given_by(plan.setup, provided) if phase is Phase.TEARDOWN else {},
        )
        self.ending = ending
        self.phase = phase
        self._procedure = procedure
        self._recorders = recorders

    def user(self, crowd: "Crowd", rng: random.Random, *, number: int) -> VirtualUser:
        """Return the VU that performs it."""
        return SteppingUser(crowd, self, rng)

    def where(self, step: Step) -> str:
        """Return where *step* is written, and what it is called."""
        name = next(name for name, each in self._recorders.items() if each is step.recorder)
        # A redirect's landing shares the template of the request that it began with.
        sent = next(request for request, each in self.made if each.template is step.template)
        written = zip(requests_of(self._procedure.steps), self._procedure.places, strict=False)
        lines = [line for request, line in written if request is sent]
        return ": ".join((*lines, name))


class SteppingUser(VirtualUser):
    """Takes the steps of a procedure."""

    __slots__ = ("_procedure", "_status")

    def __init__(self, crowd: "Crowd", procedure: SteppedProcedure, rng: random.Random) -> None:
        super().__init__(crowd, rng, number=_NUMBER)
        self._procedure = procedure
        self._status = 0

    def finish_start(self) -> int:
        """End: it is done."""
        self._procedure.ending.provide(self.variables, self._procedure.phase.value)
        self._crowd.end(0.0)
        return WAITS

    def _conclude(self, status: int, done_ns: int) -> None:
        self._status = status
        super()._conclude(status, done_ns)

    def _retreat(self) -> None:
        self.is_awaiting = self.is_cruising = False
        ending = self._procedure.ending
        if ending.performed is None:
            # There was no failure before: the one that is counted has just been.
            kind = next(iter(self.step.recorder.errors))
            where = self._procedure.where(self.step)
            ending.fail(f"{where}: {_failure(kind, self._status)}")
        if self._procedure.phase is Phase.SETUP:
            self._crowd.end(0.0)
        else:
            self._walk(self._then)


def _failure(kind: ErrorKind, status: int) -> str:
    match kind:
        case ErrorKind.STATUS:
            return f"status {status}"
        case ErrorKind.EXTRACT:
            return f"status {status}, but the answer lacks what is to be extracted from it"
        case ErrorKind.CHECK:
            return f"status {status}, but a check that fails the request does not pass"
        case ErrorKind.REDIRECT:
            return f"status {status}, and the redirect cannot be followed"
        case _:
            return kind.value.replace("_", " ")


class PlayedProcedure(PlayedScript):
    """A procedure that is a coroutine of a script."""

    def __init__(
        self,
        plan: Plan,
        phase: Phase,
        place: Place,
        recorders: dict[str, Recorder],
        ending: Ending,
        provided: bytes,
    ) -> None:
        self.ending = ending
        self._phase = phase
        super().__init__(
            scenario_of(procedure_of(plan, phase), phase),
            place,
            recorders,
            keep_alive=plan.keep_alive,
            cookies=plan.cookies,
            seed=_NUMBER,
            provided=provided,
        )

    def user(self, crowd: "Crowd", rng: random.Random, *, number: int) -> ScriptedUser:
        """Return the VU that performs it."""
        return PlayingUser(crowd, self, rng)

    def _declared(self, place: Place) -> Declared:
        found = load(Path(place.path))
        once = found.setup if self._phase is Phase.SETUP else found.teardown
        assert once is not None, "it was there when the plan was made"
        declared = Declared(_no_iteration)
        declared.start = self._noted(once, place.path)
        return declared

    def _noted(self, once: Once, path: str) -> Act:
        async def act(vu: Vu) -> Any:
            made = await once.act(vu)
            self.ending.provide(made, f"{path}:{once.line}: {once.name}()")

        return act


async def _no_iteration(vu: Vu) -> None:
    """Stand where an iteration would: none is ever begun."""


class PlayingUser(ScriptedUser):
    """Plays the coroutine of a procedure; an exception is the end of it."""

    __slots__ = ("_ending", "_path")

    def __init__(self, crowd: "Crowd", procedure: PlayedProcedure, rng: random.Random) -> None:
        super().__init__(crowd, procedure, rng, number=_NUMBER)
        self._ending = procedure.ending
        self._path = procedure.path

    def finish_start(self) -> int:
        """End: it is done, or what it has made is too much."""
        self._crowd.end(0.0)
        return WAITS

    def _break(self, error: BaseException) -> None:
        self._give_up()
        self._ending.fail(f"{place(error, self._path)}: {words(error)}")
        self._crowd.end(0.0)
