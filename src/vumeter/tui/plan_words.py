"""
What the operator types after `:` that moves no lever: "skip", "extend 30s", "plan continue".

    skip  |  extend 30s  |  plan [rejoin | continue]  |  workers 4

Pure, as `prompt` is, which reads everything else.
"""

from collections.abc import Sequence

from vumeter.errors import UsageError
from vumeter.model.throttle import Command, CommandKind, ResumeMode, ThrottleState
from vumeter.units import duration_text, parse_count, parse_duration_s

_REJOINS = "back to where the plan would be by now"
_CONTINUES = "on from where the plan was left; its end comes so much later"


def plan_command(
    line: str, *, levers: Sequence[ThrottleState], active: ThrottleState, author: str
) -> tuple[Command, str] | None:
    """
    Return what *line* asks of the active scenario's plan, and what it will do; `None`: nothing.

    Raises:
        UsageError: It is about the plan, and cannot be obeyed.
    """
    match line.lower().split():
        case ["skip"]:
            return _command(CommandKind.SKIP_STAGE, active, author), _skip(levers, active)
        case ["extend"]:
            raise UsageError("By how long?", hint='Write "extend 30s".')
        case ["extend", *duration]:
            by_s = parse_duration_s(" ".join(duration))
            command = _command(CommandKind.EXTEND_STAGE, active, author, value=by_s)
            return command, f"{_present(levers, active)} takes {duration_text(by_s)} more"
        case ["plan"]:
            command = _command(CommandKind.RESUME_PLAN, active, author)
            return command, _CONTINUES if active.held else _REJOINS
        case ["plan", "rejoin"]:
            return resume(active, author, ResumeMode.REJOIN), _REJOINS
        case ["plan", "continue"]:
            return resume(active, author, ResumeMode.CONTINUE), _CONTINUES
        case ["plan", *how]:
            raise UsageError(
                f'"{" ".join(how)}" is no way back.', hint='Write "plan rejoin" or "plan continue".'
            )
    return None


def workers_command(line: str, *, author: str) -> tuple[Command, str] | None:
    """
    Return the command for more workers that *line* is, and what it will do; `None`: it is none.

    Raises:
        UsageError: It does not say how many.
    """
    match line.lower().split():
        case ["workers", number]:
            wanted = parse_count(number)
            command = Command(kind=CommandKind.WORKERS, author=author, value=float(wanted))
            return command, f"worker processes are added, until there are {wanted}"
        case ["workers", *_]:
            raise UsageError("How many?", hint='Write "workers 4".')
    return None


def resume(active: ThrottleState, author: str, mode: ResumeMode) -> Command:
    """Return the command that takes the active scenario back to its plan."""
    return Command(kind=CommandKind.RESUME_PLAN, author=author, scenario=active.scenario, mode=mode)


def planned_lever(levers: Sequence[ThrottleState], scenario: str) -> ThrottleState | None:
    """Return the lever that the scenario's stages move; `None`: it has no stages."""
    return next((each for each in levers if each.scenario == scenario and each.stages), None)


def _command(
    kind: CommandKind, active: ThrottleState, author: str, *, value: float | None = None
) -> Command:
    return Command(kind=kind, author=author, scenario=active.scenario, value=value)


def _skip(levers: Sequence[ThrottleState], active: ThrottleState) -> str:
    planned = planned_lever(levers, active.scenario)
    if planned is None and active.begins_in_s is None:
        raise UsageError("There are no stages that could be skipped.")
    is_last = planned is not None and planned.stage == len(planned.stages) - 1
    present = _present(levers, active)
    return f"{present} is over{', and with it the schedule' if is_last else ''}"


def _present(levers: Sequence[ThrottleState], active: ThrottleState) -> str:
    if active.begins_in_s is not None:
        return f"the wait for {active.scenario}"
    planned = planned_lever(levers, active.scenario)
    if planned is None or planned.stage is None:
        return "the run" if len({each.scenario for each in levers}) == 1 else active.scenario
    return f"stage {planned.stage + 1}/{len(planned.stages)}"
