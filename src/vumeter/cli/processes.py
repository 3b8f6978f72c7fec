"""`--process NAME=HOW`: a process of this host to watch."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.model.watched import ProcessMonitor

_PROCESS = re.compile(r"(?P<name>[0-9A-Za-z_-]{1,40})=(?P<by>pid|port|pattern):(?P<what>.+)")
_HIGHEST_PORT = 65_535


def with_processes(plan: Plan, texts: Sequence[str]) -> Plan:
    """
    Return *plan*, which watches the processes that *texts* name, too.

    Raises:
        UsageError: One names none, or is named as another monitor is.
    """
    monitors = list(plan.monitors)
    for process in map(process_of, texts):
        if process.name in {monitor.name for monitor in monitors}:
            raise UsageError(
                f'--process: there is another monitor "{process.name}".',
                hint="Give one of them another name.",
            )
        monitors.append(process)
    return replace(plan, monitors=tuple(monitors))


def process_of(text: str) -> ProcessMonitor:
    """
    Return the process that *text* names: "api=port:8000".

    Raises:
        UsageError: It names none.

    >>> process_of("api=port:8000").port
    8000
    """
    found = _PROCESS.fullmatch(text)
    problem = None if found is None else _problem(found["by"], found["what"])
    if found is None or problem is not None:
        raise UsageError(
            f'--process: "{text}" {problem or "is not NAME=HOW"}.',
            hint="Write api=port:8000, api=pid:811 or jobs=pattern:celery.",
        )
    name, what = found["name"], found["what"]
    match found["by"]:
        case "pid":
            return ProcessMonitor(name=name, pid=int(what))
        case "port":
            return ProcessMonitor(name=name, port=int(what))
        case _:
            return ProcessMonitor(name=name, pattern=what)


def _problem(by: str, what: str) -> str | None:
    """Return what is wrong with *what* as a pid, a port or a pattern."""
    if by == "pattern":
        try:
            re.compile(what)
        except re.error as error:
            return f"has no regular expression: {error}"
        return None
    if not (what.isascii() and what.isdigit() and int(what) > 0):
        return f"has no {by}"
    return "has no port" if by == "port" and int(what) > _HIGHEST_PORT else None
