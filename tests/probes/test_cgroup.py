"""What holds a process: real groups of this machine's kernel, and trees as kernels write them."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.probes.test_process import Victim

from vumeter.model.watched import ProcessMonitor
from vumeter.probes.cgroup import SYS, cgroup_use, throttled_percent
from vumeter.probes.process import ProcessObserver
from vumeter.testing.patience import wait_until


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    """The places of /proc and of /sys/fs/cgroup."""
    return tmp_path / "proc", tmp_path / "sys"


def test_of_version_2_the_tightest_limit_of_all_groups_around_counts(trees) -> None:
    proc, sys = trees
    write(proc / "7", cgroup="0::/web.slice/api.service")
    write(sys, cgroup__controllers="cpu memory pids")
    write(
        sys / "web.slice",
        cpu__max="150000 100000",
        cpu__stat="usage_usec 9000\nnr_periods 10\nnr_throttled 4\nthrottled_usec 300000",
        memory__max="268435456",
        pids__max="max",
    )
    write(
        sys / "web.slice/api.service",
        cpu__max="max 100000",
        cpu__stat="usage_usec 5000000\nuser_usec 4000000\nnr_periods 0",
        memory__current="104857600",
        memory__stat="anon 73400320\ninactive_file 20971520",
        memory__max="536870912",
        memory__events="low 0\noom 1\noom_kill 1",
        pids__current="12",
        pids__max="100",
    )
    use = cgroup_use(7, proc=proc, sys=sys)
    assert (use.cpu_limit_cores, use.cpu_used_us) == (1.5, 5_000_000)
    assert (use.memory_bytes, use.memory_limit_bytes) == (80 * 2**20, 256 * 2**20)
    assert (use.pids, use.pids_limit, use.oom_kills) == (12, 100, 1)
    assert [group.name for group in use.throttling] == ["web.slice"]


def test_in_a_container_what_is_mounted_is_its_own_group(trees) -> None:
    proc, sys = trees
    write(proc / "7", cgroup="0::/docker/0123456789abcdef")
    write(sys, cgroup__controllers="cpu memory", memory__max="67108864", memory__current="1048576")
    use = cgroup_use(7, proc=proc, sys=sys)
    assert (use.memory_bytes, use.memory_limit_bytes) == (2**20, 64 * 2**20)


def test_of_version_1_each_controller_has_groups_of_its_own(trees) -> None:
    proc, sys = trees
    write(proc / "7", cgroup="4:memory:/docker/a\n3:cpu,cpuacct:/docker/b\n0::/")
    write(
        sys / "cpu/docker/b",
        cpu__cfs_quota_us="50000",
        cpu__cfs_period_us="100000",
        cpu__stat="nr_periods 100\nnr_throttled 25\nthrottled_time 2000000",
    )
    write(sys / "cpuacct/docker/b", cpuacct__usage="7000000")
    write(sys / "memory", memory__limit_in_bytes="9223372036854771712")
    write(
        sys / "memory/docker/a",
        memory__usage_in_bytes="3000",
        memory__stat="inactive_file 1\ntotal_inactive_file 1000",
        memory__limit_in_bytes="5000",
        memory__oom_control="oom_kill_disable 0\nunder_oom 0\noom_kill 2",
    )
    use = cgroup_use(7, proc=proc, sys=sys)
    assert (use.cpu_limit_cores, use.cpu_used_us) == (0.5, 7000)
    (throttling,) = use.throttling.values()
    assert (throttling.periods, throttling.throttled, throttling.throttled_us) == (100, 25, 2000)
    assert (use.memory_bytes, use.memory_limit_bytes, use.oom_kills) == (2000, 5000, 2)


@pytest.mark.parametrize("path", ["/../../etc", "/gone"])
def test_a_path_that_leads_nowhere_is_not_followed(trees, path: str) -> None:
    proc, sys = trees
    write(proc / "7", cgroup=f"0::{path}")
    write(sys, cgroup__controllers="memory", memory__max="max")
    assert cgroup_use(7, proc=proc, sys=sys).memory_limit_bytes is None


def test_a_process_that_is_gone_is_held_by_nothing(trees) -> None:
    proc, sys = trees
    assert cgroup_use(7, proc=proc, sys=sys).throttling == {}


@pytest.fixture
def fifth_of_a_core() -> Iterator[Path]:
    """A real group that may use a fifth of one core."""
    version_1 = SYS / "cpu"
    root = version_1 if (version_1 / "cgroup.procs").exists() else SYS
    try:
        group = Path(tempfile.mkdtemp(prefix="vumeter-", dir=root))
    except OSError as error:
        pytest.skip(f"no group can be made here: {error.strerror}")
    groups = [group]
    try:
        if root is SYS:
            limit(group / "cpu.max", "20000 100000")
        else:
            limit(group / "cpu.cfs_quota_us", "20000")
            if not (SYS / "cpu").samefile(SYS / "cpuacct"):
                groups.append(SYS / "cpuacct" / group.name)
                groups[1].mkdir()
        yield group
    finally:
        for each in groups:
            _remove(each)


def _remove(group: Path) -> None:
    """Remove it once its last process is gone for the kernel, too."""

    def is_removed() -> bool:
        with contextlib.suppress(OSError):
            group.rmdir()
            return True
        return False

    wait_until(is_removed, (group / "cgroup.procs").read_text)


def enter(group: Path, pid: int) -> None:
    """Put the process *pid* into *group*, and into its namesake that counts."""
    limit(group / "cgroup.procs", str(pid))
    namesake = SYS / "cpuacct" / group.name
    if namesake.is_dir():
        limit(namesake / "cgroup.procs", str(pid))


def limit(file: Path, text: str) -> None:
    try:
        file.write_text(text)
    except OSError as error:
        pytest.skip(f"no limit can be set here: {file.name}: {error.strerror}")


@pytest.mark.slow
async def test_a_process_that_is_held_to_a_fifth_of_a_core_shows_it(
    fifth_of_a_core: Path,
) -> None:
    victim = Victim()
    try:
        enter(fifth_of_a_core, victim.pid)
        observer = ProcessObserver(ProcessMonitor(name="api", pid=victim.pid))
        first = await observer.look()
        assert first.series["cpu_limit_cores"] == pytest.approx(0.2)
        before = cgroup_use(victim.pid)
        victim.do("burn 0.1")
        series = (await observer.look()).series
        after = cgroup_use(victim.pid)
        kernels = dict(line.split() for line in _stat(fifth_of_a_core))
        (throttling,) = after.throttling.values()
        assert throttling.throttled == int(kernels["nr_throttled"]) > 0
        assert 0 < (throttled_percent(before, after) or 0) <= 100
        assert series["throttled_percent"] > 0
    finally:
        victim.end()


def _stat(group: Path) -> list[str]:
    return (group / "cpu.stat").read_text().splitlines()
