"""`vumeter ctl RUN …`: a hand on the throttle of a run, for scripts and second terminals."""

import asyncio
import re
from typing import Annotated

import typer
from msgspec.structs import replace

from vumeter.cli.flags import Authorities, TokenFile
from vumeter.cli.viewer import viewer_name
from vumeter.errors import ExitCode, UsageError
from vumeter.link import folders
from vumeter.model.throttle import FOR_DATABASE, Command, CommandKind, Lever, ResumeMode
from vumeter.units import parse_count, parse_duration_s, parse_rate_per_s

_LEVERS = {"vu": Lever.VUS, "vus": Lever.VUS, "rate": Lever.RATE, "rps": Lever.RATE}
_TURNS = (CommandKind.SET, CommandKind.STEP, CommandKind.SCALE)
_TEXTS = {CommandKind.MARK: "note", CommandKind.ACKNOWLEDGE: "alert"}
"""Of commands that take a text: where it goes."""

_MODES = {mode.value: mode for mode in ResumeMode}
_EXAMPLES = "set vus 20 over 5s · step +5 · scale -10% · mark 'deploy 42' · stop"
_NUMBER = re.compile(r"([+-]?)(.+)")


def ctl(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN|URL", help="Its name, which vumeter ps lists, or its address."),
    ],
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND",
            help="set [vus|rate] N [over 5s], step [vus|rate] ±N [over …], scale ±N% [over …], "
            "close, hold, resume-plan [rejoin|continue], skip-stage, extend-stage 30s, pause, "
            "resume, replay, workers N, stop, abort, panic, mark TEXT, acknowledge [ALERT], "
            "probe [SLO…], cruise 'p95 250ms', manual, undo, redo, take, "
            "cancel-backend PID, end-backend PID, explain STATEMENT, profile [for 10s] [pid N]",
        ),
    ],
    take: Annotated[
        bool, typer.Option("--take", help="Take the control over if somebody else has it.")
    ] = False,
    scenario: Annotated[
        str | None, typer.Option("--scenario", help="Whose throttle. [the first one's]")
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for the journal and the report.")
    ] = "",
    token_file: TokenFile = None,
    cacert: Authorities = None,
) -> None:
    """Give one command to a run, and print what it answers."""
    from vumeter.cli.doors import door_to
    from vumeter.link.client import send  # the price of aiohttp, where a command is one

    command = replace(parse(words, author=viewer_name()), scenario=scenario)
    if reason:
        command = replace(command, note=reason)
    door = door_to(run, token_file=token_file, authorities=cacert)
    outcome = asyncio.run(send(door or folders.find(run).socket, command, take=take))
    if not outcome.accepted:
        taking = " (--take)" if "take it over" in outcome.message else ""
        raise UsageError(f"{outcome.message}{taking}.")
    print(outcome.message)
    raise typer.Exit(ExitCode.OK)


def parse(words: list[str], *, author: str) -> Command:  # noqa: PLR0911 - one for each grammar
    """
    Return the command that *words* are: "set vus 20 over 5s".

    Raises:
        UsageError: They are none.

    >>> parse(["step", "rate", "-50"], author="alice").value
    -50.0
    """
    try:
        kind = CommandKind(words[0])
    except ValueError:
        kinds = ", ".join(CommandKind)
        raise UsageError(f'"{words[0]}" is not a command.', hint=f"There is {kinds}.") from None
    command = Command(kind=kind, author=author)
    rest = words[1:]
    if kind in _TURNS:
        lever, rest = _lever(rest)
        return _turn(replace(command, lever=lever), rest)
    if kind in _TEXTS and (rest or kind is CommandKind.MARK):
        return replace(command, **{_TEXTS[kind]: " ".join(rest)})
    if kind in (CommandKind.PROBE, CommandKind.CRUISE):
        return replace(command, aims=_aims(kind, rest))
    if kind in FOR_DATABASE:
        return _for_database(command, rest)
    if kind is CommandKind.PROFILE:
        return _profile(command, rest)
    if kind in _AMOUNTS:
        return replace(command, value=_AMOUNTS[kind](rest))
    if kind is CommandKind.RESUME_PLAN and rest:
        return replace(command, mode=_mode(rest))
    if rest:
        raise UsageError(f'"{kind}" takes nothing more: {" ".join(rest)}')
    return command


def _for_database(command: Command, words: list[str]) -> Command:
    if command.kind is CommandKind.EXPLAIN:
        return replace(command, statement=" ".join(words))
    return replace(command, pid=_pid(words))


def _profile(command: Command, words: list[str]) -> Command:
    match words:
        case []:
            return command
        case ["for", duration, *rest]:
            return _profile(replace(command, value=parse_duration_s(duration)), rest)
        case ["pid", number, *rest] if number.isdecimal():
            return _profile(replace(command, pid=int(number)), rest)
        case _:
            raise UsageError(
                f'"profile {" ".join(words)}" cannot be understood.',
                hint='For example "profile", "profile for 30s" or "profile for 10s pid 811".',
            )


def _pid(words: list[str]) -> int:
    if len(words) != 1 or not words[0].isdecimal():
        raise UsageError("Which session?", hint='For example "end-backend 811"; view 5 shows them.')
    return int(words[0])


def _aims(kind: CommandKind, words: list[str]) -> tuple[str, ...]:
    """Return SLOs, each one argument of the shell, or a set point, whose blanks need no quotes."""
    return tuple(words) if kind is CommandKind.PROBE else (" ".join(words),)


def _mode(words: list[str]) -> ResumeMode:
    mode = _MODES.get(" ".join(words))
    if mode is None:
        raise UsageError(
            f'"{" ".join(words)}" is no way back to a plan.',
            hint='There is "rejoin" (as by now) and "continue" (from where it was left).',
        )
    return mode


def _duration_s(words: list[str]) -> float:
    if not words:
        raise UsageError("extend-stage by how long?", hint='For example "extend-stage 30s".')
    return parse_duration_s(" ".join(words))


def _workers(words: list[str]) -> float:
    if len(words) != 1:
        raise UsageError("workers: how many?", hint='For example "workers 4".')
    return float(parse_count(words[0]))


def _lever(words: list[str]) -> tuple[Lever | None, list[str]]:
    lever = _LEVERS.get(words[0].lower()) if words else None
    return lever, words[1:] if lever is not None else words


def _turn(command: Command, words: list[str]) -> Command:
    match words:
        case [number]:
            return replace(command, value=_value(command, number))
        case [number, "over" | "in", duration]:
            ramp_s = parse_duration_s(duration)
            return replace(command, value=_value(command, number), ramp_s=ramp_s)
        case _:
            said = " ".join([command.kind, *words])
            raise UsageError(f'"{said}" cannot be understood.', hint=f"For example: {_EXAMPLES}")


def _value(command: Command, text: str) -> float:
    match = _NUMBER.fullmatch(text)
    sign, digits = (match[1], match[2]) if match else ("", text)
    if command.kind is CommandKind.SET and sign:
        raise UsageError(f"set {text}: a target has no sign.", hint=f'Did you mean "step {text}"?')
    if command.kind is CommandKind.SCALE:
        amount = _percent(digits)
    elif command.lever is Lever.RATE or "/" in digits:
        amount = parse_rate_per_s(digits)
    else:
        amount = float(parse_count(digits))
    return -amount if sign == "-" else amount


def _percent(text: str) -> float:
    try:
        return float(text.removesuffix("%"))
    except ValueError:
        raise UsageError(f'"{text}" is not a percentage.', hint='Write "+10%" or "-5%".') from None


_AMOUNTS = {CommandKind.EXTEND_STAGE: _duration_s, CommandKind.WORKERS: _workers}
"""How the number is read that a command is about, where that is no lever's."""
