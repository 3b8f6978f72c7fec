"""The characters that the cockpit is drawn with, in three sets: braille, block and ASCII."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class GlyphSet(StrEnum):
    """Which characters the terminal's font can be trusted with."""

    BRAILLE = "braille"
    BLOCK = "block"
    """Code page 437, as the Linux console's font has it: no braille, no eighth blocks."""
    ASCII = "ascii"


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """One set of characters. Every string but *good* and *levels* is one cell wide."""

    set: GlyphSet
    good: str
    warn: str
    bad: str
    unknown: str
    down: str
    to: str
    """From the actual to the requested value of a throttle."""
    blocked_by: str
    rule: str
    divider: str
    tee: str
    cross: str
    target: str
    tick: str
    """Stands at the second that a label of the time axis names."""
    mark: str
    action: str
    selected: str
    ellipsis: str
    limited: str
    bar: str
    bar_rest: str
    bar_target: str
    """Where a bar meets what it is compared with."""
    share: str
    """Fills a part of a bar behind the part's name."""
    levels: str
    """From empty to full, for one cell of a vertical bar."""
    error_fill: str
    error_mark: str
    """Stands above a column with too few errors to be seen as a part of it."""
    band: str
    delta: str
    placeholder: str
    """Stands for a character that must not, or cannot, be shown."""


_BRAILLE = Glyphs(
    set=GlyphSet.BRAILLE,
    good="✓",
    warn="!",
    bad="✗",
    unknown="–",
    down="▼",
    to="▸",
    blocked_by="←",
    rule="─",
    divider="│",
    tee="┬",
    cross="┼",
    target="┄",
    tick="╵",
    mark="┆",
    action="▲",
    selected="▸",
    ellipsis="…",
    limited="▒",
    bar="━",
    bar_rest="─",
    bar_target="┃",
    share="━",
    levels=" ▁▂▃▄▅▆▇█",
    error_fill="▓",
    error_mark="×",
    band="░",
    delta="Δ",
    placeholder="·",
)

_BLOCK = Glyphs(
    set=GlyphSet.BLOCK,
    good="√",
    warn="!",
    bad="X",
    unknown="-",
    down="▼",
    to="►",
    blocked_by="←",
    rule="─",
    divider="│",
    tee="┬",
    cross="┼",
    target="─",
    tick="│",
    mark="│",
    action="▲",
    selected="►",
    ellipsis="~",
    limited="▒",
    bar="█",
    bar_rest="░",
    bar_target="│",
    share="▄",
    levels=" ▄█",
    error_fill="▓",
    error_mark="x",
    band="░",
    delta="+/-",
    placeholder="·",
)

_ASCII = Glyphs(
    set=GlyphSet.ASCII,
    good="ok",
    warn="!",
    bad="X",
    unknown="-",
    down="v",
    to=">",
    blocked_by="<",
    rule="-",
    divider="|",
    tee="+",
    cross="+",
    target="-",
    tick="'",
    mark="|",
    action="^",
    selected=">",
    ellipsis="~",
    limited="g",
    bar="#",
    bar_rest=".",
    bar_target="|",
    share="=",
    levels=" _#",
    error_fill="x",
    error_mark="x",
    band=":",
    delta="+/-",
    placeholder="?",
)

GLYPHS: Mapping[GlyphSet, Glyphs] = {
    GlyphSet.BRAILLE: _BRAILLE,
    GlyphSet.BLOCK: _BLOCK,
    GlyphSet.ASCII: _ASCII,
}
