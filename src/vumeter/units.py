"""Numbers with units, as people write and read them: "250ms", "40/s", "10k", "1.5MiB"."""

import re

from vumeter.errors import UsageError

_SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(us|µs|ms|s|m|h|d)")
_COUNT = re.compile(r"(\d+(?:\.\d+)?)([kKmM]?)")
_RATE = re.compile(r"(\d+(?:\.\d+)?[kKmM]?)(?:/(s|m|h))?")
_COUNT_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmMgG]i?)?[bB]")
_SIZE_FACTORS = {
    "": 1,
    "k": 1000,
    "ki": 1024,
    "m": 1000**2,
    "mi": 1024**2,
    "g": 1000**3,
    "gi": 1024**3,
}


def parse_duration_s(text: str) -> float:
    """
    Return the seconds in *text*: "250ms", "10s", "5m", "1h30m"; a bare number is seconds.

    Raises:
        UsageError: *text* is not a duration, or has an unknown unit.

    >>> parse_duration_s("1h30m")
    5400.0
    """
    compact = text.strip().lower().replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", compact):
        return float(compact)
    parts = _DURATION_PART.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise UsageError(
            f'"{text}" is not a duration.',
            hint='Write a number and a unit, for example "250ms", "10s", "5m" or "1h30m".',
        )
    return float(sum(float(number) * _SECONDS[unit] for number, unit in parts))


def parse_count(text: str) -> int:
    """
    Return the whole number in *text*: "500", "10k", "1.5M".

    Raises:
        UsageError: *text* is not a whole number.

    >>> parse_count("10k")
    10000
    """
    match = _COUNT.fullmatch(text.strip())
    value = float(match[1]) * _COUNT_FACTORS[match[2].lower()] if match else 0.5
    if value != int(value):
        raise UsageError(
            f'"{text}" is not a whole number.', hint='Write for example "500", "10k" or "1.5M".'
        )
    return int(value)


def parse_rate_per_s(text: str) -> float:
    """
    Return the rate in *text* per second: "500", "40/s", "1.5k/s", "90/m".

    Raises:
        UsageError: *text* is not a rate.

    >>> parse_rate_per_s("90/m")
    1.5
    """
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f'"{text}" is not a rate.', hint='Write for example "500", "40/s" or "90/m".'
        )
    number = _COUNT.fullmatch(match[1])
    assert number is not None, "the rate's pattern contains the count's"
    return float(number[1]) * _COUNT_FACTORS[number[2].lower()] / _SECONDS[match[2] or "s"]


def parse_size_bytes(text: str) -> int:
    """
    Return the bytes in *text*: "512B", "10kB", "1.5MiB".

    Raises:
        UsageError: *text* is not a size.

    >>> parse_size_bytes("1.5MiB")
    1572864
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f'"{text}" is not a size.', hint='Write for example "512B", "10kB" or "1MiB".'
        )
    return round(float(match[1]) * _SIZE_FACTORS[(match[2] or "").lower()])


def size_text(size_bytes: int) -> str:
    """
    Return *size_bytes* as a person writes them, and exactly so.

    >>> size_text(190_000_000), size_text(1_024)
    ('190MB', '1024B')
    """
    for unit, factor in (("GB", 1000**3), ("MB", 1000**2), ("kB", 1000)):
        if size_bytes and size_bytes % factor == 0:
            return f"{size_bytes // factor}{unit}"
    return f"{size_bytes}B"


def duration_text(seconds: float) -> str:
    """
    Return *seconds* as a person writes them, to the second above one minute.

    >>> duration_text(5400), duration_text(0.25), duration_text(75)
    ('1h30m', '250ms', '1m15s')
    """
    if seconds < 1:
        return f"{seconds * 1000:g}ms"
    if seconds < 60:
        return f"{seconds:g}s"
    minutes, rest_s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest_s, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)
