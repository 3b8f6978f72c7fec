"""What stands behind a host's load, as it reads."""

from msgspec.structs import replace

from vumeter.model.probes import HostReading
from vumeter.testing.story import story
from vumeter.tui.terminal import DEFAULT_LOOK
from vumeter.tui.widgets.host_depth import depth_lines
from vumeter.tui.widgets.status_row import Health, host_health


def host(**changes: object) -> HostReading:
    reading = story(5).frames[-1].host
    assert reading is not None
    return replace(reading, **changes)


def texts(width: int = 80, **changes: object) -> list[str]:
    lines = depth_lines(host(**changes), width=width, look=DEFAULT_LOOK)
    assert all(line.width <= width for line in lines)
    return [line.text.rstrip() for line in lines]


def test_a_kernel_that_says_nothing_takes_no_line() -> None:
    assert texts() == []


def test_pressure_and_the_run_queue_stand_together() -> None:
    assert texts(cpu_pressure_percent=61.0, memory_pressure_percent=0.0, processes_runnable=11) == [
        " pressure   cpu 61%  mem 0%  run queue 11"
    ]


def test_a_second_without_reads_has_no_latency_of_them() -> None:
    assert texts(disk_write_ms=24.5, disk_busy_percent=99.0) == [
        " disk       write 24.5ms  busy 99%"
    ]


def test_the_container_comes_first_and_makes_the_hosts_light_warn() -> None:
    contained = {
        "cgroup_cpu_limit_cores": 1.5,
        "cgroup_cpu_percent": 120.0,
        "cgroup_throttled_percent": 30.0,
        "cgroup_memory_bytes": 100_000_000,
        "cgroup_memory_limit_bytes": 500_000_000,
    }
    assert texts(**contained, udp_in_use=1, cpu_pressure_percent=1.0)[0] == (
        " container  cpu 120% of 150%  throttled 30%  mem 100M/500M"
    )
    assert host_health(host(**contained)) == (Health.WARN, "throttled 30%")
    full = contained | {"cgroup_memory_bytes": 499_000_000}
    assert host_health(host(**full)) == (Health.BAD, "mem 100%")
