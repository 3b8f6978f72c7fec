"""The operator's hand: legs that targets move along, commands, and what became of them."""

from enum import StrEnum

from msgspec import Struct

from vumeter.model.plan import Shape


class Lever(StrEnum):
    """What a throttle moves: VUs (closed model, or the pool of the open one) or arrival rate."""

    VUS = "vus"
    RATE = "rate"


class Leg(Struct, frozen=True, kw_only=True):
    """
    A target over time: from *begin* to *end* within *ramp_s*, and *end* for ever after.

    Every change of a target is a new leg that starts now, so the schedule is rebased and
    never catches up on what an older leg would have asked for.
    """

    start_s: float
    """In run time: seconds after the start that all workers agreed on."""
    begin: float
    end: float
    ramp_s: float = 0.0
    shape: Shape = Shape.LINEAR
    passed_s: float = 0.0
    """How much of the ramp is over at *start_s*, where a leg is the rest of one."""


Course = tuple[Leg, ...]
"""Legs one after another: each counts from its start to that of the next, the last for ever."""


class CommandKind(StrEnum):
    """What an operator, or an automatic rule, can ask of a run."""

    SET = "set"
    STEP = "step"
    SCALE = "scale"
    CLOSE = "close"
    HOLD = "hold"
    RESUME_PLAN = "resume-plan"
    SKIP_STAGE = "skip-stage"
    EXTEND_STAGE = "extend-stage"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    ABORT = "abort"
    PANIC = "panic"
    MARK = "mark"
    REPLAY = "replay"
    ACKNOWLEDGE = "acknowledge"
    CANCEL_BACKEND = "cancel-backend"
    END_BACKEND = "end-backend"
    EXPLAIN = "explain"
    PROFILE = "profile"
    TAKE = "take"
    WORKERS = "workers"
    PROBE = "probe"
    CRUISE = "cruise"
    MANUAL = "manual"
    UNDO = "undo"
    REDO = "redo"


ENDS = frozenset({CommandKind.STOP, CommandKind.ABORT})
"""Commands that end a run."""

FOR_DATABASE = frozenset({CommandKind.CANCEL_BACKEND, CommandKind.END_BACKEND, CommandKind.EXPLAIN})
"""Commands that the probe of the database carries out."""

PILOTED = frozenset({CommandKind.PROBE, CommandKind.CRUISE, CommandKind.MANUAL})
"""Commands that the autopilot carries out."""

HARMLESS = frozenset({CommandKind.MARK, CommandKind.ACKNOWLEDGE, CommandKind.TAKE})
"""Commands after which a run is as comparable as it was."""

NO_THROTTLES = (
    ENDS
    | FOR_DATABASE
    | PILOTED
    | {
        CommandKind.MARK,
        CommandKind.ACKNOWLEDGE,
        CommandKind.TAKE,
        CommandKind.WORKERS,
        CommandKind.PROFILE,
    }
)
"""Commands that move no lever."""


class ResumeMode(StrEnum):
    """How a plan that was left is returned to."""

    REJOIN = "rejoin"
    """To where it would be by now, had it not been left."""
    CONTINUE = "continue"
    """From where it was left; its end comes so much later."""


class Command(Struct, frozen=True, kw_only=True):
    """
    One request of a hand on the throttle.

    `set` moves the lever to *value*; `step` by *value* (may be negative); `scale` by *value*
    percent; each over *ramp_s*. `set` of the rate on a closed scenario opens it; `close`
    returns it to the closed model. `hold` freezes the plan at the present target; until it
    is resumed its end waits, too. `resume-plan` returns to the plan from a hold, or after
    levers were moved by hand. `skip-stage` goes on to the next stage, and `extend-stage`
    makes the present one *value* seconds longer. `replay` drives every scenario again, from
    now on, as it was driven since the run's start. `mark` carries its text in *note*.
    `acknowledge` keeps alerts that fire quiet until they clear: the one named by *alert*, or all.
    `take` takes the control over from whoever has it. `workers` adds worker processes until
    there are *value* of them. `cancel-backend` cancels what the session *pid* of the watched
    PostgreSQL executes, `end-backend` ends that session; `explain` asks it how it would execute
    *statement*. `profile` takes a flame graph of the target's process, or of *pid* on the run's
    host, over *value* seconds.
    `probe` lets the finder look for the
    capacity by *aims*, the plan's thresholds where there are none; `cruise` lets the cruise
    control keep the one of *aims* by moving the rate; `manual` ends either of them.
    """

    kind: CommandKind
    author: str
    scenario: str | None = None
    """`None`: the first scenario."""
    lever: Lever | None = None
    """`None`: the rate of an open scenario, the VUs of a closed one."""
    value: float | None = None
    ramp_s: float = 0.0
    mode: ResumeMode | None = None
    """`None`: what was held continues, what was moved by hand rejoins."""
    alert: str | None = None
    """The name of the one that is acknowledged."""
    database: str = ""
    """Of several that are watched the name; empty: the first."""
    pid: int | None = None
    statement: str | None = None
    """The `StatementFigures.id` of one that was shown."""
    aims: tuple[str, ...] = ()
    """What a pilot is to go by: "p95 < 300ms", or of the cruise control "p95 250ms"."""
    note: str = ""
    """A mark's text, or the reason for any other command."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What the run answered to a command, at once."""

    id: int
    accepted: bool
    message: str
    """For people: "VU 10 → 12", "VU clamped to 1000, the run's limit", or why it was refused."""


class JournalEntry(Struct, frozen=True, kw_only=True):
    """A command with its time and its effect, as it is stored, shown and reported."""

    id: int
    second: float
    """Run time at which it was asked for."""
    at_unix_ms: int
    command: Command
    accepted: bool
    effect: str
    """The outcome's message."""
    acknowledged_s: float | None = None
    """Run time at which the last worker had taken it up; `None`: not yet, or none had to."""


class StageSpan(Struct, frozen=True, kw_only=True):
    """One stage of a plan, with when it is by now to be; a hold puts off what comes after."""

    kind: str
    """`ramp up`, `ramp down` or `steady`."""
    start_s: float
    end_s: float
    target: float
    """At its end."""


class ThrottleState(Struct, frozen=True, kw_only=True):
    """One lever of one scenario as the screen shows it: requested → acknowledged → actual."""

    scenario: str
    lever: Lever
    requested: float
    """Where the newest command wants it, at the end of its ramp."""
    acknowledged: float | None
    """The newest end of ramp that every worker has taken up."""
    target: float
    """Where the ramp wants it at this moment."""
    actual: float
    """VUs running, or iterations started in the last second."""
    eta_s: float
    """Seconds until the ramp ends; 0 when it has."""
    held: bool
    limit: float
    step: float
    """What `+` and `-` move it by."""
    off_plan: bool = False
    """Whether stages would lead it elsewhere, had it not been moved by hand."""
    replays: bool = False
    """Whether a replay leads it, and not the plan that the run began with."""
    begins_in_s: float | None = None
    """Until the scenario begins; `None`: it has, or waits for the plan to be resumed."""
    stages: tuple[StageSpan, ...] = ()
    """Of the lever that the plan moves."""
    stage: int | None = None
    """The present one of *stages*, from 0 on; `None`: there is none, or not at this time."""
