"""What stands behind a host's load: its container, pressure, run queue, disks, losses, sockets."""

from collections.abc import Iterator

from vumeter.model.probes import HostReading
from vumeter.tui.format import bytes_text, latency_text, number_text, share_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, Part, joined
from vumeter.tui.widgets.panel import pair

_PRESSED_PERCENT = 20
_STALLED_PERCENT = 1
_BUSY_PERCENT = 90
_SLOW_MS = 20
_FULL_RATIO = 0.9
_US_PER_MS = 1000


def depth_lines(host: HostReading, *, width: int, look: Look) -> list[Line]:
    """Return a line for each subject that the kernel says anything of, the container first."""
    subjects = (_container, _pressure, _disk, _losses, _sockets)
    return [
        Line(look).add(" ").extend(joined(parts, width - 2, look))
        for subject in subjects
        if len(parts := list(subject(host, look))) > 1
    ]


def _container(host: HostReading, look: Look) -> Iterator[Part]:
    yield _head(look, "container")
    if (cores := host.cgroup_cpu_limit_cores) is not None:
        used = host.cgroup_cpu_percent
        is_full = used is not None and used >= _FULL_RATIO * 100 * cores
        cpu = pair(look, "cpu", share_text(used), ink=Ink.WARN if is_full else Ink.VALUE)
        yield 0, cpu.add(f" of {share_text(100 * cores)}", Ink.DIM)
    if host.cgroup_throttled_percent is not None:
        yield 0, _percent(look, "throttled", host.cgroup_throttled_percent, _STALLED_PERCENT)
    used, limit = host.cgroup_memory_bytes, host.cgroup_memory_limit_bytes
    if used is not None and limit:
        ink = Ink.WARN if used >= _FULL_RATIO * limit else Ink.VALUE
        memory = pair(look, "mem", bytes_text(used), ink=ink)
        yield 0, memory.add(f"/{bytes_text(limit)}", Ink.DIM)
    if host.cgroup_pids is not None:
        pids = pair(look, "pids", number_text(host.cgroup_pids))
        yield 1, pids.add(f"/{number_text(host.cgroup_pids_limit)}", Ink.DIM)


def _pressure(host: HostReading, look: Look) -> Iterator[Part]:
    yield _head(look, "pressure")
    for rank, (label, percent, warns_from) in enumerate(
        (
            ("cpu", host.cpu_pressure_percent, _PRESSED_PERCENT),
            ("mem", host.memory_pressure_percent, _STALLED_PERCENT),
            ("io", host.io_pressure_percent, _PRESSED_PERCENT),
        )
    ):
        if percent is not None:
            yield rank, _percent(look, label, percent, warns_from)
    if host.processes_runnable is not None:
        cores = max(1, len(host.core_percents))
        ink = Ink.WARN if host.processes_runnable > 2 * cores else Ink.VALUE
        yield 1, pair(look, "run queue", number_text(host.processes_runnable), ink=ink)
    if host.processes_blocked:
        yield 1, pair(look, "blocked", number_text(host.processes_blocked), ink=Ink.WARN)
    if host.context_switches_per_s is not None:
        yield 4, pair(look, "switches", f"{number_text(host.context_switches_per_s)}/s")


def _disk(host: HostReading, look: Look) -> Iterator[Part]:
    yield _head(look, "disk")
    for label, ms in (("read", host.disk_read_ms), ("write", host.disk_write_ms)):
        if ms is not None:
            ink = Ink.WARN if ms >= _SLOW_MS else Ink.VALUE
            yield 0, pair(look, label, f"{latency_text(ms * _US_PER_MS)}ms", ink=ink)
    if host.disk_busy_percent is not None:
        yield 0, _percent(look, "busy", host.disk_busy_percent, _BUSY_PERCENT)


def _losses(host: HostReading, look: Look) -> Iterator[Part]:
    yield _head(look, "net")
    for rank, (label, per_s) in enumerate(
        (
            ("retransmits", host.tcp_retransmits_per_s),
            ("drops", host.network_drops_per_s),
            ("listen drops", host.tcp_listen_drops_per_s),
            ("queue drops", host.softnet_drops_per_s),
            ("errors", host.network_errors_per_s),
        )
    ):
        if per_s is not None:
            ink = Ink.WARN if per_s and rank else Ink.VALUE
            yield rank, pair(look, label, f"{number_text(per_s)}/s", ink=ink)


def _sockets(host: HostReading, look: Look) -> Iterator[Part]:
    yield _head(look, "tcp")
    if host.tcp_orphans is None:
        return
    for rank, (label, count) in enumerate(
        (
            ("in use", host.tcp_in_use),
            ("time-wait", host.tcp_time_wait),
            ("orphans", host.tcp_orphans),
        )
    ):
        yield rank, pair(look, label, number_text(count))
    if host.tcp_buffers_bytes is not None:
        yield 3, pair(look, "buffers", bytes_text(host.tcp_buffers_bytes))


def _head(look: Look, text: str) -> Part:
    return 0, Line(look).add_fitted(text, 9, Ink.DIM)


def _percent(look: Look, label: str, percent: float, warns_from: float) -> Line:
    ink = Ink.WARN if percent >= warns_from else Ink.VALUE
    return pair(look, label, share_text(percent), ink=ink)
