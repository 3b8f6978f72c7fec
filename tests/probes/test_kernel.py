"""What the kernel knows of its own pressure: as recorded, as it is here, and in a container."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.probes.test_cgroup import (
    enter,
    fifth_of_a_core,  # noqa: F401 - a fixture
    write,
)

from vumeter.probes.host import HostProbe
from vumeter.probes.kernel import KernelProbe

S = 1_000_000_000


def record(proc: Path, *, waited_us: int, retransmitted: int, dropped: int) -> None:
    pressure = "some avg10=0.00 avg60=0.00 avg300=0.00 total={}\nfull avg10=0.00 total={}"
    write(
        proc / "pressure",
        cpu=pressure.format(waited_us, 0),
        memory=pressure.format(waited_us // 2, waited_us // 4),
        io=pressure.format(0, 0),
    )
    write(
        proc / "net",
        snmp=f"Ip: Forwarding\nIp: 1\nTcp: RtoMin RetransSegs InErrs\nTcp: 200 {retransmitted} 0",
        netstat=f"TcpExt: ListenOverflows ListenDrops\nTcpExt: 9 {dropped}",
        softnet_stat=f"0a 0000000{dropped:x} 00\n0b 00000000 00",
        sockstat="sockets: used 78\nTCP: inuse 21 orphan 3 tw 7 alloc 21 mem 5\nUDP: inuse 2 mem 0",
    )
    write(proc, stat=f"cpu  1 2 3\nctxt {waited_us}\nprocs_running 9\nprocs_blocked 2")
    write(proc / "self", cgroup="0::/")


def test_figures_are_what_has_happened_between_two_readings(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    probe = KernelProbe(proc=proc, sys=tmp_path / "sys")
    record(proc, waited_us=1_000_000, retransmitted=10, dropped=1)
    first = probe.read(0, {"disk.read_count": 5.0, "disk.read_time": 10.0, "disk.busy.sda": 100.0})
    assert first == {
        "tcp_orphans": 3,
        "tcp_buffers_bytes": 5 * 4096,
        "udp_in_use": 2,
        "processes_runnable": 8,
        "processes_blocked": 2,
    }
    record(proc, waited_us=1_800_000, retransmitted=16, dropped=5)
    losses = {"disk.read_count": 9.0, "disk.read_time": 16.0, "disk.busy.sda": 1600.0}
    second = probe.read(2 * S, {**losses, "disk.write_count": 3.0})
    assert second == first | {
        "cpu_pressure_percent": 40,
        "memory_pressure_percent": 20,
        "memory_stall_percent": 10,
        "io_pressure_percent": 0,
        "io_stall_percent": 0,
        "context_switches_per_s": 400_000,
        "tcp_retransmits_per_s": 3,
        "tcp_listen_drops_per_s": 2,
        "softnet_drops_per_s": 2,
        "disk_read_ms": 1.5,
        "disk_busy_percent": 75,
    }


def test_a_kernel_that_says_nothing_is_not_a_kernel_without_pressure(tmp_path: Path) -> None:
    probe = KernelProbe(proc=tmp_path, sys=tmp_path)
    probe.read(0, {})
    assert probe.read(S, {}) == {}


@pytest.mark.slow
def test_pressure_is_what_the_kernel_has_counted_inside_and_outside() -> None:
    if not Path("/proc/pressure/cpu").exists():
        pytest.skip("this kernel has no pressure stall information")

    def waited_us() -> int:
        return int(Path("/proc/pressure/cpu").read_text().split()[4].partition("=")[2])

    outer_us, began_s = waited_us(), time.monotonic()
    probe = HostProbe()
    inner_us, inner_began_s = waited_us(), time.monotonic()
    while time.monotonic() < inner_began_s + 0.3:
        pass
    inner_us, inner_s = waited_us() - inner_us, time.monotonic() - inner_began_s
    percent = probe.read().cpu_pressure_percent
    outer_us, outer_s = waited_us() - outer_us, time.monotonic() - began_s
    assert percent is not None
    assert inner_us / outer_s / 10_000 <= percent <= min(100, outer_us / inner_s / 10_000)


_WITHIN = """
import json, sys, time
from vumeter.probes.host import HostProbe
sys.stdin.readline()
probe = HostProbe()
until = time.process_time() + 0.1
while time.process_time() < until:
    pass
reading = probe.read()
fields = ("cgroup_cpu_limit_cores", "cgroup_cpu_percent", "cgroup_throttled_percent")
print(json.dumps({field: getattr(reading, field) for field in fields}))
"""


@pytest.mark.slow
def test_within_a_group_of_its_own_a_host_says_what_the_group_is_held_to(
    fifth_of_a_core: Path,  # noqa: F811
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WITHIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        enter(fifth_of_a_core, process.pid)
        said, _ = process.communicate("go\n", timeout=60)
    seen = json.loads(said)
    assert seen["cgroup_cpu_limit_cores"] == pytest.approx(0.2)
    assert seen["cgroup_throttled_percent"] > 0
    # A fifth of a core, and what is left of the period before and after.
    assert 5 < seen["cgroup_cpu_percent"] <= 45
