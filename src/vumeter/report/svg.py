"""Panels as an SVG picture: black on white, readable in print and without the web's fonts."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from vumeter.model.metric import Unit
from vumeter.report.markup import Markup, element
from vumeter.report.numbers import clock_text
from vumeter.report.panels import Line, Panel
from vumeter.thresholds.amounts import amount_text

_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 14, 46, 28
_COLOURS = ("#0b63ce", "#d9480f", "#6f42c1", "#0f766e", "#b5179e", "#7a6a00")
_STEPS = (1, 2, 5, 10)
_TIME_STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400)
_MOST_TICKS = 6

Scale = Callable[[float], float]


def figure(panels: Sequence[Panel], *, columns: int = 1) -> str:
    """Return *panels* beside and below each other as one SVG document."""
    rows = -(-len(panels) // columns)
    width, height = _WIDTH * min(columns, len(panels)), _HEIGHT * rows
    inside = (
        element(
            "g",
            *_panel(panel),
            transform=f"translate({at % columns * _WIDTH} {at // columns * _HEIGHT})",
        )
        for at, panel in enumerate(panels)
    )
    paper = element("rect", width=str(width), height=str(height), fill="#ffffff")
    document = element(
        "svg",
        paper,
        *inside,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=str(width),
        height=str(height),
        font_family="DejaVu Sans, Verdana, sans-serif",
        font_size="12",
    )
    return f"{document}\n"


def _panel(panel: Panel) -> Iterator[Markup]:
    yield _text(panel.title, _LEFT, 18, weight="bold")
    values = [value for line in panel.lines for value in line.values if value is not None]
    if not panel.bars and not values:
        yield _text("nothing was measured", _WIDTH / 2, _HEIGHT / 2, anchor="middle")
        return
    highest = max((*panel.bars, *values))
    limits = [limit for limit in panel.limits if limit.ms < 3 * highest]
    top = max((highest, *(limit.ms for limit in limits))) * 1.06 or 1.0
    y = _linear(0, top, _HEIGHT - _BOTTOM, _TOP)
    for tick in _ticks(0, top, _step(top)):
        yield _rule(_LEFT, y(tick), _WIDTH - _RIGHT, y(tick))
        yield _text(amount_text(tick, panel.unit), _LEFT - 6, y(tick) + 4, anchor="end")
    yield from _bars(panel, y) if panel.bars else _curves(panel, y)
    for limit in limits:
        yield _rule(_LEFT, y(limit.ms), _WIDTH - _RIGHT, y(limit.ms), colour="#c4281c", dash="6 4")
        yield _text(limit.text, _WIDTH - _RIGHT, y(limit.ms) - 4, anchor="end", colour="#c4281c")


def _curves(panel: Panel, y: Scale) -> Iterator[Markup]:
    first, last = panel.xs[0], panel.xs[-1]
    x = _linear(first, last, _LEFT, _WIDTH - _RIGHT)
    step_s = next(
        (each for each in _TIME_STEPS_S if (last - first) / each <= _MOST_TICKS), _TIME_STEPS_S[-1]
    )
    for tick in _ticks(first, last, step_s):
        is_last = x(tick) > _WIDTH - _RIGHT - 30
        anchor = "end" if is_last else "middle"
        yield _text(clock_text(tick), x(tick), _HEIGHT - 9, anchor=anchor)
    place = float(_LEFT)
    for at, line in enumerate(panel.lines):
        colour = _COLOURS[at % len(_COLOURS)]
        path = " ".join(_parts(panel, line, x, y))
        yield element("path", d=path, fill="none", stroke=colour, stroke_width="1.6")
        yield _text(line.title, place, 36, colour=colour)
        place += 18 + 7.2 * len(line.title)


def _parts(panel: Panel, line: Line, x: Scale, y: Scale) -> Iterator[str]:
    """Yield a move or a line to each point; after a gap it is a move."""
    is_drawing = False
    for at, value in enumerate(line.values):
        if value is None:
            is_drawing = False
            continue
        letter = "L" if is_drawing and at not in panel.breaks else "M"
        yield f"{letter}{x(panel.xs[at]):.1f} {y(value):.1f}"
        is_drawing = True


def _bars(panel: Panel, y: Scale) -> Iterator[Markup]:
    logs = [math.log10(edge) for edge in panel.xs]
    x = _linear(logs[0], logs[-1], _LEFT, _WIDTH - _RIGHT)
    for number, (left, right) in zip(panel.bars, pairwise(logs), strict=True):
        yield element(
            "rect",
            x=f"{x(left) + 0.5:.1f}",
            y=f"{y(number):.1f}",
            width=f"{max(1.0, x(right) - x(left) - 1):.1f}",
            height=f"{y(0) - y(number):.1f}",
            fill=_COLOURS[0],
        )
    factors = (1, 2, 5) if logs[-1] - logs[0] < 2.5 else (1,)
    for power in range(math.floor(logs[0]), math.ceil(logs[-1]) + 1):
        for factor in factors:
            ms = factor * 10.0**power
            if panel.xs[0] <= ms <= panel.xs[-1]:
                text = amount_text(ms, Unit.MS)
                yield _text(text, x(math.log10(ms)), _HEIGHT - 9, anchor="middle")


def _linear(low: float, high: float, start: float, end: float) -> Scale:
    span = high - low or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def _step(top: float) -> float:
    rough = top / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in _STEPS if factor * power >= rough)


def _ticks(low: float, high: float, step: float) -> Iterator[float]:
    first = math.ceil(low / step)
    return (number * step for number in range(first, math.floor(high / step + 1e-9) + 1))


def _rule(
    x1: float, y1: float, x2: float, y2: float, *, colour: str = "#d5dae0", dash: str | None = None
) -> Markup:
    places = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    written = {name: f"{value:.1f}" for name, value in places.items()}
    return element("line", stroke=colour, stroke_dasharray=dash, **written)


def _text(
    text: str,
    x: float,
    y: float,
    *,
    anchor: str | None = None,
    colour: str = "#1b1f24",
    weight: str | None = None,
) -> Markup:
    return element(
        "text",
        text,
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        text_anchor=anchor,
        fill=colour,
        font_weight=weight,
    )
