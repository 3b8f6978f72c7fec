"""What a person types to name a moment of a run: `90`, `1:20:00`, `+5m`, `start`, `end`."""

import re

from vumeter.errors import UsageError
from vumeter.units import parse_duration_s

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)")


def moment_s(text: str, *, now_s: float, end_s: float) -> float:
    """
    Return the run time that *text* names; one with a sign counts from *now_s*.

    Raises:
        UsageError: It names none.

    >>> moment_s("1:20:00", now_s=0, end_s=0), moment_s("-30s", now_s=90, end_s=0)
    (4800.0, 60.0)
    """
    wanted = text.strip().lower()
    if wanted in ("start", "end"):
        return 0.0 if wanted == "start" else end_s
    if wanted[:1] in ("+", "-"):
        by_s = _time_s(wanted[1:])
        return max(0.0, now_s + by_s if wanted[0] == "+" else now_s - by_s)
    return _time_s(wanted)


def _time_s(text: str) -> float:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return parse_duration_s(text)
    hours, minutes, seconds = match.groups()
    if int(minutes) > 59 or float(seconds) >= 60:
        raise UsageError(f'"{text}" is no time: write 1:20:00 for an hour and twenty minutes.')
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
