"""
What the operator types after `:`, turned into a command: "vu 150", "rps 450 over 30s", "-20".

    [vu | rps]  150 | +10 | -20 | +10% | -5% | off  [over 30s]
    skip  |  extend 30s  |  plan [rejoin | continue]  |  workers 4
    probe [SLO, …]  |  cruise p95 250ms  |  manual

Without a lever it is the active one. Pure: the same line and the same levers always give
the same answer, so the preview under the prompt cannot differ from what is then sent.
"""

import math
import re

from msgspec import Struct

from vumeter.errors import UsageError
from vumeter.model.throttle import Command, CommandKind, Lever, ThrottleState
from vumeter.tui.pilot_words import pilot_command
from vumeter.tui.plan_words import plan_command, workers_command
from vumeter.units import duration_text, parse_count, parse_duration_s, parse_rate_per_s

NAMES: dict[Lever, str] = {Lever.VUS: "VU", Lever.RATE: "RPS"}
"""How levers are called on the screen."""

FORESEEABLE_RAMP_S = 5.0
"""A ramp at least this long leaves the time to hold or undo it, so it is never asked about."""

SMALL_MOVE = 20.0
"""VUs, or requests per second, that hurt nobody even where they more than double the load."""

EXAMPLE = "vu 150   rps 450 over 30s   +10%   -20   rps off"

_LEVERS = {
    "vu": Lever.VUS,
    "vus": Lever.VUS,
    "rps": Lever.RATE,
    "rate": Lever.RATE,
}
_LINE = re.compile(
    r"(?:(?P<lever>(?!off\b)[a-z]+)\s*)?"
    r"(?P<value>off|[+-]?\s*[\d.]+[km]?(?:\s*%|/[a-z]+)?)?"
    r"(?P<rest>\s.*|)",
    re.IGNORECASE,
)
_RAMP = re.compile(r"\s*(?:over|in)\s+(?P<duration>\S.*)", re.IGNORECASE)


class Intent(Struct, frozen=True, kw_only=True):
    """A line that can be obeyed."""

    command: Command
    preview: str
    """What will happen: "VU 142 → 150 over 8s"."""
    asks: str = ""
    """Why it has to be confirmed first; empty when it has not."""


class Refusal(Struct, frozen=True, kw_only=True):
    """A line that cannot be obeyed, and why. Also one that is not finished yet."""

    reason: str


def read(
    line: str, *, levers: tuple[ThrottleState, ...], active: ThrottleState | None, author: str
) -> Intent | Refusal:
    """
    Return what *line* asks for.

    Args:
        line: As typed, without the colon.
        levers: Every lever of the run, from its newest frame.
        active: The lever that `+` and `-` move; it is meant when none is named.
        author: Whose hand it is.
    """
    if active is None:
        return Refusal(reason="The run has not said yet what can be moved; one moment.")
    try:
        planned = plan_command(
            line, levers=levers, active=active, author=author
        ) or workers_command(line, author=author)
        if planned is not None:
            return Intent(command=planned[0], preview=planned[1])
        piloted = pilot_command(line, active=active, author=author)
        if piloted is not None:
            return Intent(command=piloted[0], preview=piloted[1])
        words = _words(line, active)
        state = _state(words.lever, levers, active)
        if words.value == "off":
            return _close(words, state, author)
        return _move(words, state, active.scenario, author)
    except UsageError as error:
        return Refusal(reason=f"{error.message} {error.hint}".strip())


class _Words(Struct, frozen=True, kw_only=True):
    """A line taken apart."""

    lever: Lever
    value: str
    ramp_s: float


def _words(line: str, active: ThrottleState) -> _Words:
    match = _LINE.fullmatch(line.strip())
    if match is None or (line.strip() and not (match["value"] or match["lever"])):
        raise UsageError(f'"{line.strip()}" is not a target.', hint=f"For example: {EXAMPLE}")
    lever = _LEVERS.get(match["lever"].lower()) if match["lever"] else active.lever
    if lever is None:
        raise UsageError(f'"{match["lever"]}" is not a lever.', hint='Write "vu" or "rps".')
    if not match["value"]:
        raise UsageError("To which value?", hint=f"For example: {EXAMPLE}")
    value = match["value"].replace(" ", "").lower()
    return _Words(lever=lever, value=value, ramp_s=_ramp_s(match["rest"]))


def _ramp_s(rest: str) -> float:
    if not rest.strip():
        return 0.0
    match = _RAMP.fullmatch(rest)
    if match is None:
        raise UsageError(f'"{rest.strip()}" is unclear.', hint='A ramp is written "over 30s".')
    return parse_duration_s(match["duration"])


def _state(
    lever: Lever, levers: tuple[ThrottleState, ...], active: ThrottleState
) -> ThrottleState | None:
    """Return that lever of the active scenario; `None`: a rate that is closed."""
    mine = [each for each in levers if each.scenario == active.scenario]
    return next((each for each in mine if each.lever is lever), None)


def _close(words: _Words, state: ThrottleState | None, author: str) -> Intent:
    if words.lever is Lever.VUS:
        raise UsageError("VUs cannot be off.", hint='Write "vu 0", or pause the load with p.')
    if words.ramp_s:
        raise UsageError('"off" has no ramp.', hint="First lower the rate, then close it.")
    if state is None:
        raise UsageError("No rate is set: the VUs already go as fast as they can.")
    return Intent(
        command=Command(
            kind=CommandKind.CLOSE, author=author, scenario=state.scenario, lever=Lever.RATE
        ),
        preview=f"RPS {amount(state.requested)} → off: each VU goes as fast as it can",
    )


def _move(words: _Words, state: ThrottleState | None, scenario: str, author: str) -> Intent:
    value = words.value
    kind = CommandKind.SET
    if value[0] in "+-":
        kind = CommandKind.SCALE if value.endswith("%") else CommandKind.STEP
    elif value.endswith("%"):
        raise UsageError(f'"{value}" of what?', hint=f'Write "+{value}" or "-{value}".')
    if state is None and kind is not CommandKind.SET:
        raise UsageError("No rate is set that could be changed.", hint='Write "rps 100".')
    command = Command(
        kind=kind,
        author=author,
        scenario=scenario,
        lever=words.lever,
        value=_number(value, words.lever),
        ramp_s=words.ramp_s,
    )
    return intended(command, state)


def _number(value: str, lever: Lever) -> float:
    """Return the signed number in *value*: a percentage, a count of VUs or a rate per second."""
    sign = -1.0 if value[0] == "-" else 1.0
    digits = value.lstrip("+-")
    if digits.endswith("%"):
        # A percentage is written like any other number, so it is read like one.
        return sign * parse_rate_per_s(digits[:-1])
    return sign * (parse_count(digits) if lever is Lever.VUS else parse_rate_per_s(digits))


def intended(command: Command, state: ThrottleState | None) -> Intent:
    """Return a move with what it will do; *state* is its lever's, `None` for a closed rate."""
    before = state.requested if state else None
    wanted = aim(command, before or 0.0)
    limit = state.limit if state else None
    after = wanted if limit is None else min(wanted, limit)
    start = "off" if before is None else amount(before)
    ramp = f" over {duration_text(command.ramp_s)}" if command.ramp_s else " at once"
    preview = f"{NAMES[command.lever or Lever.VUS]} {start} → {amount(after)}{ramp}"
    if after < wanted:
        preview += f", the run's limit ({amount(wanted)} asked for)"
    return Intent(
        command=command, preview=preview, asks=question(command, before=before, after=after)
    )


def aim(command: Command, before: float) -> float:
    """
    Return where a `set`, `step` or `scale` leads from *before*, limits aside.

    VUs are whole, and a percentage moves at least one of them, as the run does it.
    """
    value = command.value or 0.0
    if command.kind is CommandKind.SET:
        return value
    if command.kind is CommandKind.STEP:
        return max(0.0, before + value)
    after = before * (1 + value / 100)
    if command.lever is not Lever.VUS:
        return max(0.0, after)
    if abs(after - before) < 1:
        after = math.ceil(after) if value > 0 else math.floor(after)
    return max(0.0, float(round(after)))


def question(command: Command, *, before: float | None, after: float) -> str:
    """Return why a move must be confirmed, or an empty string where it need not be."""
    doubles = before is not None and before > 0 and after > 2 * before
    if doubles and after - (before or 0.0) > SMALL_MOVE and command.ramp_s < FORESEEABLE_RAMP_S:
        return "more than double"
    return ""


def amount(value: float) -> str:
    """
    Return a target as the operator would type it.

    >>> amount(150.0), amount(0.5), amount(1234.56)
    ('150', '0.5', '1234.6')
    """
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"
