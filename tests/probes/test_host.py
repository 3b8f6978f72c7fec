"""The host probe against /proc, read and parsed here."""

import os
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from vumeter.model.probes import HostReading
from vumeter.probes.host import HostProbe


def _wait_until(is_over: Callable[[], bool]) -> None:
    """Keep one core busy until then."""
    give_up_s = time.monotonic() + 30
    while not is_over():
        assert time.monotonic() < give_up_s


def _jiffies() -> list[int]:
    """User, nice, system, idle, iowait, irq, softirq, steal: of all cores."""
    return [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]


def _hardware_bytes_sent() -> int:
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    cards = {name.strip(): words.split() for name, words in (line.split(":") for line in lines)}
    hardware = [name for name in cards if Path(f"/sys/class/net/{name}/device").exists()]
    return sum(int(cards[name][8]) for name in hardware)


def _hardware_bytes_written() -> int:
    rows = [line.split() for line in Path("/proc/diskstats").read_text().splitlines()]
    # Sectors of 512 bytes, whatever the disk's own are.
    return sum(int(row[9]) * 512 for row in rows if Path(f"/sys/block/{row[2]}/device").exists())


def _memory_bytes(name: str) -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no {name} in /proc/meminfo")


@pytest.mark.slow
def test_processor_time_lies_between_what_the_kernel_counted_inside_and_outside() -> None:
    outer_before = _jiffies()
    probe = HostProbe()
    inner_before = _jiffies()
    _wait_until(lambda: sum(_jiffies()) - sum(inner_before) >= 50 * (os.cpu_count() or 1))
    inner_after = _jiffies()
    reading = probe.read()
    outer_after = _jiffies()

    inner = [b - a for a, b in zip(inner_before, inner_after, strict=True)]
    outer = [b - a for a, b in zip(outer_before, outer_after, strict=True)]
    # The kernel rounds each core's times to ticks, and the sum of all cores apart from them.
    rounding = 100 * 2 * (os.cpu_count() or 1) / sum(inner)

    def assert_between(percent: float | None, share: Callable[[list[int]], int]) -> None:
        assert percent is not None
        lowest, highest = share(inner) / sum(outer), share(outer) / sum(inner)
        assert 100 * lowest - rounding <= percent <= 100 * highest + rounding

    assert_between(reading.cpu_percent, lambda spans: sum(spans) - spans[3] - spans[4])
    assert_between(reading.iowait_percent, lambda spans: spans[4])
    assert_between(reading.steal_percent, lambda spans: spans[7])
    assert reading.cpu_percent > 100 / (os.cpu_count() or 1) / 2, "this test keeps a core busy"
    assert len(reading.core_percents) == os.cpu_count()
    assert statistics.mean(reading.core_percents) == pytest.approx(reading.cpu_percent, abs=5)


def test_memory_swap_load_and_limits_are_the_kernels() -> None:
    reading = HostProbe().read()
    assert reading.memory_total_bytes == _memory_bytes("MemTotal")
    used_bytes = _memory_bytes("MemTotal") - _memory_bytes("MemAvailable")
    # Others allocate meanwhile.
    assert reading.memory_used_bytes == pytest.approx(used_bytes, abs=256 * 2**20)
    assert reading.swap_total_bytes == _memory_bytes("SwapTotal")
    assert reading.load_1m == pytest.approx(
        float(Path("/proc/loadavg").read_text().split()[0]), abs=0.5
    )
    limit = int(Path("/proc/sys/fs/file-nr").read_text().split()[2])
    assert reading.descriptor_limit == limit


def test_descriptors_that_are_opened_are_counted() -> None:
    # The kernel counts in batches per core, so it takes many to be seen.
    before = HostProbe().read().descriptors
    opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(900)]
    try:
        assert HostProbe().read().descriptors >= before + 450
    finally:
        for descriptor in opened:
            os.close(descriptor)


def test_sockets_in_use_are_counted_over_both_versions_of_ip() -> None:
    before = HostProbe().read()
    families = [socket.AF_INET, *([socket.AF_INET6] if socket.has_ipv6 else [])]
    listening = []
    try:
        for family in families:
            for _ in range(50):
                listening.append(socket.socket(family))
                listening[-1].bind(("::1" if family is socket.AF_INET6 else "127.0.0.1", 0))
                listening[-1].listen()
        assert HostProbe().read().tcp_in_use >= before.tcp_in_use + 25 * len(families)
    finally:
        for opened in listening:
            opened.close()


def test_disk_writes_lie_between_what_the_kernel_counted_inside_and_outside() -> None:
    outer_before = _hardware_bytes_written()
    began_s = time.monotonic()
    probe = HostProbe()
    inner_began_s = time.monotonic()
    inner_before = _hardware_bytes_written()
    with tempfile.TemporaryFile() as file:
        file.write(os.urandom(8 * 2**20))
        file.flush()
        os.fsync(file.fileno())
    _wait_until(lambda: time.monotonic() > inner_began_s + 0.1)
    inner = _hardware_bytes_written() - inner_before
    inner_s = time.monotonic() - inner_began_s
    rate = probe.read().disk_write_bytes_per_s
    outer_s = time.monotonic() - began_s
    outer = _hardware_bytes_written() - outer_before
    assert inner / outer_s <= rate <= outer / inner_s


def test_traffic_over_loopback_is_not_the_network_cards() -> None:
    outer_before = _hardware_bytes_sent()
    probe = HostProbe()
    began_s = time.monotonic()
    _send_over_loopback(32 * 2**20)
    _wait_until(lambda: time.monotonic() > began_s + 0.1)
    inner_s = time.monotonic() - began_s
    rate = probe.read().network_sent_bytes_per_s
    assert rate <= (_hardware_bytes_sent() - outer_before) / inner_s
    assert rate < 32 * 2**20 / inner_s / 2


def _send_over_loopback(size_bytes: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = socket.create_connection(server.getsockname())
        receiver, _ = server.accept()
        with sender, receiver:
            for _ in range(size_bytes // 2**16):
                sender.sendall(bytes(2**16))
                left = 2**16
                while left:
                    left -= len(receiver.recv(left))


class _Devices:
    """The kernel's counters as a test wants them, in the place of psutil's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 0
        self.sent: dict[str, int] = {}
        self.idle_s, self.iowait_s = 0.0, 0.0
        monkeypatch.setattr(psutil, "net_io_counters", lambda **_: self._cards())
        monkeypatch.setattr(psutil, "disk_io_counters", lambda **_: None)
        monkeypatch.setattr(psutil, "cpu_times", lambda **_: [self._core()])
        self.probe = HostProbe(clock=lambda: self.now_ns)

    def read(self, **sent: int) -> HostReading:
        self.now_ns += 1_000_000_000
        self.sent = sent
        return self.probe.read()

    def _cards(self) -> dict[str, SimpleNamespace]:
        return {
            name: SimpleNamespace(
                bytes_sent=count, bytes_recv=count, dropin=0, dropout=0, errin=0, errout=0
            )
            for name, count in self.sent.items()
        }

    def _core(self) -> SimpleNamespace:
        times = {"user": 0.0, "idle": self.idle_s, "iowait": self.iowait_s}
        return SimpleNamespace(_asdict=lambda: times)


def test_counters_that_wrap_vanish_or_appear_make_no_rate_at_all(monkeypatch) -> None:
    devices = _Devices(monkeypatch)
    assert devices.read(card=2**32 - 10).network_sent_bytes_per_s == 0
    assert devices.read(card=2**32 - 4).network_sent_bytes_per_s == 6
    assert devices.read(card=5).network_sent_bytes_per_s == 0
    assert devices.read(card=8, new=10**9).network_sent_bytes_per_s == 3
    assert devices.read(new=10**9 + 2).network_sent_bytes_per_s == 2
    assert devices.read().network_received_bytes_per_s == 0


def test_time_waiting_for_disks_that_falls_is_nobodys_work(monkeypatch) -> None:
    devices = _Devices(monkeypatch)
    devices.idle_s, devices.iowait_s = 1.0, 5.0
    devices.read()
    devices.idle_s, devices.iowait_s = 2.0, 4.0
    reading = devices.read()
    assert (reading.cpu_percent, reading.iowait_percent) == (0, 0)
    assert reading.steal_percent is None, "this kernel has no such column"


def test_two_readings_at_one_moment_show_the_same_rates(monkeypatch) -> None:
    devices = _Devices(monkeypatch)
    devices.read(card=0)
    first = devices.read(card=7)
    assert devices.probe.read().network_sent_bytes_per_s == first.network_sent_bytes_per_s == 7


@pytest.mark.slow
def test_a_reading_takes_less_than_five_milliseconds_of_a_core() -> None:
    # A clock by which each reading is a new one.
    probe = HostProbe(clock=iter(range(10**9, 10**12, 10**9)).__next__)
    taken_s = []
    for _ in range(50):
        # Of a core, as this machine has other things to do.
        began_s = time.process_time()
        probe.read()
        taken_s.append(time.process_time() - began_s)
    assert statistics.median(taken_s) < 0.005
