"""
A process on this host and all of its children: what they use, summed.

It is found by pid, by its command line, or by the port that it listens on, and found again
when it was restarted. Processor time is counted of processes that were there at both ends of
the time between two looks; memory is resident sets, in which shared pages count once for each
process that has them mapped.
"""

import asyncio
import contextlib
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

import psutil

from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns
from vumeter.model.watched import ProcessMonitor
from vumeter.probes.cgroup import CgroupUse, cgroup_use, throttled_percent
from vumeter.probes.listeners import listening_pids
from vumeter.probes.observing import LOOK_INTERVAL_S, Look, UnseenError

# To find all children, every process of the host is asked for its parent: 50 µs for each.
_FAMILY_EVERY_NS = 5 * NANOSECONDS_PER_S
_MOST_PROCESSES = 500
_SHOWN_WORDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """What one process uses at one moment; `None`: it is hidden from this user."""

    cpu_s: float
    rss_bytes: int
    threads: int
    descriptors: int | None
    descriptor_limit: int | None


class ProcessObserver:
    """Looks at the process that *monitor* names."""

    def __init__(self, monitor: ProcessMonitor, *, clock: NsClock = monotonic_ns) -> None:
        self.every_s = LOOK_INTERVAL_S
        self._monitor = monitor
        self._clock = clock
        self._roots: tuple[psutil.Process, ...] = ()
        self._family: tuple[psutil.Process, ...] = ()
        self._family_ns = clock() - _FAMILY_EVERY_NS
        self._cpu_s: dict[psutil.Process, float] = {}
        self._cpu_ns = clock()
        self._cgroup: CgroupUse | None = None
        self._looking: asyncio.Future[Look] | None = None

    async def look(self) -> Look:
        """
        Return what the process uses, read in a thread: a kernel that is busy may take long.

        Raises:
            UnseenError: It is not there.
        """
        if self._looking is None:
            self._looking = asyncio.ensure_future(asyncio.to_thread(self._look))
        # A look that was given up on goes on in its thread: the next one waits for that.
        looking = self._looking
        try:
            return await asyncio.shield(looking)
        finally:
            if looking.done():
                self._looking = None

    async def close(self) -> None:
        """Forget a look that is still being waited for."""
        if self._looking is not None:
            self._looking.cancel()

    def _look(self) -> Look:
        notices = self._find()
        uses = {each: use for each in self._family if (use := _use(each)) is not None}
        if not any(root in uses for root in self._roots):
            self._roots = self._family = ()
            raise UnseenError("the process has ended", "the probe looks for it again")
        cpu_percent = self._cpu_percent(uses)
        series = dict(_series(list(uses.values())))
        series |= self._allowances()
        if cpu_percent is not None:
            series["cpu_percent"] = cpu_percent
        remark = ""
        if any(use.descriptors is None for use in uses.values()):
            remark = "descriptors of another user's process are hidden → run vumeter as that user"
        return Look(series=series, title=_title(self._roots), remark=remark, notices=notices)

    def _find(self) -> tuple[str, ...]:
        """Find the process and its children anew, when it is time or it is gone."""
        now_ns = self._clock()
        is_there = bool(self._roots) and all(map(_runs, self._roots))
        if is_there and now_ns - self._family_ns < _FAMILY_EVERY_NS:
            return ()
        before = set(self._roots)
        self._roots, self._family = family_of(self._monitor)
        if before != set(self._roots):
            self._cgroup = None
        self._family_ns = now_ns
        if before and not before & set(self._roots):
            return (f"{self._monitor.name} was restarted: {_title(self._roots)}",)
        return ()

    def _allowances(self) -> dict[str, float]:
        """Return what the first process may use, and how it is held to that."""
        before, now = self._cgroup, cgroup_use(self._roots[0].pid)
        self._cgroup = now
        memory = psutil.virtual_memory()
        limit, used = now.memory_limit_bytes, now.memory_bytes
        if limit is None or used is None or limit > memory.total:
            limit, used = memory.total, memory.total - memory.available
        throttled = None if before is None else throttled_percent(before, now)
        found = {
            "memory_limit_bytes": limit,
            "memory_of_limit_bytes": used,
            "cpu_limit_cores": now.cpu_limit_cores,
            "throttled_percent": throttled,
            "oom_kills": now.oom_kills or None,
        }
        return {name: value for name, value in found.items() if value is not None}

    def _cpu_percent(self, uses: Mapping[psutil.Process, _Use]) -> float | None:
        """Return how much of one core was used since the last look; `None`: there was none."""
        now_ns, before = self._clock(), self._cpu_s
        span_s = (now_ns - self._cpu_ns) / NANOSECONDS_PER_S
        self._cpu_s = {process: use.cpu_s for process, use in uses.items()}
        self._cpu_ns = now_ns
        known = [process for process in uses if process in before]
        if not known or span_s <= 0:
            return None
        used_s = sum(max(0.0, self._cpu_s[process] - before[process]) for process in known)
        return 100 * used_s / span_s


def family_of(
    monitor: ProcessMonitor,
) -> tuple[tuple[psutil.Process, ...], tuple[psutil.Process, ...]]:
    """
    Return the processes that *monitor* names, and these with all of their children.

    Raises:
        UnseenError: There are none, or they are hidden.
    """
    found = [process for pid in _pids(monitor) if (process := _process(pid)) is not None]
    if not found:
        raise UnseenError(*_missing(monitor))
    parents = _parents()
    pids = {process.pid for process in found}
    if monitor.children:
        pids |= _descendants(pids, parents)
    family = (process for pid in sorted(pids) if (process := _process(pid)) is not None)
    return tuple(_topmost(found, parents)), tuple(islice(family, _MOST_PROCESSES))


def _pids(monitor: ProcessMonitor) -> Iterable[int]:
    if monitor.pid is not None:
        return (monitor.pid,)
    if monitor.port is None:
        return _matching(re.compile(monitor.pattern or ""))
    try:
        return listening_pids(monitor.port)
    except PermissionError:
        raise UnseenError(
            f"what listens on port {monitor.port} is another user's process",
            "run vumeter as that user or as root, or name its pid",
        ) from None


def _missing(monitor: ProcessMonitor) -> tuple[str, str]:
    if monitor.pid is not None:
        return f"there is no process {monitor.pid}", "name it by port or pattern: those are kept"
    if monitor.port is not None:
        return f"nothing listens on port {monitor.port}", "the probe looks for it again"
    return (
        f'no process has "{monitor.pattern}" in its command line',
        "the probe looks for it again",
    )


def _matching(pattern: re.Pattern[str]) -> list[int]:
    """Return whose command line *pattern* is found in; not this run, nor who started it."""
    own = psutil.Process()
    apart = {own.pid, *(each.pid for each in own.parents())}
    found = []
    for process in psutil.process_iter():
        if process.pid in apart:
            continue
        with contextlib.suppress(psutil.Error, OSError):
            if pattern.search(shlex.join(process.cmdline())):
                found.append(process.pid)
    return found


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _parents() -> dict[int, int]:
    """Return the parent of each process of this host."""
    found: dict[int, int] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            found[process.pid] = process.ppid()
    return found


def _topmost(found: Sequence[psutil.Process], parents: Mapping[int, int]) -> list[psutil.Process]:
    """Return those of *found* that are not below another one: a server before its workers."""
    pids = {process.pid for process in found}
    return [process for process in found if pids.isdisjoint(_ancestors(process.pid, parents))]


def _ancestors(pid: int, parents: Mapping[int, int]) -> Iterator[int]:
    seen = {pid}
    while (pid := parents.get(pid, 0)) and pid not in seen:
        seen.add(pid)
        yield pid


def _descendants(pids: Iterable[int], parents: Mapping[int, int]) -> set[int]:
    wanted = set(pids)
    return {pid for pid in parents if not wanted.isdisjoint(_ancestors(pid, parents))}


def _use(process: psutil.Process) -> _Use | None:
    """Return what *process* uses; `None`: it has ended."""
    try:
        with process.oneshot():
            times = process.cpu_times()
            return _Use(
                cpu_s=times.user + times.system,
                rss_bytes=process.memory_info().rss,
                threads=process.num_threads(),
                descriptors=_unless_hidden(process.num_fds),
                descriptor_limit=_unless_hidden(lambda: process.rlimit(psutil.RLIMIT_NOFILE)[0]),
            )
    except (psutil.Error, OSError):
        return None


def _unless_hidden(ask: Callable[[], int]) -> int | None:
    try:
        return ask()
    except psutil.AccessDenied:
        return None


def _series(uses: Collection[_Use]) -> Iterator[tuple[str, float]]:
    yield "processes", len(uses)
    yield "rss_bytes", sum(use.rss_bytes for use in uses)
    yield "threads", sum(use.threads for use in uses)
    descriptors = [use.descriptors for use in uses if use.descriptors is not None]
    if len(descriptors) == len(uses):
        yield "descriptors", sum(descriptors)
    # The limit is each process's own: that which is nearest to its limit is the one to watch.
    limited = [
        (use.descriptors / use.descriptor_limit, use.descriptors, use.descriptor_limit)
        for use in uses
        if use.descriptors is not None and use.descriptor_limit and use.descriptor_limit > 0
    ]
    if limited:
        _, used, limit = max(limited)
        yield "descriptors_of_fullest", used
        yield "descriptor_limit", limit


def _title(roots: Sequence[psutil.Process]) -> str:
    if not roots:
        return ""
    first = min(roots, key=lambda process: process.pid)
    words = [""]
    with contextlib.suppress(psutil.Error, OSError):
        words = process_words(first.cmdline()) or [first.name()]
    others = f" and {len(roots) - 1} more" if len(roots) > 1 else ""
    return f"pid {first.pid}{others} {' '.join(words)}"


def process_words(command: Sequence[str]) -> list[str]:
    """
    Return the program and what it was told first: options, and URLs, may hold secrets.

    >>> process_words(["/usr/bin/python3", "-m", "shop", "--token", "abc"])
    ['python3', '-m', 'shop']
    """
    kept = list(takewhile(_is_harmless, command[:_SHOWN_WORDS]))
    return [word.rpartition("/")[2] for word in kept]


def _is_harmless(word: str) -> bool:
    return word == "-m" or not (word.startswith("-") or any(sign in word for sign in "=@?"))
