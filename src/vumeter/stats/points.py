"""Chart points, packed so that days of them stay small."""

from struct import Struct
from sys import getsizeof
from typing import Any

from vumeter.model.frame import Point

_ABSENT_US = 0xFFFF_FFFF
"""Above the histogram's top, so no latency can be mistaken for it."""

_ABSENT_RATE = -1.0

_PACKED = Struct("<IqIIIIIIIddI?")
"""The fields of `Point`, in its order, but for the span, which all points of a log share."""


class PointLog:
    """
    A list of points of one span, to which newer ones are added.

    A point takes 61 bytes here. As an object it would be about 370 bytes.

    Args:
        span_s: How many seconds each point is of.
        kept: How many points are kept; the oldest go first. `None`: all.
    """

    def __init__(self, *, span_s: int = 1, kept: int | None = None) -> None:
        self._span_s = span_s
        self._kept = kept
        self._bytes = bytearray()

    def __len__(self) -> int:
        return len(self._bytes) // _PACKED.size

    @property
    def size_bytes(self) -> int:
        """What the log takes in memory, the reserve that it grows into included."""
        return getsizeof(self._bytes)

    def append(self, point: Point) -> None:
        """Add *point*, whose second is after that of all points before it."""
        self._bytes += _PACKED.pack(
            point.second,
            point.at_unix_ms,
            point.requests,
            point.errors,
            *(_or_absent(us) for us in (point.p50_us, point.p95_us, point.p99_us, point.max_us)),
            point.vus,
            point.vus_target,
            _ABSENT_RATE if point.rate_target_per_s is None else point.rate_target_per_s,
            point.dropped,
            point.generator_limited,
        )
        if self._kept is not None and len(self) > self._kept:
            # A bytearray only moves its beginning: this costs the same at any length.
            del self._bytes[: _PACKED.size]

    def between(self, from_second: int, to_second: int | None = None) -> tuple[Point, ...]:
        """
        Return the points that begin at *from_second* or later, oldest first; about 1 µs each.

        With *to_second* only those that begin before it.
        """
        first = self._position(from_second) * _PACKED.size
        last = len(self._bytes) if to_second is None else self._position(to_second) * _PACKED.size
        with memoryview(self._bytes) as view:
            return tuple(
                _unpacked(fields, self._span_s)
                for fields in _PACKED.iter_unpack(view[first : max(first, last)])
            )

    def _position(self, second: int) -> int:
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if _PACKED.unpack_from(self._bytes, middle * _PACKED.size)[0] < second:
                low = middle + 1
            else:
                high = middle
        return low


def _or_absent(us: int | None) -> int:
    return _ABSENT_US if us is None else us


def _or_none(us: int) -> int | None:
    return None if us == _ABSENT_US else us


def _unpacked(fields: tuple[Any, ...], span_s: int) -> Point:
    (
        second,
        at_unix_ms,
        requests,
        errors,
        p50,
        p95,
        p99,
        top,
        vus,
        target,
        rate,
        dropped,
        limited,
    ) = fields
    return Point(
        second=second,
        at_unix_ms=at_unix_ms,
        requests=requests,
        errors=errors,
        p50_us=_or_none(p50),
        p95_us=_or_none(p95),
        p99_us=_or_none(p99),
        max_us=_or_none(top),
        vus=vus,
        vus_target=target,
        rate_target_per_s=None if rate == _ABSENT_RATE else rate,
        dropped=dropped,
        generator_limited=limited,
        span_s=span_s,
    )
