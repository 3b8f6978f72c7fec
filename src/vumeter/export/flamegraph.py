"""
A flame graph as an SVG picture, without a script: B. Gregg, "The Flame Graph", CACM 59(6), 2016.

Each box is a function on top of the one that called it, as wide as its share of the samples.
A browser shows the whole name and the numbers of the box under the pointer.
"""

import zlib
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from vumeter.model.flame import Flame
from vumeter.stats.plaintext import plain
from vumeter.stats.stacks import Box, boxes, stacks_of
from vumeter.units import duration_text

_WIDTH = 1200
_MARGIN = 10
_ROW = 17
_HEAD = 46
_LETTER = 6.6
"""The width of a letter, with which names are cut; a box may be wider or narrower for it."""
_NARROWEST = 0.3
"""Boxes below it, a third of a pixel, cannot be seen and are left out."""
_LEAST_LETTERS = 3


def svg(flame: Flame) -> Iterator[str]:
    """Yield the lines of the picture."""
    stacks = stacks_of(flame.stacks)
    samples = sum(stack.samples for stack in stacks)
    scale = (_WIDTH - 2 * _MARGIN) / max(1, samples)
    shown = [box for box in boxes(stacks) if box.samples * scale >= _NARROWEST]
    height = _HEAD + _ROW * (1 + max((box.depth for box in shown), default=0)) + _MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-size="11" '
        'font-family="ui-monospace,DejaVu Sans Mono,Menlo,Consolas,monospace">\n'
    )
    heading = f"pid {flame.pid} {flame.title}".rstrip()
    yield f"<title>{escape(plain(heading))}</title>\n"
    yield '<rect width="100%" height="100%" fill="#ffffff"/>\n'
    yield f'<text x="{_MARGIN}" y="18" font-size="14">{escape(plain(heading))}</text>\n'
    yield f'<text x="{_MARGIN}" y="36" fill="#555555">{escape(plain(_words(flame)))}</text>\n'
    for box in shown:
        yield _box(box, samples=samples, scale=scale, height=height)
    yield "</svg>\n"


def _words(flame: Flame) -> str:
    words = (
        f"{flame.samples} samples in {duration_text(flame.duration_s)} at {flame.rate_per_s:g}/s, "
        f"from {flame.second:.0f} s of the run on; threads that wait are left out"
    )
    return f"{words}. {flame.remark}" if flame.remark else words


def _box(box: Box, *, samples: int, scale: float, height: int) -> str:
    x, width = _MARGIN + box.start * scale, box.samples * scale
    y = height - _MARGIN - _ROW * (box.depth + 1)
    share = f"{100 * box.samples / samples:.1f} %"
    told = f"{box.name}: {box.samples} samples, {share}; {box.own} of its own"
    letters = int((width - 4) / _LETTER)
    name = plain(box.name)
    if letters < len(name):
        name = f"{name[: letters - 1]}…" if letters >= _LEAST_LETTERS else ""
    label = f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(name)}</text>' if name else ""
    return (
        f"<g><title>{escape(plain(told))}</title>"
        f'<rect x="{x:.1f}" y="{y}" width="{width:.2f}" height="{_ROW - 1}" '
        f"fill={quoteattr(_colour(box.name))}/>{label}</g>\n"
    )


def _colour(name: str) -> str:
    """Return a warm colour that is the same wherever *name* stands."""
    mixed = zlib.crc32(name.encode(errors="replace"))
    return f"hsl({20 + mixed % 35} {75 + mixed // 64 % 20}% {66 + mixed // 4096 % 14}%)"
