"""
Which processes listen on a TCP port: through the kernel's list of sockets and their inodes.

Only listening sockets are looked at, and only descriptors of processes: on a host with a
hundred thousand connections that is read line by line, and never asked of each process.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_LISTENING = "0A"
_TABLES = ("net/tcp", "net/tcp6")


def listening_inodes(port: int, *, proc: Path = Path("/proc")) -> set[str]:
    """Return the inodes of the sockets that listen on *port*, of both versions of IP."""
    wanted = f":{port:04X}"
    found: set[str] = set()
    for table in _TABLES:
        try:
            lines = (proc / table).open(encoding="ascii")
        except FileNotFoundError:  # IPv6 is off
            continue
        with lines:
            # A line in full is split only where it is one that listens on that port.
            for line in lines:
                place = line.split(None, 4)
                if len(place) > 3 and place[3] == _LISTENING and place[1].endswith(wanted):
                    found.add(line.split()[9])
    return found


def listening_pids(port: int, *, proc: Path = Path("/proc")) -> set[int]:
    """
    Return the processes that listen on *port*, none when nobody does.

    Raises:
        PermissionError: Somebody does, but whose socket it is this user may not see.
    """
    inodes = listening_inodes(port, proc=proc)
    if not inodes:
        return set()
    links = {f"socket:[{inode}]" for inode in inodes}
    processes = [folder for folder in proc.iterdir() if folder.name.isdigit()]
    found = {int(each.name) for each in processes if not links.isdisjoint(_links(each))}
    if not found:
        raise PermissionError(f"the owner of the socket on port {port} is hidden")
    return found


def _links(process: Path) -> Iterator[str]:
    """Return where each descriptor of *process* leads."""
    try:
        # Not pathlib's: a server of a hundred thousand connections has as many of these.
        descriptors = list(os.scandir(process / "fd"))
    except OSError:  # it has ended, or is another user's
        return
    for descriptor in descriptors:
        with contextlib.suppress(OSError):  # closed meanwhile
            yield os.readlink(descriptor.path)  # noqa: PTH115 - as above
