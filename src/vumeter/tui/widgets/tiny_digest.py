"""The whole cockpit on a terminal that is too small for it: what matters most, line by line."""

from collections.abc import Sequence

from textual.reactive import var

from vumeter.model.frame import Frame
from vumeter.tui.format import latency_text, number_text, percent_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.alert_lights import alert_lights
from vumeter.tui.widgets.error_panel import error_name
from vumeter.tui.widgets.event_log import event_line
from vumeter.tui.widgets.header_row import HeadPanel
from vumeter.tui.widgets.line import Line, joined
from vumeter.tui.widgets.panel import pair
from vumeter.tui.widgets.status_row import (
    Health,
    database_health,
    generator_health,
    host_health,
    light,
)
from vumeter.tui.widgets.throttle_row import ActiveLever, throttle_line


class TinyDigest(HeadPanel):
    """State, throttle, rate, latency, errors, lights and the newest event, from one line up."""

    active: var[ActiveLever | None] = var(None, init=False)

    def watch_active(self) -> None:
        """Draw which lever is active."""
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return as many lines as fit, the most important first."""
        if self.frame is None:
            return [Line(self.look).add(" connecting to the run", Ink.DIM).crop_to(width)]
        throttle = throttle_line(self.frame, width=width, look=self.look, active=self.active)
        digest = digest_lines(self.frame, width=width, look=self.look)
        return [self.header(self.frame, width), throttle, *digest][:height]


def digest_lines(frame: Frame, *, width: int, look: Look) -> list[Line]:
    """Return the digest's lines below the throttle, the most important first."""
    latency, window = frame.window.latency, frame.window
    error_ink = Ink.BAD if window.errors else Ink.VALUE
    rows = [
        [
            (0, pair(look, "rps", number_text(window.requests_per_s), ink=Ink.STRONG)),
            (0, pair(look, "err", percent_text(window.error_ratio), ink=error_ink)),
            (1, pair(look, "errors", number_text(frame.total.errors))),
        ],
        [
            (2, pair(look, "p50", latency_text(latency.p50_us if latency else None))),
            (0, pair(look, "p95", latency_text(latency.p95_us if latency else None))),
            (1, pair(look, "p99", latency_text(latency.p99_us if latency else None))),
            (0, Line(look).add("ms", Ink.DIM)),
        ],
        _lights(frame, look),
    ]
    lines = [Line(look).add(" ").extend(joined(row, width - 1, look)) for row in rows]
    lines += [
        pair(look, f" {number_text(error.window)}", error_name(error), ink=Ink.BAD)
        .add(f" {error.endpoint}")
        .crop_to(width)
        for error in frame.errors[:1]
    ]
    return [*lines, *(event_line(event, width=width, look=look) for event in frame.events[-1:])]


def _lights(frame: Frame, look: Look) -> list[tuple[int, Line]]:
    lights: list[tuple[str, tuple[Health, str]]] = [
        ("GEN", generator_health(frame.generator)),
        ("DB", database_health(frame.postgres)),
        ("HOST", host_health(frame.host)),
    ]
    rest = [(rank, light(name, *state, look)) for rank, (name, state) in enumerate(lights)]
    return [*alert_lights(frame.alerts, look), *rest]
