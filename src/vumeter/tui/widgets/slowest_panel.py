"""The slowest requests of the endpoint that is selected, each with where its time went."""

from collections.abc import Sequence

from textual.reactive import var

from vumeter.model.measure import Slow
from vumeter.tui.format import bytes_text, clock_text, latency_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, Part, joined
from vumeter.tui.widgets.panel import FramePanel, pair, rule, sentence, title

_TIME_WIDTH = 7
_LEAST_SHARE = 0.02
"""Of the whole: a phase that took less is not worth its place."""


class SlowestPanel(FramePanel):
    """Of the last ten seconds; of each, the slowest one is known, and no other request is kept."""

    endpoint: var[str | None] = var(None, init=False)
    """The endpoint; `None`: there is none yet."""

    def watch_endpoint(self) -> None:
        """Show the other endpoint's."""
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and as many requests as fit."""
        rows = () if self.frame is None else self.frame.endpoints
        slowest = next((row.slowest for row in rows if row.name == self.endpoint), ())
        head = rule(self.look, width, [title(self.look, f"slowest {self.endpoint or ''}".strip())])
        if not slowest:
            return [head, sentence(self.look, "none is known of the last ten seconds")]
        return [head, *(slow_line(each, width=width, look=self.look) for each in slowest)][:height]


def slow_line(slow: Slow, *, width: int, look: Look) -> Line:
    """Return one request: its time, what it came to, where the time went, whose it was."""
    line = Line(look).add_right(latency_text(slow.service_us), _TIME_WIDTH, Ink.STRONG).add(" ")
    return line.extend(joined(_parts(slow, look), width - line.width, look))


def _parts(slow: Slow, look: Look) -> list[Part]:
    is_bad = slow.error is not None or slow.status >= 400
    outcome = slow.error.value if slow.error is not None else str(slow.status)
    parts: list[Part] = [(0, Line(look).add(outcome, Ink.BAD if is_bad else Ink.VALUE))]
    parts += [
        (rank, pair(look, label, latency_text(us)))
        for rank, label, us in (
            (1, "conn", slow.blocked_us),
            (5, "tls", slow.handshaking_us),
            (5, "send", slow.sending_us),
            (4, "wait", slow.waiting_us),
            (3, "recv", slow.receiving_us),
        )
        if us > _LEAST_SHARE * slow.service_us and us != slow.service_us
    ]
    return [
        *parts,
        (2, pair(look, "VU", str(slow.vu))),
        (6, pair(look, "it", str(slow.iteration))),
        (7, Line(look).add(bytes_text(slow.received_bytes), Ink.DIM)),
        (2, pair(look, "at", clock_text(slow.at_ms / 1000))),
        (3, pair(look, "trace", slow.trace_id) if slow.trace_id else Line(look)),
        (4, pair(look, "id", slow.request_id) if slow.request_id else Line(look)),
    ]
