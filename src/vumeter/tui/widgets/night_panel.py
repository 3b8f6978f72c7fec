"""The night's page: what the one who comes in the morning must know, in the order of its weight."""

from collections.abc import Iterable, Sequence

from vumeter.model.alert import AlertLevel
from vumeter.model.frame import Event, EventLevel, Frame
from vumeter.model.verdict import AlertState, Standing, Verdict
from vumeter.thresholds.words import observed_text, short_text
from vumeter.tui.columns import Column
from vumeter.tui.format import (
    change_text,
    latency_text,
    local_text,
    measure_text,
    number_text,
    percent_text,
    span_text,
)
from vumeter.tui.history import History
from vumeter.tui.night import MINUTE_S, Night, Stretch, night_of
from vumeter.tui.terminal import DEFAULT_LOOK, Ink, Look
from vumeter.tui.widgets.axis import run_time_text
from vumeter.tui.widgets.chart import EVENT_INKS, event_glyph
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import FramePanel, pair, rule, sentence, title
from vumeter.tui.widgets.status_row import signal, threshold_health

_LABEL_WIDTH = 12
_MOMENT_WIDTH = 23
_STRETCHES_SHOWN = 3
_LATENCIES = ("p50", "p95", "p99")


class NightPanel(FramePanel):
    """
    The slowest minute, drift, outages, what was crossed, and the events, scrolled by a line.

    Args:
        history: The run's points. Whoever owns it adds to it before calling `show`.
        look: What to draw with.
    """

    def __init__(
        self,
        history: History,
        *,
        look: Look = DEFAULT_LOOK,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(look=look, id=id)
        self._history = history
        self._top = self._lowest_top = 0

    def scroll_lines(self, lines: int) -> None:
        """Show what is so many lines further down."""
        self._top = min(max(self._top + lines, 0), self._lowest_top)
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and the lines in view."""
        if self.frame is None:
            return []
        night = night_of(self._history)
        happenings = self._history.happenings
        whole = night_lines(night, self.frame, happenings, look=self.look)
        lines = [line.crop_to(width) for line in whole]
        self._lowest_top = max(0, len(lines) - height + 1)
        self._top = min(self._top, self._lowest_top)
        below = len(lines) - self._top - (height - 1)
        right = f"{below} more: arrow down" if below > 0 else "w goes to the slowest minute"
        names = "by the minute" if night.is_exact else "the worst part of each minute"
        heading = Line(self.look).add(f"{span_text(night.minutes * MINUTE_S)} {names}", Ink.DIM)
        head = rule(self.look, width, [title(self.look, "night"), (1, heading)], right=right)
        return [head, *lines[self._top :]]


def night_lines(
    night: Night, frame: Frame, happenings: Sequence[Event], *, look: Look
) -> list[Line]:
    """Return the page, what matters most first; of what happened, the newest."""
    measured = (
        [
            *_worst_lines(night, frame, look),
            *_drift_lines(night, look),
            *_stretch_lines(night, frame, look),
        ]
        if night.minutes
        else [sentence(look, "no second is known yet")]
    )
    return [
        *measured,
        *(_verdict_line(verdict, frame, look) for verdict in frame.verdicts),
        *(_alert_line(alert, frame, look) for alert in frame.alerts),
        *_event_lines(reversed(happenings), frame, look),
    ]


def moment(second: float, frame: Frame) -> str:
    """Return when that was, in run time and on the viewer's clocks."""
    local = local_text(frame.started_unix_ms + round(1000 * second), "%a %H:%M")
    return f"{run_time_text(int(second))} ({local})"


def _labelled(label: str, look: Look) -> Line:
    return Line(look).add(f" {label}", Ink.TITLE).pad_to(_LABEL_WIDTH + 1)


def _worst_lines(night: Night, frame: Frame, look: Look) -> list[Line]:
    if night.slowest is None:
        slowest = [_labelled("slowest", look).add("nothing was answered yet", Ink.DIM)]
    else:
        slowest = [_minute(_labelled("slowest", look), night.slowest, frame, look)]
    if night.most_failed is None:
        return [*slowest, _labelled("most errors", look).add("no request has failed", Ink.GOOD)]
    return [*slowest, _minute(_labelled("most errors", look), night.most_failed, frame, look)]


def _minute(line: Line, minute: Column, frame: Frame, look: Look) -> Line:
    ratio = minute.errors / minute.requests if minute.requests else 0.0
    line.add(f"{moment(minute.first_second, frame)}  ", Ink.STRONG)
    line.extend(pair(look, "p95", latency_text(minute.p95_us))).add("  ")
    line.extend(pair(look, "p99", latency_text(minute.p99_us), ink=Ink.P99)).add(" ms  ", Ink.DIM)
    line.extend(pair(look, "err", percent_text(ratio), ink=Ink.BAD if ratio else Ink.VALUE))
    return line.add("  ").extend(
        pair(look, "rps", number_text(round(minute.requests / minute.seconds)))
    )


def _drift_lines(night: Night, look: Look) -> list[Line]:
    line = _labelled("drift", look)
    if night.first is None or night.last is None:
        return [line.add("too early to tell: it takes twelve minutes", Ink.DIM)]
    first, last = night.first, night.last
    line.add(f"first {first.minutes}m {look.glyphs.to} last {last.minutes}m, medians", Ink.DIM)
    figures: list[tuple[str, str, str, str]] = [
        (name, latency_text(before), latency_text(after), change_text(after, before))
        for name, before, after in zip(
            _LATENCIES,
            (first.p50_us, first.p95_us, first.p99_us),
            (last.p50_us, last.p95_us, last.p99_us),
            strict=True,
        )
    ]
    return [
        line,
        _changes(figures, look),
        _changes(
            [
                _figure("rps", first.requests_per_s, last.requests_per_s),
                ("err", percent_text(first.error_ratio), percent_text(last.error_ratio), ""),
                _figure("VU", first.vus, last.vus),
            ],
            look,
        ),
    ]


def _figure(name: str, before: float, after: float) -> tuple[str, str, str, str]:
    return name, number_text(round(before)), number_text(round(after)), change_text(after, before)


def _changes(figures: Iterable[tuple[str, str, str, str]], look: Look) -> Line:
    line = _labelled("", look)
    for name, before, after, change in figures:
        line.extend(pair(look, name, f"{before} {look.glyphs.to} {after}"))
        is_slower = name in _LATENCIES and change.startswith(("+", "×"))
        line.add(f" {change}", Ink.WARN if is_slower else Ink.TEXT).add("   ")
    return line


def _stretch_lines(night: Night, frame: Frame, look: Look) -> list[Line]:
    lines = []
    if frame.outage_s:
        away = f"{look.glyphs.warn} {span_text(frame.outage_s)} in which nobody was answered"
        lines.append(_labelled("away", look).add(away, Ink.BAD))
    lines += [
        _stretches("outages", night.outages, night.minutes, Ink.BAD, frame=frame, look=look)
        if night.outages
        else _labelled("outages", look).add(
            "none: no minute in which half of the requests failed", Ink.GOOD
        ),
        _stretches("generator", night.limited, night.minutes, Ink.LIMITED, frame=frame, look=look)
        if night.limited
        else _labelled("generator", look).add("was never the limit", Ink.GOOD),
    ]
    if night.unknown:
        lines.append(
            _stretches("unknown", night.unknown, night.minutes, Ink.WARN, frame=frame, look=look)
        )
    return lines


def _stretches(
    label: str, stretches: Sequence[Stretch], minutes: int, ink: Ink, *, frame: Frame, look: Look
) -> Line:
    count = sum(stretch.seconds for stretch in stretches) // MINUTE_S
    words = f"{look.glyphs.warn} in {count} of {minutes} minutes"
    line = _labelled(label, look).add(words, ink)
    for stretch in stretches[:_STRETCHES_SHOWN]:
        line.add(f"  {moment(stretch.first_second, frame)}", Ink.STRONG)
        line.add(f" for {span_text(stretch.seconds)}", Ink.TEXT)
    more = len(stretches) - _STRETCHES_SHOWN
    return line.add(f"  and {more} more" if more > 0 else "", Ink.DIM)


def _verdict_line(verdict: Verdict, frame: Frame, look: Look) -> Line:
    sign, ink = signal(threshold_health(verdict)[0], look)
    line = _labelled("threshold", look).add(f"{sign} ", ink)
    line.add(f"{short_text(verdict.threshold)}  ", Ink.STRONG)
    if verdict.first_failed_second is not None:
        times = f"crossed {verdict.crossings} times" if verdict.crossings > 1 else "crossed"
        line.add(f"{times}, first {moment(verdict.first_failed_second, frame)}  ", Ink.BAD)
    elif verdict.standing is Standing.PASSED:
        line.add("never crossed  ", Ink.DIM)
    return line if verdict.observed is None else line.add(f"now {observed_text(verdict)}", Ink.TEXT)


def _alert_line(alert: AlertState, frame: Frame, look: Look) -> Line:
    if not alert.firings or alert.first_fired_s is None:
        line = _labelled("alert", look).add(f"{look.glyphs.good} ", Ink.GOOD)
        return line.add(f"{alert.name}  ", Ink.STRONG).add("never fired", Ink.DIM)
    ink = Ink.BAD if alert.level is AlertLevel.CRITICAL else Ink.WARN
    line = (
        _labelled("alert", look).add(f"{look.glyphs.warn} ", ink).add(f"{alert.name}  ", Ink.STRONG)
    )
    times = f"{alert.firings} times" if alert.firings > 1 else "once"
    line.add(f"fired {times} for {span_text(alert.firing_s)}, ", ink)
    line.add(f"first {moment(alert.first_fired_s, frame)}", ink)
    if alert.worst is not None:
        line.add(f"  worst {measure_text(alert.worst, alert.unit)}", Ink.TEXT)
    return line.add("  fires now" if alert.is_firing else "", Ink.ALARM)


def _event_lines(events: Iterable[Event], frame: Frame, look: Look) -> list[Line]:
    lines = [
        Line(look)
        .add_fitted(f" {moment(event.second, frame)}", _MOMENT_WIDTH, Ink.DIM)
        .add(f"{event_glyph(event, look.glyphs)} ", EVENT_INKS[event.level])
        .add(f"{event.author} " if event.author else "", Ink.TITLE)
        .add(event.text, Ink.BAD if event.level is EventLevel.ERROR else Ink.TEXT)
        for event in events
    ]
    return lines or [sentence(look, "nobody did anything, and nothing was reported")]
