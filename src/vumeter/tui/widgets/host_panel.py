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
    three_digits,
)
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.bars import bar, core_spark
from vumeter.tui.widgets.host_depth import depth_lines
from vumeter.tui.widgets.line import Line, Part, joined
from vumeter.tui.widgets.panel import FramePanel, pair, rule, sentence, title

_TWO_COLUMNS_FROM = 48
_CORES_WIDTH = 16
_CORE_WIDTH = 30
_BUSY_PERCENT = 90
_WAITING_PERCENT = 10
"""From here on, time that the cores spent waiting or gave to other guests is worth a word."""


class HostPanel(FramePanel):
    """
    CPU, memory, disk, network, descriptors and sockets, and the generator's testimony.

    In a tall panel the kernel says what stands behind the load, each core has a bar of its own,
    and the generator says more.
    """

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title, the host and the generator, whose lines come before the host's."""
        head = rule(self.look, width, [title(self.look, "host")])
        if self.frame is None:
            return [head, sentence(self.look, "not read yet")]
        room = height - 1
        host = host_lines(self.frame.host, width=width, look=self.look)
        generator = generator_lines(self.frame.generator, width=width, look=self.look)
        if len(host) + len(generator) > room:
            generator = generator[: max(1, room - 1)]
            host = host[: max(0, room - len(generator))]
        if len(host) == 1 and self.frame.host is not None:
            host = [host_line(self.frame.host, width=width, look=self.look)]
        if self.frame.host is not None:
            deeper = depth_lines(self.frame.host, width=width, look=self.look)
            host += deeper[: max(0, room - len(host) - len(generator))]
        more = self._details(self.frame, width)
        if len(host) + len(generator) + len(more) <= room:
            generator += more
        return [head, *host, *generator]

    def _details(self, frame: Frame, width: int) -> list[Line]:
        details: list[Line] = []
        if frame.generator is not None:
            details.append(_generator_details(frame, frame.generator, width, self.look))
        if frame.host is not None and frame.host.core_percents:
            cores = core_lines(frame.host.core_percents, width=width, look=self.look)
            details += [Line(self.look), *cores]
        return details


def host_lines(host: HostReading | None, *, width: int, look: Look) -> list[Line]:
    """Return the host's lines, the most telling first: two columns where there is room."""
    if host is None:
        return [sentence(look, "not read yet")]
    rows = (
        (_cpu(host, look), _memory(host, look)),
        (_network(host, look), _disk(host, look)),
        (_limits(host, look), _load(host, look)),
    )
    if width >= _TWO_COLUMNS_FROM:
        half = (width - 1) // 2
        return [
            Line(look)
            .add(" ")
            .extend(joined(left, half - 1, look))
            .pad_to(half + 1)
            .extend(joined(right, width - half - 1, look))
            for left, right in rows
        ]
    return [
        Line(look)
        .add(" ")
        .extend(joined([*left, *((rank + 2, line) for rank, line in right)], width - 2, look))
        for left, right in rows
    ]


def host_line(host: HostReading, *, width: int, look: Look) -> Line:
    """Return the host in one line, for where there is no room for more."""
    flow_per_s = host.network_received_bytes_per_s + host.network_sent_bytes_per_s
    memory = _memory(host, look)
    parts = [
        *_cpu(host, look),
        memory[0],
        *((rank + 1, line) for rank, line in memory[2:]),
        (2, _flow(look, "net", flow_per_s)),
        (3, _of(look, "fd", host.descriptors, host.descriptor_limit)),
        (4, pair(look, "load", three_digits(host.load_1m))),
    ]
    return Line(look).add(" ").extend(joined(parts, width - 2, look))


def generator_lines(generator: GeneratorReading | None, *, width: int, look: Look) -> list[Line]:
    """Return the generator's line and, when it is the limit, why."""
    if generator is None:
        return [Line(look).add(" GEN", Ink.TITLE).add(" not heard yet", Ink.DIM)]
    sign, ink = (look.glyphs.bad, Ink.BAD) if generator.limited else (look.glyphs.good, Ink.GOOD)
    parts = [
        (0, Line(look).add("GEN ", Ink.TITLE).add(sign, ink)),
        (0, _percent(look, "cpu", generator.cpu_percent)),
        (0, pair(look, "lag p99", f"{latency_text(generator.tick_lag_p99_us)}ms")),
        (1, pair(look, "late", percent_text(generator.late_start_ratio))),
        (2, _of(look, "fd", generator.descriptors, generator.descriptor_limit)),
    ]
    lines = [Line(look).add(" ").extend(joined(parts, width - 2, look))]
    if generator.limited:
        why = "; ".join(generator.reasons) or "no reason given"
        lines.append(sentence(look, f"generator is the limit: {why}", ink=Ink.BAD).crop_to(width))
    return lines


def core_lines(percents: Sequence[float], *, width: int, look: Look) -> list[Line]:
    """Return a bar for each core, as many beside each other as fit, in the order of the cores."""
    across = max(1, (width - 1) // _CORE_WIDTH)
    down = -(-len(percents) // across)
    rows = [Line(look).add(" ") for _ in range(down)]
    for core, percent in enumerate(percents):
        ink = Ink.WARN if percent >= _BUSY_PERCENT else Ink.BAR
        row = rows[core % down].add(f"core {core:<3} ", Ink.DIM)
        row.extend(bar(percent / 100, width=_CORE_WIDTH - 15, look=look, ink=ink))
        row.add_right(share_text(percent), 5, Ink.VALUE).add("  ")
    return rows


def _generator_details(frame: Frame, generator: GeneratorReading, width: int, look: Look) -> Line:
    parts = [
        (0, Line(look).add("    ")),
        (0, pair(look, "workers", f"{frame.workers_heard}/{frame.workers_expected}")),
        (1, pair(look, "cpu of all", share_text(generator.cpu_total_percent))),
        (1, pair(look, "lag max", f"{latency_text(generator.tick_lag_max_us)}ms")),
        (2, pair(look, "memory", bytes_text(generator.rss_bytes))),
    ]
    return Line(look).add(" ").extend(joined(parts, width - 2, look))


def _cpu(host: HostReading, look: Look) -> list[Part]:
    cores = core_spark(host.core_percents, width=_CORES_WIDTH, look=look)
    cpu = _percent(look, "cpu", host.cpu_percent).add(" ").add(cores, Ink.BAR)
    parts = [(0, cpu)]
    for label, percent in (("iowait", host.iowait_percent), ("steal", host.steal_percent)):
        if percent is not None and percent >= _WAITING_PERCENT:
            parts.append((1, pair(look, label, share_text(percent), ink=Ink.WARN)))
    return parts


def _memory(host: HostReading, look: Look) -> list[Part]:
    percent = 100 * host.memory_used_bytes / max(1, host.memory_total_bytes)
    parts = [(0, _percent(look, "mem", percent))]
    amount = f"{bytes_text(host.memory_used_bytes)} of {bytes_text(host.memory_total_bytes)}"
    parts.append((1, Line(look).add(amount, Ink.DIM)))
    if host.swap_used_bytes:
        parts.append((0, pair(look, "swap", bytes_text(host.swap_used_bytes), ink=Ink.WARN)))
    return parts


def _network(host: HostReading, look: Look) -> list[Part]:
    received, sent = host.network_received_bytes_per_s, host.network_sent_bytes_per_s
    return [(0, _flow(look, "net in", received)), (0, _flow(look, "out", sent))]


def _disk(host: HostReading, look: Look) -> list[Part]:
    read, written = host.disk_read_bytes_per_s, host.disk_write_bytes_per_s
    return [(0, _flow(look, "disk r", read)), (0, _flow(look, "w", written))]


def _limits(host: HostReading, look: Look) -> list[Part]:
    parts = [(0, _of(look, "fd", host.descriptors, host.descriptor_limit))]
    if host.tcp_in_use is not None:
        parts.append((1, pair(look, "tcp", number_text(host.tcp_in_use))))
    if host.tcp_time_wait is not None:
        parts.append((2, pair(look, "time-wait", number_text(host.tcp_time_wait))))
    return parts


def _load(host: HostReading, look: Look) -> list[Part]:
    cores = len(host.core_percents)
    load = pair(look, "load", three_digits(host.load_1m))
    return [(0, load.add(f" on {cores} cores" if cores else "", Ink.DIM))]


def _flow(look: Look, label: str, bytes_per_s: float) -> Line:
    return pair(look, label, bytes_per_s_text(bytes_per_s))


def _percent(look: Look, label: str, percent: float) -> Line:
    ink = Ink.WARN if percent >= _BUSY_PERCENT else Ink.VALUE
    return pair(look, label, share_text(percent), ink=ink)


def _of(look: Look, label: str, used: int, limit: int) -> Line:
    ink = Ink.WARN if limit and used * 100 >= limit * _BUSY_PERCENT else Ink.VALUE
    return pair(look, label, number_text(used), ink=ink).add(f"/{number_text(limit)}", Ink.DIM)
