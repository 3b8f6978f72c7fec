"""
Stacks of a Python process, sampled by py-spy in a process of its own.

py-spy reads the memory of the process from outside. By itself it would stop the process for
each look, which wakes the threads that wait: on a host under load they are still on their way
back to sleep at the next look, and count as being at work. Of a server of threads, whose
handlers burn all of its time, 54 of 100 samples were in a read from a socket that way, and
without stopping it 16; so it is not stopped. What one look in a hundred pays for it is a stack
that changed while it was read: most of these py-spy notices, and counts as errors.
"""

import asyncio
import contextlib
import os
import pwd
import re
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vumeter.probes.observing import UnseenError
from vumeter.probes.plain import plain_text
from vumeter.probes.suspect import Suspect
from vumeter.stats.plaintext import plain
from vumeter.stats.stacks import stacks_of

PROGRAM = "py-spy"
MISSING = 'py-spy is not installed where this run is → pip install "vumeter[profile]"'

RATE_PER_S = 100
"""How often it looks; its own default."""

_STARTING_S = 20.0
"""How long it may take beyond its time: reading the symbols of a large process takes seconds."""
_ENDING_S = 3.0
_MOST_BYTES = 4 * 2**20
"""Of what it wrote is kept; deep stacks of a busy server come to less than one."""
_FRAME_LIMIT = 300
_SAID_LIMIT = 200

_COMMANDS = re.compile(r'process (\d+):"')
_ERRORS_RATIO = 0.05
"""So many looks that fail are usual."""

_ERRORS = re.compile(r"Errors: (\d+)")
_IS_BEHIND = "behind in sampling"
_REFUSED = ("permission denied", "operation not permitted")
_SCOPE = Path("/proc/sys/kernel/yama/ptrace_scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What py-spy has seen."""

    stacks: str
    """Collapsed; plain text in every line, and nobody's command line."""
    samples: int
    remark: str
    """What there is to know before it is believed; plain text, empty: nothing."""


def program_path(search_path: str | None = None) -> str | None:
    """Return where py-spy is: on *search_path* ($PATH), or beside this Python; `None`: nowhere."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(PROGRAM, path=search_path) or (
        shutil.which(PROGRAM, path=beside) if search_path is None else None
    )


async def sampled(
    program: str,
    suspect: Suspect,
    *,
    duration_s: int,
    cut: asyncio.Event,
    starting_s: float = _STARTING_S,
) -> Sampled:
    """
    Return the stacks of *suspect* and the Pythons below it over *duration_s*.

    Args:
        program: py-spy.
        suspect: What to look at.
        duration_s: For how long, at `RATE_PER_S`.
        cut: Once it is set, no longer.
        starting_s: How long it may take beyond that.

    Raises:
        UnseenError: There are none.
    """
    with tempfile.TemporaryDirectory(prefix="vumeter-") as folder:
        path = Path(folder, "stacks")
        process = await _started(program, suspect, duration_s=duration_s, path=path)
        saying = asyncio.ensure_future(process.communicate())
        try:
            said, _ = await _until_told(process, saying, cut, limit_s=duration_s + starting_s)
        finally:
            await _ended(process)
            saying.cancel()
        words = said.decode(errors="replace")
        if process.returncode == -signal.SIGINT:
            raise UnseenError("it was ended before py-spy had begun", "")
        if process.returncode != 0:
            raise _failure(words, suspect.pid)
        content = await asyncio.to_thread(_content, path)
    return _sampled(content, words)


async def _started(program: str, suspect: Suspect, *, duration_s: int, path: Path) -> Process:
    below = ["--subprocesses"] if suspect.has_children else []
    arguments = ["record", "--nonblocking", "--format", "raw", "--output", str(path)]
    # A session of its own: Ctrl+C on a run in the foreground ends the run, which ends this.
    try:
        return await asyncio.create_subprocess_exec(
            program,
            *arguments,
            *("--pid", str(suspect.pid), "--duration", str(duration_s)),
            *("--rate", str(RATE_PER_S), *below),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env=os.environ | {"RUST_BACKTRACE": "0"},
            start_new_session=True,
        )
    except OSError as error:
        raise UnseenError(f"{program} cannot be started: {error.strerror}", "") from error


async def _until_told(
    process: Process,
    saying: "asyncio.Future[tuple[bytes, bytes]]",
    cut: asyncio.Event,
    *,
    limit_s: float,
) -> tuple[bytes, bytes]:
    """Return what py-spy said, once it has ended: by itself, or because of *cut*."""
    cutting = asyncio.ensure_future(cut.wait())
    try:
        waited: set[asyncio.Future[Any]] = {saying, cutting}
        await asyncio.wait(waited, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        if cut.is_set():
            _signal(process, signal.SIGINT)
            await asyncio.wait({saying}, timeout=_ENDING_S)
        if not saying.done():
            raise UnseenError(f"py-spy did not end within {limit_s:.0f} s", "it was ended")
        return saying.result()
    finally:
        cutting.cancel()


async def _ended(process: Process) -> None:
    """Leave no py-spy behind."""
    if process.returncode is not None:
        return
    _signal(process, signal.SIGINT)
    try:
        async with asyncio.timeout(_ENDING_S):
            await process.wait()
    except TimeoutError:
        _signal(process, signal.SIGKILL)
        await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES + 1).decode(errors="replace")
    except OSError:
        return ""


def _sampled(content: str, said: str) -> Sampled:
    # Of what is too long the last line is half a stack.
    is_cut = len(content) > _MOST_BYTES
    lines = content.split("\n")[: -1 if is_cut else None]
    stacks = "\n".join(_shown(line) for line in lines if line)
    samples = sum(stack.samples for stack in stacks_of(stacks))
    errors = _ERRORS.search(said)
    remarks = []
    if _IS_BEHIND in said:
        remarks.append("py-spy could not keep up: the host is busy")
    if errors is not None and int(errors[1]) > samples * _ERRORS_RATIO:
        remarks.append(f"{errors[1]} looks failed, {samples} saw a stack")
    if is_cut:
        remarks.append(f"stacks beyond {_MOST_BYTES // 2**20} MB were left out")
    if not samples:
        remarks.append("no thread was at work in any look: what it waits for is not in a profile")
    return Sampled(stacks=stacks, samples=samples, remark="; ".join(remarks))


def _shown(line: str) -> str:
    """
    Return a line of py-spy's as it may be kept: plain, and without command lines.

    Where it looks below a process, stacks begin with `process 811:"python -m shop --token …"`.
    """
    before, quote, stack = line.rpartition('";')
    processes = [f"process {pid}" for pid in _COMMANDS.findall(before)] if quote else []
    rest = stack if processes else line
    frames, _, count = rest.rpartition(" ")
    shown = (plain(frame)[:_FRAME_LIMIT] for frame in frames.split(";"))
    return f"{';'.join((*processes, *shown))} {count}"


def _failure(said: str, pid: int) -> UnseenError:
    words = said.casefold()
    if "failed to find python version" in words:
        return UnseenError(f"pid {pid} is no Python that py-spy knows", "it knows CPython only")
    if any(refusal in words for refusal in _REFUSED):
        return UnseenError(f"py-spy may not look into pid {pid}", _permission(pid))
    if "no such file or directory" in words or "no such process" in words:
        return UnseenError(f"pid {pid} has ended", "ask again: it is looked for anew")
    lines = [line for line in said.splitlines() if line and not line.startswith("py-spy>")]
    first = lines[0] if lines else "it said nothing"
    return UnseenError(f"py-spy failed: {plain_text(first, limit=_SAID_LIMIT)}", "")


def _permission(pid: int) -> str:
    """Return in words what keeps this user from tracing that process, and what to do."""
    try:
        owner = Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        owner = os.geteuid()
    if owner != os.geteuid():
        return f"it is {_user(owner)}'s: run vumeter as that user or as root"
    if _scope() > 0 and os.geteuid() != 0:
        return (
            "kernel.yama.ptrace_scope lets a process trace its children only: run as root, or "
            "sudo sysctl kernel.yama.ptrace_scope=0"
        )
    return "ptrace is forbidden here: in a container, --cap-add SYS_PTRACE allows it"


def _scope() -> int:
    try:
        return int(_SCOPE.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
