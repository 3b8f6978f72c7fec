"""The chart in the README: requests per CPU-second, wrk's bare GET being 1."""

from collections.abc import Iterator
from html import escape

from benchmarks.results import Part, Results, Row

SHOWN = ("get", "https", "scenario")
"""The parts that are drawn."""

_WIDTH = 760
_LABEL_WIDTH = 190
_BAR_WIDTH = 500
_ROW_HEIGHT = 20
_BAR_HEIGHT = 14
_TITLE_HEIGHT = 30
_GAP = 14

# Middle tones for a page of unknown colour, better ones where it is known.
_STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #6e7781; }
.title { font-weight: 600; fill: #57606a; }
.ours { font-weight: 600; fill: #1a7f37; }
rect { fill: #8c959f; opacity: 0.55; }
rect.ours { fill: #2da44e; opacity: 1; }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1; }
  .title { fill: #d1d7e0; }
  .ours { fill: #3fb950; }
  rect { fill: #6e7681; opacity: 0.8; }
  rect.ours { fill: #2ea043; }
}
"""


def drawn(results: Results) -> str:
    """Return the chart as SVG."""
    parts = [part for key in SHOWN if (part := results.part(key)) is not None]
    lines: list[str] = []
    top = 0
    longest = max((_ratio(row) for part in parts for row in part.rows), default=1.0)
    for part in parts:
        lines.append(f'<text class="title" x="0" y="{top + 18}">{escape(_title(part))}</text>')
        top += _TITLE_HEIGHT
        for row in part.rows:
            lines.extend(_bar(row, top, width=_ratio(row) / longest * _BAR_WIDTH))
            top += _ROW_HEIGHT
        top += _GAP
    height = max(1, top - _GAP + 4)
    body = "\n".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" '
        'aria-label="Requests per CPU-second of load generators, relative to wrk">\n'
        f"<style>{_STYLE}</style>\n{body}\n</svg>\n"
    )


def _title(part: Part) -> str:
    (reference,) = [column for column in part.columns if column.key == "to_reference"]
    return f"{part.title}: requests per CPU-second, {reference.heading}"


def _ratio(row: Row) -> float:
    return row.figures["to_reference"].median


def _bar(row: Row, top: int, *, width: float) -> Iterator[str]:
    kind = ' class="ours"' if row.name.startswith("vumeter") else ""
    y = top + (_ROW_HEIGHT + _BAR_HEIGHT) // 2 - 4
    name = escape(row.name)
    yield f'<text{kind} x="{_LABEL_WIDTH - 8}" y="{y}" text-anchor="end">{name}</text>'
    yield (
        f'<rect{kind} x="{_LABEL_WIDTH}" y="{top + 3}" '
        f'width="{width:.1f}" height="{_BAR_HEIGHT}" rx="2"/>'
    )
    yield f'<text{kind} x="{_LABEL_WIDTH + width + 6:.1f}" y="{y}">{_ratio(row):.2f}</text>'
