"""
What a process may use, and how it is held to that: its control groups, of version 1 and 2.

Limits are those of the process's own group and of every group around it, as far as they can be
seen: the tightest counts. From within a container its own group is the outermost there is, and
what is seen is the container's truth.
"""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

_NumberT = TypeVar("_NumberT", int, float)

SYS = Path("/sys/fs/cgroup")
PROC = Path("/proc")

# Version 1 writes "no limit" as the largest multiple of a page below 2⁶³.
_NO_LIMIT_FROM = 2**60
_NS_PER_US = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttling:
    """The counters of one group that has a share of processor time, since it was made."""

    periods: int
    throttled: int
    """In so many of them it had used up its share, and stood still until their end."""
    throttled_us: int
    """All of its threads together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CgroupUse:
    """What a process's groups say; `None`: there is no such limit, or it cannot be seen."""

    cpu_limit_cores: float | None = None
    cpu_used_us: int | None = None
    """Since its group was made."""
    throttling: Mapping[Path, Throttling]
    """Of each group that has a limit."""
    memory_bytes: int | None = None
    """Without files that are cached and not in use, which is given back when it gets tight."""
    memory_limit_bytes: int | None = None
    pids: int | None = None
    pids_limit: int | None = None
    oom_kills: int | None = None
    """Since its group was made."""


def cgroup_use(pid: int | str = "self", *, proc: Path = PROC, sys: Path = SYS) -> CgroupUse:
    """
    Return what the groups of the process *pid* say now; nothing off Linux.

    Takes 1 ms of a core.
    """
    try:
        memberships = (proc / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return CgroupUse(throttling={})
    paths: dict[str, str] = {}
    for line in memberships:
        _, controllers, path = line.split(":", 2)
        paths |= dict.fromkeys(controllers.split(","), path)
    unified = _unified(paths.get("", "/"), sys)
    cpu = _groups(sys / "cpu", paths.get("cpu"))
    memory = _groups(sys / "memory", paths.get("memory"))
    pids = _groups(sys / "pids", paths.get("pids"))
    # Where it is counted in a larger group than it is limited in, the count is of others, too.
    is_its_own = paths.get("cpuacct") == paths.get("cpu")
    accounts = _groups(sys / "cpuacct", paths.get("cpuacct")) if is_its_own else []
    use_2, use_1 = _version_2(unified), _version_1(cpu, accounts, memory, pids)
    # A host may have both, and each controller is in one of them.
    return CgroupUse(
        throttling={**use_2.throttling, **use_1.throttling},
        **{
            field: next(
                (value for use in (use_1, use_2) if (value := getattr(use, field)) is not None),
                None,
            )
            for field in CgroupUse.__slots__
            if field != "throttling"
        },
    )


def throttled_percent(before: CgroupUse, after: CgroupUse) -> float | None:
    """
    Return in how many of a hundred periods since *before* a group stood still; the worst.

    `None`: nothing limits it. Within a group that was idle all the time, it is 0.
    """
    shares = []
    for group, now in after.throttling.items():
        then = before.throttling.get(group)
        if then is not None:
            periods = now.periods - then.periods
            shares.append(100 * (now.throttled - then.throttled) / periods if periods > 0 else 0.0)
    return min(100.0, max(0.0, *shares)) if shares else None


def _unified(path: str, sys: Path) -> list[Path]:
    root = sys if (sys / "cgroup.controllers").exists() else sys / "unified"
    return _groups(root, path)


def _groups(root: Path, path: str | None) -> list[Path]:
    """Return the group at *path* and those around it, the innermost first."""
    if path is None or not root.is_dir():
        return []
    group = root / path.lstrip("/")
    if ".." in group.parts or not group.is_dir():
        # In a container, the path may be the host's: what is mounted is its own group.
        return [root]
    return [group, *(each for each in group.parents if each == root or root in each.parents)]


def _version_2(groups: list[Path]) -> CgroupUse:
    if not groups:
        return CgroupUse(throttling={})
    innermost = groups[0]
    used = _pairs(innermost / "cpu.stat").get("usage_usec")
    limits = [(group, cores) for group in groups if (cores := _max_cores(group)) is not None]
    return CgroupUse(
        cpu_limit_cores=_least(cores for _, cores in limits),
        cpu_used_us=used,
        throttling={group: _throttling(group) for group, _ in limits},
        memory_bytes=_working_set(innermost, "memory.current", "inactive_file"),
        memory_limit_bytes=_least(_number(group / "memory.max") for group in groups),
        pids=_number(innermost / "pids.current"),
        pids_limit=_least(_number(group / "pids.max") for group in groups),
        oom_kills=_pairs(innermost / "memory.events").get("oom_kill"),
    )


def _version_1(
    cpu: list[Path], accounts: list[Path], memory: list[Path], pids: list[Path]
) -> CgroupUse:
    used_ns = _number(accounts[0] / "cpuacct.usage") if accounts else None
    limits = [(group, cores) for group in cpu if (cores := _quota_cores(group)) is not None]
    return CgroupUse(
        cpu_limit_cores=_least(cores for _, cores in limits),
        cpu_used_us=None if used_ns is None else used_ns // _NS_PER_US,
        throttling={group: _throttling(group) for group, _ in limits},
        memory_bytes=_working_set(memory[0], "memory.usage_in_bytes", "total_inactive_file")
        if memory
        else None,
        memory_limit_bytes=_least(_number(group / "memory.limit_in_bytes") for group in memory),
        pids=_number(pids[0] / "pids.current") if pids else None,
        pids_limit=_least(_number(group / "pids.max") for group in pids),
        oom_kills=_pairs(memory[0] / "memory.oom_control").get("oom_kill") if memory else None,
    )


def _throttling(group: Path) -> Throttling:
    """Return the counters of *group*: version 1 has nanoseconds, and another name for them."""
    stat = _pairs(group / "cpu.stat")
    return Throttling(
        periods=stat.get("nr_periods", 0),
        throttled=stat.get("nr_throttled", 0),
        throttled_us=stat.get("throttled_usec", stat.get("throttled_time", 0) // _NS_PER_US),
    )


def _max_cores(group: Path) -> float | None:
    """Return the cores of a `cpu.max`: "200000 100000", or "max 100000"."""
    quota, _, period = _text(group / "cpu.max").partition(" ")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def _quota_cores(group: Path) -> float | None:
    quota_us, period_us = (_number(group / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    return quota_us / period_us if quota_us and quota_us > 0 and period_us else None


def _number(file: Path) -> int | None:
    """Return the number in *file*; `None`: there is none, or it says that there is no limit."""
    text = _text(file)
    if not text.lstrip("-").isdigit():
        return None
    number = int(text)
    return number if number < _NO_LIMIT_FROM else None


def _pairs(file: Path) -> dict[str, int]:
    """Return the numbers of a file that has a name and a number in each line."""
    words = (line.split() for line in _text(file).splitlines())
    return {pair[0]: int(pair[1]) for pair in words if len(pair) == 2 and pair[1].isdigit()}


def _text(file: Path) -> str:
    with contextlib.suppress(OSError):
        return file.read_text().strip()
    return ""


def _working_set(group: Path, usage: str, inactive: str) -> int | None:
    used = _number(group / usage)
    return None if used is None else max(0, used - _pairs(group / "memory.stat").get(inactive, 0))


def _least(values: Iterable[_NumberT | None]) -> _NumberT | None:
    return min((value for value in values if value is not None), default=None)
