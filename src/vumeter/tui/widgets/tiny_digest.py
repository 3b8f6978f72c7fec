"""The whole cockpit on a terminal that is too small for it: one number a line."""

from collections.abc import Sequence

from vumeter.model.frame import Frame
from vumeter.tui.format import latency_text, number_text, percent_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.header_row import header_line
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import FramePanel
from vumeter.tui.widgets.status_row import Objectives, status_line
from vumeter.tui.widgets.throttle_row import throttle_line


class TinyDigest(FramePanel):
    """State, throttle, rate, latency, errors and lights, from one line up."""

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return as many lines as fit, the most important first."""
        if self.frame is None:
            return [Line(self.look).add("connecting", Ink.DIM)]
        return digest_lines(self.frame, width=width, look=self.look)[:height]


def digest_lines(frame: Frame, *, width: int, look: Look) -> list[Line]:
    """Return the digest's lines, the most important first."""
    latency = frame.window.latency
    numbers = Line(look).add(" ").add(number_text(frame.window.requests_per_s), Ink.STRONG)
    numbers.add(" rps  err ", Ink.DIM).add(percent_text(frame.window.error_ratio), Ink.STRONG)
    times = (
        Line(look)
        .add(" p50 ", Ink.DIM)
        .add(latency_text(latency.p50_us if latency else None), Ink.STRONG)
    )
    times.add(" p95 ", Ink.DIM).add(latency_text(latency.p95_us if latency else None), Ink.STRONG)
    times.add(" p99 ", Ink.DIM).add(latency_text(latency.p99_us if latency else None), Ink.STRONG)
    return [
        header_line(frame, width=width, look=look, age_s=0, viewer="", frozen=False),
        throttle_line(frame, width=width, look=look, active=None),
        numbers.crop_to(width),
        times.add(" ms", Ink.DIM).crop_to(width),
        status_line(frame, width=width, look=look, objectives=Objectives()),
    ]
