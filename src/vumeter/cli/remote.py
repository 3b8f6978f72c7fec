"""`vumeter attach user@host:RUN`: the other machine's own `vumeter attach`, through ssh."""

import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass

from vumeter.errors import LinkError, UsageError
from vumeter.stats.plaintext import plain

_PLACE = re.compile(
    r"(?P<user>[^@:/\s]+@)?(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[^@:/\[\]\s]+))"
    r":(?P<run>[0-9A-Za-z_.-]*)"
)
_SSH_FAILED = 255
_NOT_FOUND = 127


@dataclass(frozen=True, slots=True)
class Remote:
    """A run of another machine."""

    host: str
    """As ssh takes it: with a user, or without."""
    run: str
    """Empty: the newest."""


def remote_of(text: str) -> Remote | None:
    """
    Return the run on another machine that *text* names; `None`: it names one of this machine.

    >>> remote_of("ann@jump:night")
    Remote(host='ann@jump', run='night')
    >>> remote_of("jump:"), remote_of("night")
    (Remote(host='jump', run=''), None)

    Raises:
        UsageError: It has a colon, which no name of a run has, and is no place either.
    """
    if ":" not in text:
        return None
    match = _PLACE.fullmatch(text)
    # ssh would take a host that begins with a dash for one of its options.
    if match is None or text.startswith("-"):
        raise UsageError(
            f'"{plain(text)}" is no run.',
            hint='Write "night", or "user@host:night" for one over ssh.',
        )
    return Remote((match["user"] or "") + (match["ipv6"] or match["name"]), match["run"])


def attach_through_ssh(remote: Remote, *, watch: bool, program: str) -> int:
    """
    Run `vumeter attach` at the other end, on this terminal, and return its exit code.

    Raises:
        UsageError: There is no ssh here.
        LinkError: ssh failed, or there is no vumeter at the other end.
    """
    ssh = shutil.which("ssh")
    if ssh is None:
        raise UsageError(
            "There is no ssh here.", hint="Install OpenSSH's client, or log in there by hand."
        )
    words = [program, "attach", *(["--watch"] if watch else []), *([remote.run] * bool(remote.run))]
    # The other end's shell splits what ssh hands over.
    code = subprocess.run([ssh, "-t", "--", remote.host, shlex.join(words)], check=False).returncode
    if code == _NOT_FOUND:
        raise LinkError(
            f'There is no "{program}" on {remote.host}.',
            hint="Say where it is there: --program ~/.local/bin/vumeter",
        )
    if code == _SSH_FAILED:
        raise LinkError(
            f"ssh to {remote.host} failed; what it said is above.",
            hint=f"Once more: vumeter attach {remote.host}:{remote.run}",
        )
    # By a signal, as shells say it.
    return code if code >= 0 else 128 - code
