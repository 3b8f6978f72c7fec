"""
Every number as the screen writes it. Nothing else in the cockpit turns a number into text.

Three significant digits throughout: what a histogram of three digits knows, and what an eye
takes in. A number that exists never rounds to one that means "none" or "all".
"""

import math
import time

from vumeter.model.metric import Unit
from vumeter.thresholds.amounts import amount_text

_MS_PER_S = 1e3
_US_PER_MS = 1e3
_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))

NOTHING = "–"
"""Stands where there is no number."""


def three_digits(value: float) -> str:
    """
    Return a number below 1000 with three significant digits, at most three decimals.

    >>> three_digits(3.14159), three_digits(31.4159), three_digits(314.159), three_digits(0)
    ('3.14', '31.4', '314', '0')
    """
    size = abs(value)
    if size == 0:
        return "0"
    if size < 0.9995:
        return f"{value:.3f}" if size < 0.0995 else f"{value:.2f}"
    return f"{value:.2f}" if size < 9.995 else f"{value:.1f}" if size < 99.95 else f"{value:.0f}"


def latency_text(us: float | None) -> str:
    """
    Return a latency in milliseconds, without the unit: titles and headings say it.

    >>> latency_text(412), latency_text(88_400), latency_text(2_104_000), latency_text(None)
    ('0.412', '88.4', '2.10k', '–')
    """
    if us is None:
        return NOTHING
    ms = us / _US_PER_MS
    return f"{ms:.3f}" if 0 < ms < 0.9995 else number_text(ms)


def number_text(value: float | None) -> str:
    """
    Return a count or a rate: exact below 1000 when whole, else three significant digits.

    >>> number_text(412), number_text(1234), number_text(4.5), number_text(65_536)
    ('412', '1.23k', '4.50', '65.5k')
    """
    if value is None:
        return NOTHING
    if abs(value) < 999.5:
        return f"{value:.0f}" if value == int(value) else three_digits(value)
    for size, letter in _STEPS:
        if abs(value) >= size * 0.9995:
            return f"{three_digits(value / size)}{letter}"
    return f"{value:.0f}"


def target_text(value: float) -> str:
    """
    Return a throttle's value: to the unit up to 99,999, since an operator sets it so.

    >>> target_text(150), target_text(412.3), target_text(2.5), target_text(250_000)
    ('150', '412', '2.5', '250k')
    """
    if abs(value) >= 99_999.5:
        return number_text(value)
    return f"{value:.0f}" if abs(value) >= 99.95 else f"{round(value, 1):g}"


def axis_text(us: float) -> str:
    """
    Return a tick of the latency axis in milliseconds, as short as can be.

    >>> axis_text(300), axis_text(3000), axis_text(1_000_000)
    ('.3', '3', '1k')
    """
    ms = us / _US_PER_MS
    if ms < 1:
        return f"{ms:g}".lstrip("0")
    if ms < 1000:
        return f"{ms:g}"
    return f"{ms / 1e3:g}k" if ms < 1e6 else f"{ms / 1e6:g}M"


def percent_text(ratio: float | None) -> str:
    """
    Return a ratio in percent; neither "0%" nor "100%" unless it is exactly that.

    >>> percent_text(0.00123), percent_text(0.00001), percent_text(0.99996), percent_text(0)
    ('0.12%', '<0.01%', '99.9%', '0%')
    """
    if ratio is None:
        return NOTHING
    percent = ratio * 100
    if percent in (0, 100):
        return f"{percent:.0f}%"
    if percent < 0.01:
        return "<0.01%"
    if 99.95 <= percent < 100:
        return "99.9%"
    return f"{percent:.2f}%" if percent < 9.995 else f"{percent:.1f}%"


def share_text(percent: float | None) -> str:
    """
    Return a load that is already in percent, whole: "61%".

    >>> share_text(61.4), share_text(0.2), share_text(None)
    ('61%', '0%', '–')
    """
    return NOTHING if percent is None else f"{percent:.0f}%"


def bytes_text(count: float) -> str:
    """
    Return an amount of bytes in decimal units, compact: "31.2M".

    >>> bytes_text(31_200_000), bytes_text(512)
    ('31.2M', '512B')
    """
    return f"{count:.0f}B" if count < 999.5 else number_text(count)


def bytes_per_s_text(per_s: float) -> str:
    """
    Return a flow of bytes in decimal units.

    >>> bytes_per_s_text(41_000_000), bytes_per_s_text(0)
    ('41.0MB/s', '0B/s')
    """
    return f"{per_s:.0f}B/s" if per_s < 999.5 else f"{number_text(per_s)}B/s"


def clock_text(seconds: float) -> str:
    """
    Return run time as a clock; days stand before it.

    >>> clock_text(6127), clock_text(2 * 86400 + 61)
    ('01:42:07', '2d 00:01:01')
    """
    whole_s = max(0, math.floor(seconds))
    days, rest_s = divmod(whole_s, 86_400)
    clock = f"{rest_s // 3600:02}:{rest_s // 60 % 60:02}:{rest_s % 60:02}"
    return f"{days}d {clock}" if days else clock


def local_text(unix_ms: int, pattern: str) -> str:
    """Return a moment on the clocks of where the viewer is, in `strftime`'s pattern."""
    return time.strftime(pattern, time.localtime(unix_ms / _MS_PER_S))


def zone_offset_s(unix_ms: int) -> int:
    """Return how far the viewer's clocks are ahead of UTC at that moment."""
    return time.localtime(unix_ms / _MS_PER_S).tm_gmtoff


def span_text(seconds: float) -> str:
    """
    Return a length of time in one or two units.

    >>> span_text(8), span_text(95), span_text(3720), span_text(0.25), span_text(90_000)
    ('8s', '1m35s', '1h02m', '250ms', '1d01h')
    """
    if 0 < seconds < 0.9995:
        return f"{seconds * _MS_PER_S:.0f}ms"
    whole_s = round(seconds)
    if whole_s < 60:
        return f"{whole_s}s"
    if whole_s < 3600:
        return f"{whole_s // 60}m{whole_s % 60:02}s" if whole_s % 60 else f"{whole_s // 60}m"
    if whole_s < 86_400:
        minutes = whole_s // 60 % 60
        return f"{whole_s // 3600}h{minutes:02}m" if minutes else f"{whole_s // 3600}h"
    hours = whole_s // 3600 % 24
    return f"{whole_s // 86_400}d{hours:02}h" if hours else f"{whole_s // 86_400}d"


def age_text(seconds: float) -> str:
    """
    Return how old something is: tenths below ten seconds.

    >>> age_text(0.42), age_text(12.3), age_text(130)
    ('0.4s', '12s', '2m10s')
    """
    return f"{max(0.0, seconds):.1f}s" if seconds < 9.95 else span_text(seconds)


def measure_text(value: float, unit: Unit) -> str:
    """
    Return what a script has measured, in its unit.

    >>> measure_text(241.3, Unit.MS), measure_text(12_300, Unit.COUNT)
    ('241ms', '12.3k')
    """
    return number_text(value) if unit is Unit.COUNT else amount_text(value, unit)


def change_text(now: float | None, before: float | None) -> str:
    """
    Return the change from *before* to *now* in percent; empty when there is nothing to compare.

    >>> change_text(112, 100), change_text(90, 100), change_text(100, None), change_text(900, 10)
    ('+12%', '-10%', '', '×90')
    """
    if now is None or not before:
        return ""
    ratio = now / before
    if ratio >= 10:
        return f"×{ratio:.0f}"
    percent = round((ratio - 1) * 100)
    return f"{percent:+d}%" if percent else "0%"
