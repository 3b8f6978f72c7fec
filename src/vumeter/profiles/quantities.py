"""What people write with units, as pydantic types; every complaint names the value and the way."""

import math
import re
from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from vumeter.errors import UsageError
from vumeter.model.plan import AUTO
from vumeter.profiles.problems import quoted
from vumeter.units import parse_count, parse_duration_s, parse_rate_per_s, parse_size_bytes

NumberT = TypeVar("NumberT", int, float)

NO_END = "none"
_PERCENTAGE = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def refusal(message: str, *, hint: str = "") -> PydanticCustomError:
    """Return the error that a validator raises: *message* and *hint* as a person reads them."""
    return PydanticCustomError("vumeter", "{text}", {"text": message, "hint": hint})


def duration_s(value: object) -> float:
    """Return the seconds in a duration as a profile has it: text with a unit."""
    if not isinstance(value, str) or re.fullmatch(r"\s*\d+(\.\d+)?\s*", value):
        raise _without_unit(value, example='"30s", "5m" or "1h30m"')
    return _parsed(parse_duration_s, value)


def end_s(value: object) -> float:
    """Return the seconds in a duration, or infinity for "none"."""
    return math.inf if value == NO_END else duration_s(value)


def rate_per_s(value: object) -> float:
    """Return the rate in a text such as "40/s", "90/m"."""
    if not isinstance(value, str) or "/" not in value:
        raise _without_unit(value, example='"40/s" for each second, or "40/m" for each minute')
    return _parsed(parse_rate_per_s, value)


def count(value: object) -> int:
    """Return the whole number in *value*: 500, "500" or "10k"."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise refusal(f"{value} is below 0.")
        return value
    if not isinstance(value, str):
        raise refusal(f"{quoted(value)} is not a whole number.", hint='Write 500, or "10k".')
    return _parsed(parse_count, value)


def size_bytes(value: object) -> int:
    """Return the bytes in a text such as "512B", "10kB", "1.5MiB"."""
    if not isinstance(value, str):
        raise refusal(
            f"{quoted(value)} is not a size.", hint='Write for example "512B", "10kB" or "1MiB".'
        )
    return _parsed(parse_size_bytes, value)


def share_ratio(value: object) -> float:
    """Return the ratio, 0 to 1, in a text such as "15%"."""
    match = _PERCENTAGE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise refusal(f"{quoted(value)} is not a share.", hint='Write for example "15%".')
    return float(match[1]) / 100


def positive_share(value: object) -> float:
    """Return the ratio in *value*, as `share_ratio` reads it; 0 is refused."""
    return _above_zero(share_ratio(value))


def _parsed(parse: Callable[[str], NumberT], text: str) -> NumberT:
    try:
        return parse(text)
    except UsageError as error:
        raise refusal(error.message, hint=error.hint) from None


def _without_unit(value: object, *, example: str) -> PydanticCustomError:
    what = "has no unit" if isinstance(value, int | float | str) else "has no number and unit"
    return refusal(f"{quoted(value)} {what}.", hint=f"Write {example}.")


def _above_zero(value: NumberT) -> NumberT:
    if value <= 0:
        raise refusal("0 is too little.", hint="It has to be above 0.")
    return value


def _schema(kind: str, *, pattern: str, examples: list[str]) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "title": kind, "pattern": pattern, "examples": examples}
    )


_REFERENCE = r"\$\{"
_DURATION_SCHEMA = _schema(
    "duration", pattern=rf"^([0-9. ]+(us|µs|ms|s|m|h|d)\s*)+$|{_REFERENCE}", examples=["30s", "5m"]
)
_COUNT_SCHEMA = WithJsonSchema(
    {
        "title": "count",
        "anyOf": [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": rf"^[0-9.]+[kKmM]?$|{_REFERENCE}", "examples": ["10k"]},
        ],
    }
)

Duration = Annotated[float, BeforeValidator(duration_s), _DURATION_SCHEMA]
PositiveDuration = Annotated[
    float, BeforeValidator(lambda value: _above_zero(duration_s(value))), _DURATION_SCHEMA
]
End = Annotated[
    float,
    BeforeValidator(lambda value: _above_zero(end_s(value))),
    _schema(
        'duration or "none"',
        pattern=rf"^([0-9. ]+(us|µs|ms|s|m|h|d)\s*)+$|^none$|{_REFERENCE}",
        examples=["10m", "none"],
    ),
]
Rate = Annotated[
    float,
    BeforeValidator(rate_per_s),
    _schema("rate", pattern=rf"^[0-9.]+[kKmM]?/[smh]$|{_REFERENCE}", examples=["40/s", "90/m"]),
]
Count = Annotated[int, BeforeValidator(count), _COUNT_SCHEMA]
PositiveCount = Annotated[
    int, BeforeValidator(lambda value: _above_zero(count(value))), _COUNT_SCHEMA
]
Size = Annotated[
    int,
    BeforeValidator(size_bytes),
    _schema("size", pattern=rf"^[0-9.]+ *([kKmMgG]i?)?[bB]$|{_REFERENCE}", examples=["10kB"]),
]
_SHARE_SCHEMA = _schema("percentage", pattern=rf"^[0-9.]+ *%$|{_REFERENCE}", examples=["15%"])
Share = Annotated[float, BeforeValidator(share_ratio), _SHARE_SCHEMA]
PositiveShare = Annotated[float, BeforeValidator(positive_share), _SHARE_SCHEMA]


def no_number(value: object) -> object:
    """Return `None` for "auto", and anything else as it is."""
    return None if value == AUTO else value


Workers = Annotated[
    int | None,
    Field(ge=1, le=64),
    BeforeValidator(no_number),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1, "maximum": 64}, {"const": AUTO}]}),
]
