"""
What the operator types to let somebody else drive: "probe p95 < 300ms", "cruise p95 250ms".

    probe [SLO {, SLO}]  |  cruise SET POINT  |  manual

Pure, as `prompt` is, which reads everything else.
"""

from collections.abc import Callable

from vumeter.errors import UsageError, VumeterError
from vumeter.model.plan import Threshold
from vumeter.model.throttle import Command, CommandKind, ThrottleState
from vumeter.pilot.slo import set_point, slo
from vumeter.thresholds.grammar import parse
from vumeter.thresholds.words import short_text


def pilot_command(line: str, *, active: ThrottleState, author: str) -> tuple[Command, str] | None:
    """
    Return what *line* asks of a pilot, and what it will do; `None`: nothing.

    Raises:
        UsageError: It is about a pilot, and cannot be obeyed.
    """
    word, _, rest = line.strip().partition(" ")
    match word.lower():
        case "probe":
            return probe(rest, active=active, author=author)
        case "cruise" if rest.strip() in ("off", "stop"):
            return _manual(author)
        case "cruise":
            kept = _read(set_point, rest or "what")
            command = Command(
                kind=CommandKind.CRUISE,
                author=author,
                scenario=active.scenario,
                lever=active.lever,
                aims=(rest.strip(),),
            )
            return command, f"cruise: keep {short_text(kept).replace('<', ' ')}"
        case "manual":
            return _manual(author)
    return None


def probe(text: str, *, active: ThrottleState, author: str) -> tuple[Command, str]:
    """
    Return the command to find how much holds the SLOs in *text*, and what it will do.

    Raises:
        UsageError: One of them cannot be understood.
    """
    aims = tuple(part.strip() for part in text.split(",") if part.strip())
    slos = [_read(slo, aim) for aim in aims]
    command = Command(
        kind=CommandKind.PROBE,
        author=author,
        scenario=active.scenario,
        lever=active.lever,
        aims=aims,
    )
    held = ", ".join(map(short_text, slos)) or "the plan's thresholds"
    return command, f"find the most that holds {held}; any move of the throttle ends it"


def _manual(author: str) -> tuple[Command, str]:
    return Command(kind=CommandKind.MANUAL, author=author), "the throttle is yours again"


def _read(reader: Callable[[str], Threshold], text: str) -> Threshold:
    try:
        threshold = reader(text)
        parse(threshold)
    except VumeterError as error:
        raise UsageError(error.message, hint=error.hint) from error
    return threshold
