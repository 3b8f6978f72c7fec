"""What of a second is of which target, where a run has two. Pure."""

from collections.abc import Iterator

from msgspec.structs import replace

from vumeter.model.measure import Reading
from vumeter.model.plan import Variant, Variants
from vumeter.profiles.variants import turn

_ORDER = tuple(Variant)


def prefix(variant: Variant) -> str:
    """Return what the names of its requests begin with: its group's name."""
    return f"{variant.value} / "


def shares(
    reading: Reading, variants: Variants, *, until_s: float
) -> Iterator[tuple[int, Reading, int]]:
    """
    Yield what *reading* has of each target: which of the two, its part, and its place.

    Of turns a place is that of a pair of them, and the beginning of each is in none: connections
    are opened then, and the other one's last requests are under way. From *until_s* on somebody
    has moved the load, and whose turn it is nobody knows.
    """
    if not variants.block_s:
        for at, variant in enumerate(_ORDER):
            yield at, _part(reading, variant), reading.second
        return
    if reading.second + reading.span_s > until_s:
        return
    block, within_s = divmod(reading.second, round(variants.block_s))
    if within_s >= variants.warm_up_s:
        variant = turn(block)
        yield _ORDER.index(variant), _part(reading, variant), block // 2


def _part(reading: Reading, variant: Variant) -> Reading:
    begins, ends = prefix(variant), f"-{variant.value}"
    return replace(
        reading,
        tallies={
            name.removeprefix(begins): tally
            for name, tally in reading.tallies.items()
            if name.startswith(begins)
        },
        scenarios={
            name: counts
            for name, counts in reading.scenarios.items()
            if name == variant.value or name.endswith(ends)
        },
    )
