"""Numbers of thresholds with their units: as they are written, and as they are shown."""

import re
from collections.abc import Callable

from vumeter.errors import UsageError
from vumeter.model.metric import Unit
from vumeter.units import duration_text, parse_duration_s, parse_rate_per_s

_BARE = re.compile(r"\d+(?:\.\d+)?(?:[eE]-?\d+)?|\.\d+")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")
_COUNT = re.compile(r"(\d+(?:\.\d+)?)([kM]?)")
_BYTES = re.compile(r"(\d+(?:\.\d+)?)(B|kB|KB|MB|GB|KiB|MiB|GiB)")
_COUNT_FACTORS = {"": 1, "k": 1_000, "M": 1_000_000}
_BYTE_FACTORS = {
    "B": 1,
    "kB": 1_000,
    "KB": 1_000,
    "MB": 1_000_000,
    "GB": 1_000_000_000,
    "KiB": 1_024,
    "MiB": 1_048_576,
    "GiB": 1_073_741_824,
}

EXAMPLES: dict[Unit, str] = {
    Unit.MS: 'a time, for example "300ms" or "1.5s"; a bare number is ms',
    Unit.RATIO: 'a share, for example "1%" or "0.01"',
    Unit.PERCENT: 'a percentage, for example "80%"',
    Unit.COUNT: 'a number, for example "100" or "10k"',
    Unit.PER_S: 'a rate, for example "50/s" or "90/m"; a bare number is per second',
    Unit.BYTES: 'a size, for example "10MB"; a bare number is bytes',
    Unit.BYTES_PER_S: 'a rate, for example "2MB/s"; a bare number is bytes per second',
}
"""What a value of each unit is, and how it is written."""


def parse_amount(text: str, unit: Unit) -> float | None:
    """
    Return the number that *text* stands for in *unit*; `None`: it is no such thing.

    >>> parse_amount("1.5s", Unit.MS), parse_amount("1%", Unit.RATIO), parse_amount("5%", Unit.MS)
    (1500.0, 0.01, None)
    """
    if _BARE.fullmatch(text):
        value = float(text)
        # A bare share above 1 can only be a percentage whose sign is missing.
        return None if unit is Unit.RATIO and value > 1 else value
    return _READERS[unit](text)


def _ms(text: str) -> float | None:
    try:
        return round(parse_duration_s(text) * 1000, 6)
    except UsageError:
        return None


def _ratio(text: str) -> float | None:
    match = _PERCENT.fullmatch(text)
    return float(match[1]) / 100 if match and float(match[1]) <= 100 else None


def _percent(text: str) -> float | None:
    match = _PERCENT.fullmatch(text)
    return float(match[1]) if match else None


def _count(text: str) -> float | None:
    match = _COUNT.fullmatch(text)
    return float(match[1]) * _COUNT_FACTORS[match[2]] if match else None


def _per_s(text: str) -> float | None:
    try:
        return parse_rate_per_s(text)
    except UsageError:
        return None


def _bytes(text: str) -> float | None:
    match = _BYTES.fullmatch(text)
    return float(match[1]) * _BYTE_FACTORS[match[2]] if match else None


def _bytes_per_s(text: str) -> float | None:
    return _bytes(text.removesuffix("/s"))


_READERS: dict[Unit, Callable[[str], float | None]] = {
    Unit.MS: _ms,
    Unit.RATIO: _ratio,
    Unit.PERCENT: _percent,
    Unit.COUNT: _count,
    Unit.PER_S: _per_s,
    Unit.BYTES: _bytes,
    Unit.BYTES_PER_S: _bytes_per_s,
}


def amount_text(value: float, unit: Unit) -> str:
    """
    Return *value* to three digits or more, with its unit.

    >>> amount_text(241.3, Unit.MS), amount_text(0.00121, Unit.RATIO), amount_text(90, Unit.PERCENT)
    ('241ms', '0.121%', '90%')
    """
    return _WRITERS[unit](value)


def _ms_text(ms: float) -> str:
    if ms < 1:
        return f"{_digits(ms * 1000)}µs"
    if ms < 1000:
        return f"{_digits(ms)}ms"
    return f"{_digits(ms / 1000)}s" if ms < 60_000 else duration_text(ms / 1000)


def _bytes_text(number: float) -> str:
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= factor:
            return f"{_digits(number / factor)}{unit}"
    return f"{_digits(number)}B"


def _digits(value: float) -> str:
    """Three significant digits, and all of those before the point; no needless zeros."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


_WRITERS: dict[Unit, Callable[[float], str]] = {
    Unit.MS: _ms_text,
    Unit.RATIO: lambda value: f"{_digits(value * 100)}%",
    Unit.PERCENT: lambda value: f"{_digits(value)}%",
    Unit.COUNT: _digits,
    Unit.PER_S: lambda value: f"{_digits(value)}/s",
    Unit.BYTES: _bytes_text,
    Unit.BYTES_PER_S: lambda value: f"{_bytes_text(value)}/s",
}
