"""
A reading as a few kilobytes, and back.

Almost all of a reading is buckets of histograms. They are taken out of it and written as
two long lists, of all gaps between buckets and of all numbers in them: small numbers beside
their like. A minute of 20 endpoints and 60,000 requests takes 25 kB so, a second 2 kB; left in
their places and given to zlib the same buckets take 114 kB and 4 kB.
"""

import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from vumeter.errors import StoreError
from vumeter.model.balance import Balance
from vumeter.model.measure import Added, Histogram, Reading, Tally, Timings, TrendSum
from vumeter.model.spike import Spike
from vumeter.stats.sofar import Totals
from vumeter.stats.summary import SummaryBuilder

ValueT = TypeVar("ValueT")

_WINDOW_BITS = -15
"""Deflate's window, without a header and a checksum."""
_MEMORY_LEVEL = 7
"""A table of codes for every 8,192 numbers."""


class _Packed(Struct, frozen=True, array_like=True):
    """Each part is deflated msgpack."""

    bare: bytes
    """The reading with empty histograms, and how many buckets each of them has."""
    gaps: bytes
    """Of each histogram its first bucket, and how far each is from the one before it."""
    numbers: bytes
    """How many values are in each of these buckets."""


_encoded = msgspec.msgpack.Encoder().encode
_decoded = msgspec.msgpack.Decoder(_Packed).decode
_bare_decoded = msgspec.msgpack.Decoder(tuple[Reading, list[int]]).decode
_numbers_decoded = msgspec.msgpack.Decoder(list[int]).decode


class _PackedTotals(Struct, frozen=True, array_like=True):
    whole: bytes
    builder: bytes
    late_snapshots: int


_totals_decoded = msgspec.msgpack.Decoder(_PackedTotals).decode
_builder_decoded = msgspec.msgpack.Decoder(SummaryBuilder).decode
_spike_decoded = msgspec.msgpack.Decoder(Spike).decode
_balance_decoded = msgspec.msgpack.Decoder(Balance).decode


def packed(reading: Reading) -> bytes:
    """Return *reading* as bytes."""
    sizes: list[int] = []
    gaps: list[int] = []
    numbers: list[int] = []

    def empty(histogram: Histogram) -> Histogram:
        counts = histogram.counts
        sizes.append(len(counts))
        before = 0
        for index in sorted(counts):
            gaps.append(index - before)
            numbers.append(counts[index])
            before = index
        return replace(histogram, counts={})

    bare = _with_histograms(reading, empty)
    # There are no phrases in lists of numbers, only runs of the same.
    return _encoded(
        _Packed(
            bare=_deflated((bare, sizes), zlib.Z_DEFAULT_STRATEGY),
            gaps=_deflated(gaps, zlib.Z_RLE),
            numbers=_deflated(numbers, zlib.Z_RLE),
        )
    )


def unpacked(content: bytes) -> Reading:
    """
    Return what `packed` was given.

    Raises:
        StoreError: It is something else.
    """
    try:
        found = _decoded(content)
        bare, sizes = _bare_decoded(_inflated(found.bare))
        size = iter(sizes)
        gaps = iter(_numbers_decoded(_inflated(found.gaps)))
        numbers = iter(_numbers_decoded(_inflated(found.numbers)))
        return _with_histograms(bare, lambda it: _filled(it, next(size), gaps, numbers))
    except (zlib.error, msgspec.MsgspecError, ValueError) as error:
        raise StoreError(f"A reading in the store cannot be read: {error}.") from error


def without_times(content: bytes) -> Reading:
    """
    Return what `packed` was given, all histograms empty: a tenth of the work of `unpacked`.

    Raises:
        StoreError: It is something else.
    """
    try:
        bare, _ = _bare_decoded(_inflated(_decoded(content).bare))
    except (zlib.error, msgspec.MsgspecError) as error:
        raise StoreError(f"A reading in the store cannot be read: {error}.") from error
    return bare


def packed_spike(spike: Spike) -> bytes:
    """Return *spike* as bytes: some 6 kB with 20 endpoints."""
    return _deflated(spike, zlib.Z_DEFAULT_STRATEGY)


def unpacked_spike(content: bytes) -> Spike:
    """
    Return what `packed_spike` was given.

    Raises:
        StoreError: It is something else.
    """
    return _read(content, _spike_decoded, "A snapshot in the store")


def packed_text(text: str) -> bytes:
    """Return *text* as bytes: stacks of a second of a busy server, 20 kB, come to 2 kB."""
    return _deflated(text, zlib.Z_DEFAULT_STRATEGY)


def unpacked_text(content: bytes) -> str:
    """
    Return what `packed_text` was given.

    Raises:
        StoreError: It is something else.
    """
    try:
        return msgspec.msgpack.decode(_inflated(content), type=str)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise StoreError(f"A text in the store cannot be read: {error}.") from error


def packed_totals(totals: Totals) -> bytes:
    """Return *totals* as bytes."""
    return _encoded(
        _PackedTotals(
            whole=packed(totals.whole),
            builder=_deflated(totals.builder, zlib.Z_DEFAULT_STRATEGY),
            late_snapshots=totals.late_snapshots,
        )
    )


def unpacked_totals(content: bytes) -> Totals:
    """
    Return what `packed_totals` was given.

    Raises:
        StoreError: It is something else.
    """
    try:
        found = _totals_decoded(content)
        builder = _builder_decoded(_inflated(found.builder))
    except (zlib.error, msgspec.MsgspecError) as error:
        raise StoreError(f"What the run came to cannot be read: {error}.") from error
    return Totals(whole=unpacked(found.whole), builder=builder, late_snapshots=found.late_snapshots)


def packed_balance(balance: Balance) -> bytes:
    """Return *balance* as bytes: some 2 kB with 20 endpoints."""
    return _deflated(balance, zlib.Z_DEFAULT_STRATEGY)


def unpacked_balance(content: bytes) -> Balance:
    """
    Return what `packed_balance` was given.

    Raises:
        StoreError: It is something else.
    """
    return _read(content, _balance_decoded, "What the run had come to")


def _deflated(value: object, strategy: int) -> bytes:
    deflate = zlib.compressobj(
        zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL, strategy
    )
    return deflate.compress(_encoded(value)) + deflate.flush()


def _read(content: bytes, decoded: Callable[[bytes], ValueT], what: str) -> ValueT:
    try:
        return decoded(_inflated(content))
    except (zlib.error, msgspec.MsgspecError) as error:
        raise StoreError(f"{what} cannot be read: {error}.") from error


def _inflated(content: bytes) -> bytes:
    return zlib.decompress(content, _WINDOW_BITS)


def _filled(
    histogram: Histogram, size: int, gaps: Iterator[int], numbers: Iterator[int]
) -> Histogram:
    counts: dict[int, int] = {}
    index = 0
    for gap, number in zip(islice(gaps, size), islice(numbers, size), strict=True):
        index += gap
        counts[index] = number
    return replace(histogram, counts=counts)


def _with_histograms(reading: Reading, change: Callable[[Histogram], Histogram]) -> Reading:
    """Return *reading* with each of its histograms changed, always in the same order."""
    return replace(
        reading,
        tallies={name: _with_times(tally, change) for name, tally in reading.tallies.items()},
        scenarios={
            name: replace(counts, iteration_duration=change(counts.iteration_duration))
            for name, counts in reading.scenarios.items()
        },
        metrics={name: _with_values(added, change) for name, added in reading.metrics.items()},
    )


def _with_times(tally: Tally, change: Callable[[Histogram], Histogram]) -> Tally:
    timings = tally.timings
    return replace(
        tally,
        service=change(tally.service),
        response=None if tally.response is None else change(tally.response),
        timings=None
        if timings is None
        else Timings(**{name: change(getattr(timings, name)) for name in _PHASES}),
    )


_PHASES = Timings.__struct_fields__


def _with_values(added: Added, change: Callable[[Histogram], Histogram]) -> Added:
    return TrendSum(values=change(added.values)) if isinstance(added, TrendSum) else added
