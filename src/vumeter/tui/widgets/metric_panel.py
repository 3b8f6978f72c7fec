"""What scripts measure of their own, a metric a row."""

from collections.abc import Sequence

from vumeter.model.frame import MetricRow
from vumeter.model.metric import Kind
from vumeter.tui.format import measure_text, number_text, percent_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, Part, joined
from vumeter.tui.widgets.panel import FramePanel, pair, rule, title

_NAME_WIDTHS = (28, 16)
_WIDE = 100


class MetricPanel(FramePanel):
    """Each metric with what was added to it in the last ten seconds, and in all."""

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and as many metrics as fit."""
        metrics = () if self.frame is None else self.frame.metrics
        return metric_lines(metrics, width=width, height=height, look=self.look)


def metric_lines(
    metrics: Sequence[MetricRow], *, width: int, height: int, look: Look
) -> list[Line]:
    """Return the panel's lines."""
    shown = metrics[: max(0, height - 1)]
    hidden = len(metrics) - len(shown)
    widest = _NAME_WIDTHS[0] if width >= _WIDE else _NAME_WIDTHS[1]
    name_width = min(widest, max((len(metric.name) for metric in shown), default=0))
    parts = [title(look, "metrics"), (1, Line(look).add("of the script, 10s", Ink.DIM))]
    head = rule(look, width, parts, right=f"+{hidden} more" if hidden else "")
    return [head, *(_row(metric, name_width, width=width, look=look) for metric in shown)]


def _row(metric: MetricRow, name_width: int, *, width: int, look: Look) -> Line:
    line = Line(look).add(" ").add_fitted(metric.name, name_width, Ink.STRONG).add("  ")
    if not metric.total:
        return line.add("nothing was added yet", Ink.DIM).crop_to(width)
    parts = _PARTS[metric.kind](metric, look)
    return line.extend(joined(parts, width - line.width, look))


def _counter(metric: MetricRow, look: Look) -> list[Part]:
    rate = Line(look).add(measure_text(metric.window["rate"], metric.unit), Ink.VALUE)
    in_all = measure_text(metric.total["count"], metric.unit)
    return [(0, rate.add("/s", Ink.DIM)), (1, pair(look, "total", in_all))]


def _rate(metric: MetricRow, look: Look) -> list[Part]:
    if not metric.window:
        return [(0, _quiet(look)), (1, pair(look, "total", percent_text(metric.total["rate"])))]
    samples = metric.window["passes"] + metric.window["fails"]
    return [
        (0, Line(look).add(percent_text(metric.window["rate"]), Ink.VALUE)),
        (2, pair(look, "of", number_text(samples))),
        (1, pair(look, "total", percent_text(metric.total["rate"]))),
    ]


def _trend(metric: MetricRow, look: Look) -> list[Part]:
    values = metric.window

    def figure(rank: int, label: str, aggregate: str) -> Part:
        return rank, pair(look, label, measure_text(values[aggregate], metric.unit))

    if not values:
        return [(0, _quiet(look)), (1, pair(look, "total", number_text(metric.total["count"])))]
    return [
        figure(3, "avg", "avg"),
        figure(1, "p50", "med"),
        figure(0, "p95", "p(95)"),
        figure(1, "p99", "p(99)"),
        figure(2, "max", "max"),
        (4, pair(look, "of", number_text(values["count"]))),
    ]


def _gauge(metric: MetricRow, look: Look) -> list[Part]:
    # What it was set to holds, however long ago that was.
    values = metric.total
    return [
        (0, Line(look).add(measure_text(values["value"], metric.unit), Ink.VALUE)),
        (1, pair(look, "min", measure_text(values["min"], metric.unit))),
        (1, pair(look, "max", measure_text(values["max"], metric.unit))),
    ]


def _quiet(look: Look) -> Line:
    return Line(look).add("nothing in 10s", Ink.DIM)


_PARTS = {
    Kind.COUNTER: _counter,
    Kind.RATE: _rate,
    Kind.TREND: _trend,
    Kind.GAUGE: _gauge,
}
