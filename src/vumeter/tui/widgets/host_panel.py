"""The host that vumeter runs on, and the generator's testimony about itself."""

from collections.abc import Sequence

from vumeter.model.frame import Frame
from vumeter.model.measure import GeneratorReading
from vumeter.model.probes import HostReading
from vumeter.tui.format import (
    bytes_per_s_text,
    bytes_text,
    latency_text,
    number_text,
    percent_text,
    share_text,
)
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.bars import level_glyph
from vumeter.tui.widgets.line import Line, joined
from vumeter.tui.widgets.panel import Panel, empty_state, rule, title


class HostPanel(Panel):
    """CPU, memory, disk, network, descriptors and sockets; the generator's lines below."""

    _frame: Frame | None = None

    def show(self, frame: Frame) -> None:
        """Show the host and the generator of *frame*."""
        self._frame = frame
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title, the host and the generator."""
        head = rule(self.look, width, [title(self.look, "host")])
        if self._frame is None:
            return [head]
        generator = generator_lines(self._frame.generator, width=width, look=self.look)
        host = host_lines(self._frame.host, width=width, look=self.look)
        return [head, *host[: max(1, height - 1 - len(generator))], *generator]


class GeneratorPanel(Panel):
    """The generator's lines alone."""

    _frame: Frame | None = None

    def show(self, frame: Frame) -> None:
        """Show the generator of *frame*."""
        self._frame = frame
        self.repaint()

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the title and the generator."""
        head = rule(self.look, width, [title(self.look, "generator")])
        if self._frame is None:
            return [head]
        return [head, *generator_lines(self._frame.generator, width=width, look=self.look)]


def host_lines(host: HostReading | None, *, width: int, look: Look) -> list[Line]:
    """Return the host's lines, the most telling first."""
    if host is None:
        return [empty_state(look, "host not read yet")]
    cores = "".join(level_glyph(percent / 100, look) for percent in host.core_percents)
    memory = 100 * host.memory_used_bytes / max(1, host.memory_total_bytes)
    parts = [
        (0, _pair("cpu", share_text(host.cpu_percent), look).add(f" {cores}", Ink.BAR)),
        (1, _pair("mem", share_text(memory), look)),
        (2, _pair("load", f"{host.load_1m:.1f}", look)),
    ]
    flows = [
        (0, _pair("net in", bytes_per_s_text(host.network_received_bytes_per_s), look)),
        (0, _pair("out", bytes_per_s_text(host.network_sent_bytes_per_s), look)),
        (1, _pair("disk r", bytes_per_s_text(host.disk_read_bytes_per_s), look)),
        (1, _pair("w", bytes_per_s_text(host.disk_write_bytes_per_s), look)),
    ]
    limits = [
        (
            0,
            _pair(
                "fd", f"{number_text(host.descriptors)}/{number_text(host.descriptor_limit)}", look
            ),
        ),
        (1, _pair("tcp", number_text(host.tcp_in_use), look)),
        (1, _pair("swap", bytes_text(host.swap_used_bytes), look)),
    ]
    return [
        Line(look).add(" ").extend(joined(row, width - 1, look)) for row in (parts, flows, limits)
    ]


def generator_lines(generator: GeneratorReading | None, *, width: int, look: Look) -> list[Line]:
    """Return the generator's line, and why it is the limit when it is."""
    if generator is None:
        return [Line(look).add(" GEN ", Ink.STRONG).add("not heard yet", Ink.DIM)]
    parts = [
        (0, Line(look).add("GEN", Ink.STRONG)),
        (0, _pair("cpu", share_text(generator.cpu_percent), look)),
        (0, _pair("lag p99", f"{latency_text(generator.tick_lag_p99_us)} ms", look)),
        (1, _pair("late", percent_text(generator.late_start_ratio), look)),
    ]
    lines = [Line(look).add(" ").extend(joined(parts, width - 1, look))]
    if generator.limited:
        why = "; ".join(generator.reasons)
        lines.append(Line(look).add(f" LIMIT: {why}", Ink.BAD).crop_to(width))
    return lines


def _pair(label: str, value: str, look: Look) -> Line:
    return Line(look).add(f"{label} ", Ink.DIM).add(value, Ink.VALUE)
