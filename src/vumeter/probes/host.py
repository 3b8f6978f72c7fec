"""
The host that vumeter runs on: processors, memory, disks, network, descriptors.

Rates are differences of the kernel's counters over the time between two readings. A counter
that falls (a wrap, a reset, a device that was unplugged) counts as no progress, never as a
negative rate. What is shown is what the hardware does: stacked devices (device mapper, RAID,
bridges, veth) would show the same bytes again, and the loopback device shows traffic that no
network card carries, so devices without hardware are left out where any has some.

Off Linux, where the kernel does not say, descriptors are 0 of 0 and sockets are `None`.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import psutil
from msgspec.structs import fields, replace

from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns
from vumeter.courtesy import give_way
from vumeter.model.probes import HostReading
from vumeter.probes.kernel import KernelProbe, of_cards, of_disks

# Shorter spans have too few clock ticks (10 ms each) for a percentage that means anything.
_SHORTEST_SPAN_NS = 20_000_000

_WHOLE = frozenset(field.name for field in fields(HostReading) if int in get_args(field.type))

_Core = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counters:
    """All counters at one moment."""

    at_ns: int
    cores: tuple[_Core, ...]
    disk_read_bytes: Mapping[str, int]
    disk_write_bytes: Mapping[str, int]
    sent_bytes: Mapping[str, int]
    received_bytes: Mapping[str, int]
    losses: Mapping[str, float]
    """What `KernelProbe` is told of disks and cards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rates:
    """What two moments' counters say about the time between them."""

    cpu_percent: float
    core_percents: tuple[float, ...]
    iowait_percent: float | None
    steal_percent: float | None
    disk_read_bytes_per_s: float
    disk_write_bytes_per_s: float
    sent_bytes_per_s: float
    received_bytes_per_s: float


class HostProbe:
    """Reads the host; each reading's rates are over the time since the one before it."""

    def __init__(self, *, clock: NsClock = monotonic_ns) -> None:
        self._clock = clock
        self._last = _counters(clock())
        self._rates = _rates(self._last, self._last)
        self._kernel = KernelProbe()
        self._kernels = self._kernel.read(self._last.at_ns, self._last.losses)

    def read(self) -> HostReading:
        """
        Return the host now; the first reading's rates are since the probe was made.

        Asked again within 20 ms it repeats the rates that it had. Takes about 3 ms
        of a core (tests/probes/test_host.py holds it to 5 ms).
        """
        now = _counters(self._clock())
        if now.at_ns - self._last.at_ns >= _SHORTEST_SPAN_NS:
            self._rates = _rates(self._last, now)
            self._last = now
            give_way()
            self._kernels = self._kernel.read(now.at_ns, now.losses)
            give_way()
        return replace(_reading(self._rates), **_by_type(self._kernels))


def _by_type(figures: Mapping[str, float]) -> dict[str, float]:
    """Return *figures* as `HostReading` has them: counts are whole."""
    return {name: round(value) if name in _WHOLE else value for name, value in figures.items()}


def _counters(at_ns: int) -> _Counters:
    disks = psutil.disk_io_counters(perdisk=True, nowrap=False) or {}
    cards = psutil.net_io_counters(pernic=True, nowrap=False) or {}
    give_way()
    disk_names = _with_hardware(disks, Path("/sys/block"))
    card_names = _with_hardware((name for name in cards if name != "lo"), Path("/sys/class/net"))
    return _Counters(
        at_ns=at_ns,
        cores=tuple(core._asdict() for core in psutil.cpu_times(percpu=True)),
        disk_read_bytes={name: disks[name].read_bytes for name in disk_names},
        disk_write_bytes={name: disks[name].write_bytes for name in disk_names},
        sent_bytes={name: cards[name].bytes_sent for name in card_names},
        received_bytes={name: cards[name].bytes_recv for name in card_names},
        losses={
            **of_disks({name: disks[name] for name in disk_names}),
            **of_cards({name: cards[name] for name in card_names}),
        },
    )


def _with_hardware(names: Iterable[str], folder: Path) -> list[str]:
    """
    Return those of *names* that have hardware behind them.

    Inside a container none may have: then all that the kernel lists as whole devices, and
    where it lists none, all.
    """
    everything = list(names)
    entries = {name: folder / name.replace("/", "!") for name in everything}
    for is_chosen in (lambda entry: (entry / "device").exists(), Path.exists):
        chosen = [name for name in everything if is_chosen(entries[name])]
        if chosen:
            return chosen
    return everything


def _rates(before: _Counters, after: _Counters) -> _Rates:
    span_s = (after.at_ns - before.at_ns) / NANOSECONDS_PER_S
    spans = [_progress(*pair) for pair in zip(before.cores, after.cores, strict=False)]
    whole = {key: sum(span.get(key, 0.0) for span in spans) for key in (spans[0] if spans else ())}
    return _Rates(
        cpu_percent=_busy_percent(whole),
        core_percents=tuple(_busy_percent(span) for span in spans),
        iowait_percent=_percent(whole["iowait"], whole) if "iowait" in whole else None,
        steal_percent=_percent(whole["steal"], whole) if "steal" in whole else None,
        disk_read_bytes_per_s=_per_s(before.disk_read_bytes, after.disk_read_bytes, span_s),
        disk_write_bytes_per_s=_per_s(before.disk_write_bytes, after.disk_write_bytes, span_s),
        sent_bytes_per_s=_per_s(before.sent_bytes, after.sent_bytes, span_s),
        received_bytes_per_s=_per_s(before.received_bytes, after.received_bytes, span_s),
    )


def _progress(before: _Core, after: _Core) -> dict[str, float]:
    # Guest time is contained in user time already. The kernel's iowait may fall.
    return {
        key: max(0.0, value - before.get(key, 0.0))
        for key, value in after.items()
        if not key.startswith("guest")
    }


def _busy_percent(span: Mapping[str, float]) -> float:
    # As psutil and top have it: all but idle and waiting for a disk; steal counts as busy.
    return _percent(sum(span.values()) - span.get("idle", 0.0) - span.get("iowait", 0.0), span)


def _percent(part_s: float, span: Mapping[str, float]) -> float:
    whole_s = sum(span.values())
    return min(100.0, max(0.0, 100.0 * part_s / whole_s)) if whole_s else 0.0


def _per_s(before: Mapping[str, int], after: Mapping[str, int], span_s: float) -> float:
    # Device by device: one that appears would bring its whole past, one that goes takes it away.
    progress = sum(max(0, value - before.get(name, value)) for name, value in after.items())
    return progress / span_s if span_s else 0.0


def _reading(rates: _Rates) -> HostReading:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    descriptors, descriptor_limit = _descriptors()
    tcp_in_use, tcp_time_wait = _sockets()
    return HostReading(
        cpu_percent=rates.cpu_percent,
        core_percents=rates.core_percents,
        iowait_percent=rates.iowait_percent,
        steal_percent=rates.steal_percent,
        load_1m=os.getloadavg()[0],
        # Page cache is not use: what is left for programs is what counts.
        memory_used_bytes=memory.total - memory.available,
        memory_total_bytes=memory.total,
        swap_used_bytes=swap.used,
        swap_total_bytes=swap.total,
        disk_read_bytes_per_s=rates.disk_read_bytes_per_s,
        disk_write_bytes_per_s=rates.disk_write_bytes_per_s,
        network_sent_bytes_per_s=rates.sent_bytes_per_s,
        network_received_bytes_per_s=rates.received_bytes_per_s,
        descriptors=descriptors,
        descriptor_limit=descriptor_limit,
        tcp_in_use=tcp_in_use,
        tcp_time_wait=tcp_time_wait,
    )


def _descriptors() -> tuple[int, int]:
    """Return how many are open in the whole host, and how many may be."""
    try:
        allocated, unused, limit = Path("/proc/sys/fs/file-nr").read_text().split()
    except (OSError, ValueError):
        return 0, 0
    return int(allocated) - int(unused), int(limit)


def _sockets() -> tuple[int | None, int | None]:
    """
    Return TCP sockets in use, IPv4 and IPv6, and those in TIME-WAIT (counted for both in one).

    From the kernel's own sums: listing every socket takes minutes where there are many.
    """
    try:
        ipv4 = _sockstat(Path("/proc/net/sockstat"), "TCP:")
    except (OSError, ValueError):
        return None, None
    try:
        ipv6 = _sockstat(Path("/proc/net/sockstat6"), "TCP6:")
    except (OSError, ValueError):
        ipv6 = {}
    return ipv4.get("inuse", 0) + ipv6.get("inuse", 0), ipv4.get("tw")


def _sockstat(path: Path, family: str) -> dict[str, int]:
    for line in path.read_text().splitlines():
        if line.startswith(family):
            words = line.split()[1:]
            return dict(zip(words[::2], map(int, words[1::2]), strict=True))
    raise ValueError(f"{path} has no line {family}")
