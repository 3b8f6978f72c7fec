"""
What Linux knows of its own pressure: stalls, run queue, disks' latencies, network's losses.

Rates are over the time between two readings, and counted as everywhere: what falls has made no
progress. What this kernel does not say (an old one, another system) is not there.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vumeter.courtesy import give_way
from vumeter.probes.cgroup import PROC, SYS, CgroupUse, cgroup_use, throttled_percent
from vumeter.probes.rates import Rates

_US_PER_S = 1e6
_PAGE_BYTES = 4096
_PRESSURES = {
    ("cpu", "some"): "cpu_pressure_percent",
    ("memory", "some"): "memory_pressure_percent",
    ("io", "some"): "io_pressure_percent",
    ("memory", "full"): "memory_stall_percent",
    ("io", "full"): "io_stall_percent",
}
_PER_S = {
    "ctxt": "context_switches_per_s",
    "Tcp.RetransSegs": "tcp_retransmits_per_s",
    "TcpExt.ListenDrops": "tcp_listen_drops_per_s",
    "softnet.dropped": "softnet_drops_per_s",
    "card.dropped": "network_drops_per_s",
    "card.errors": "network_errors_per_s",
}


def of_cards(cards: Mapping[str, Any]) -> dict[str, float]:
    """Return what psutil says that *cards* have lost, as `KernelProbe` takes it."""
    return {
        "card.dropped": float(sum(card.dropin + card.dropout for card in cards.values())),
        "card.errors": float(sum(card.errin + card.errout for card in cards.values())),
    }


def of_disks(disks: Mapping[str, Any]) -> dict[str, float]:
    """Return what psutil says that *disks* have done, as `KernelProbe` takes it."""
    fields = ("read_count", "write_count", "read_time", "write_time")
    return {
        f"disk.{field}": float(sum(getattr(disk, field) for disk in disks.values()))
        for field in fields
    } | {
        f"disk.busy.{name}": float(disk.busy_time)
        for name, disk in disks.items()
        if hasattr(disk, "busy_time")
    }


class KernelProbe:
    """Reads the kernel's own figures; each reading's rates are since the one before."""

    def __init__(self, *, proc: Path = PROC, sys: Path = SYS) -> None:
        self._proc = proc
        self._sys = sys
        self._rates = Rates()
        self._cgroup: CgroupUse | None = None

    def read(self, at_ns: int, losses: Mapping[str, float]) -> dict[str, float]:
        """
        Return what can be seen at *at_ns*, by the names of `HostReading`.

        *losses* are `of_disks` and `of_cards`, which somebody has read anyway.
        """
        stat = _stat(self._proc)
        counters = {
            **dict(_pressures(self._proc)),
            **dict(_network(self._proc)),
            **losses,
            **({"ctxt": stat["ctxt"]} if "ctxt" in stat else {}),
        }
        give_way()
        grown, span_s = self._rates.progress(counters, at_ns=at_ns)
        found = dict(_sockets(self._proc))
        if "procs_running" in stat:
            # This reading is one of them.
            found["processes_runnable"] = max(0, stat["procs_running"] - 1)
        if "procs_blocked" in stat:
            found["processes_blocked"] = stat["procs_blocked"]
        if span_s:
            found |= dict(_rates(grown, span_s))
        give_way()
        return found | self._own_group(span_s)

    def _own_group(self, span_s: float) -> dict[str, float]:
        """Return what this process is held to: in a container, that is what counts."""
        before, now = self._cgroup, cgroup_use("self", proc=self._proc, sys=self._sys)
        self._cgroup = now
        found: dict[str, float | None] = {"cgroup_cpu_limit_cores": now.cpu_limit_cores}
        if now.memory_limit_bytes is not None:
            found["cgroup_memory_bytes"] = now.memory_bytes
            found["cgroup_memory_limit_bytes"] = now.memory_limit_bytes
        if now.pids_limit is not None:
            found["cgroup_pids"] = now.pids
            found["cgroup_pids_limit"] = now.pids_limit
        if before is not None and now.cpu_limit_cores is not None:
            found["cgroup_throttled_percent"] = throttled_percent(before, now)
            if span_s and before.cpu_used_us is not None and now.cpu_used_us is not None:
                used_s = max(0, now.cpu_used_us - before.cpu_used_us) / _US_PER_S
                found["cgroup_cpu_percent"] = 100 * used_s / span_s
        return {name: value for name, value in found.items() if value is not None}


def _rates(grown: Mapping[str, float], span_s: float) -> Iterator[tuple[str, float]]:
    for (resource, kind), name in _PRESSURES.items():
        stalled_us = grown.get(f"pressure.{resource}.{kind}")
        if stalled_us is not None:
            yield name, min(100.0, 100 * stalled_us / _US_PER_S / span_s)
    for counter, name in _PER_S.items():
        if counter in grown:
            yield name, grown[counter] / span_s
    for way in ("read", "write"):
        # Of a second in which nothing was read there is no latency; it is not 0.
        if done := grown.get(f"disk.{way}_count"):
            yield f"disk_{way}_ms", grown.get(f"disk.{way}_time", 0.0) / done
    busy_ms = [value for name, value in grown.items() if name.startswith("disk.busy.")]
    if busy_ms:
        yield "disk_busy_percent", min(100.0, 100 * max(busy_ms) / 1000 / span_s)


def _stat(proc: Path) -> dict[str, int]:
    words = (line.split() for line in _lines(proc / "stat"))
    return {pair[0]: int(pair[1]) for pair in words if len(pair) == 2 and pair[1].isdigit()}


def _pressures(proc: Path) -> Iterator[tuple[str, float]]:
    """Yield for how long somebody, and everybody, has waited for each resource, in µs."""
    for resource in ("cpu", "memory", "io"):
        for line in _lines(proc / "pressure" / resource):
            kind, *_, total = line.split()
            yield f"pressure.{resource}.{kind}", float(total.partition("=")[2])


def _network(proc: Path) -> Iterator[tuple[str, float]]:
    for table in ("net/snmp", "net/netstat"):
        lines = _lines(proc / table)
        # A line of names, and one of numbers under it.
        for names, numbers in zip(lines[::2], lines[1::2], strict=False):
            prefix = names.partition(":")[0]
            for name, number in zip(names.split()[1:], numbers.split()[1:], strict=False):
                key = f"{prefix}.{name}"
                if key in _PER_S:
                    yield key, float(number)
    rows = [line.split() for line in _lines(proc / "net/softnet_stat")]
    if rows:
        yield "softnet.dropped", float(sum(int(row[1], 16) for row in rows if len(row) > 1))


def _sockets(proc: Path) -> Iterator[tuple[str, float]]:
    for line in _lines(proc / "net/sockstat"):
        family, *words = line.split()
        counts = dict(zip(words[::2], words[1::2], strict=False))
        if family == "TCP:":
            yield "tcp_orphans", float(counts["orphan"])
            yield "tcp_buffers_bytes", float(counts["mem"]) * _PAGE_BYTES
        elif family == "UDP:":
            yield "udp_in_use", float(counts["inuse"])


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
