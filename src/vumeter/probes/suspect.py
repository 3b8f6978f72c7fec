"""Which process on this host a flame graph of the target is to be of."""

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import psutil

from vumeter.client.origin import origin_of
from vumeter.model.plan import Plan
from vumeter.model.watched import ProcessMonitor
from vumeter.probes.observing import UnseenError
from vumeter.probes.plain import plain_text
from vumeter.probes.process import family_of, process_words

_PYTHON = re.compile(r"python[\d.]*[a-z]*")
_TITLE_LIMIT = 80


class Suspect(NamedTuple):
    """A Python process."""

    pid: int
    title: str
    """Its program and what that was told first; plain text."""
    has_children: bool
    """Whether other Pythons are below it, a server's workers."""
    others: int
    """How many that are not below it were left aside; it is the busiest."""


def monitor_of(plan: Plan, pid: int | None = None) -> ProcessMonitor:
    """
    Return what the target's process is found by: *pid*, the plan's monitor, or its port.

    Raises:
        UnseenError: The target is not on this host.
    """
    if pid is not None:
        return ProcessMonitor(name="target", pid=pid)
    for monitor in plan.monitors:
        if isinstance(monitor, ProcessMonitor):
            return monitor
    origin = origin_of(plan.target)
    if not _is_here(origin.host):
        raise UnseenError(
            f"{origin.host} is not on this host", "run py-spy over there: it needs the process"
        )
    return ProcessMonitor(name="target", port=origin.port)


def python_process(monitor: ProcessMonitor) -> Suspect:
    """
    Return the Python process among those that *monitor* names and their children.

    Of several that are not each other's children it is the one that has worked most.

    Raises:
        UnseenError: There is none, or it is vumeter itself.
    """
    roots, family = family_of(monitor)
    if os.getpid() in {process.pid for process in roots}:
        raise UnseenError("that is vumeter itself", "name the target's process")
    pythons = [process for process in family if _is_python(process) and not _is_own(process)]
    pids = {process.pid for process in pythons}
    if not pythons:
        what = _title(roots[0]) if roots else ""
        raise UnseenError(
            f"pid {roots[0].pid} {what}".rstrip() + " is no Python process",
            "name the one that is, by its pid or in monitors.process: py-spy knows CPython only",
        )
    tops = [process for process in pythons if _parent(process) not in pids]
    busiest = max(tops, key=_worked_s)
    return Suspect(
        pid=busiest.pid,
        title=_title(busiest),
        has_children=any(_parent(process) == busiest.pid for process in pythons),
        others=len(tops) - 1,
    )


def _is_here(host: str) -> bool:
    """Return whether *host* is an address of this machine; asks the name server."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    cards = psutil.net_if_addrs().values()
    own = {each.address.partition("%")[0] for card in cards for each in card}
    return any(ip_address(each.partition("%")[0]).is_loopback or each in own for each in found)


def _is_python(process: psutil.Process) -> bool:
    if any(_PYTHON.fullmatch(name) for name in _names(process)):
        return True
    # Embedded, as in uWSGI. What is another user's cannot be read, and py-spy could not either.
    with contextlib.suppress(OSError):
        return "/libpython" in Path(f"/proc/{process.pid}/maps").read_text(errors="replace")
    return False


def _is_own(process: psutil.Process) -> bool:
    """Whether it is this run or one of its workers."""
    try:
        return process.pid == os.getpid() or "vumeter.engine.leash" in process.cmdline()
    except (psutil.Error, OSError):
        return False


def _names(process: psutil.Process) -> Iterator[str]:
    # The file also where the process has given itself another name, as Gunicorn's do.
    with contextlib.suppress(psutil.Error, OSError):
        yield Path(process.exe()).name
    with contextlib.suppress(psutil.Error, OSError):
        yield from (Path(word).name for word in process.cmdline()[:1])


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


def _worked_s(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()))
    except psutil.Error:
        return 0.0


def _title(process: psutil.Process) -> str:
    try:
        words = process_words(process.cmdline()) or [process.name()]
    except (psutil.Error, OSError):
        return ""
    return plain_text(" ".join(words), limit=_TITLE_LIMIT)
