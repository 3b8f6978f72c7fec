"""[[monitors.…]] of a profile: their tables, the monitors of a plan, and back."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated

from msgspec.structs import fields
from pydantic import Field

from vumeter.model.watched import Monitor, ProcessMonitor
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.problems import Problems, quoted
from vumeter.profiles.steps import Table

_BY = ("pid", "pattern", "port")

Name = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,40}$")]


class ProcessTable(Table):
    """
    A process on this host, and its children: processor time, memory, threads, descriptors.
    Exactly one of `pid`, `pattern` and `port` says which; by the last two it is found again
    when it was restarted.
    """

    name: Name = Field(description="On screens and in reports.", examples=["api"])
    pid: int | None = Field(None, gt=0, description="Its process id.")
    pattern: str | None = Field(
        None,
        min_length=1,
        description="A regular expression that is found in its command line.",
        examples=["gunicorn .*shop"],
    )
    port: int | None = Field(
        None, gt=0, le=65_535, description="The TCP port that it listens on.", examples=[8000]
    )
    children: bool = Field(True, description="Whether its children count with it.")


class MonitorTables(Table):
    """What is watched besides host and database; each has a name of its own."""

    process: list[ProcessTable] = Field([], description="Each under [[monitors.process]].")


def monitors_of(tables: MonitorTables, problems: Problems) -> tuple[Monitor, ...]:
    """Return each monitor that *tables* describe; what is wrong with one is in *problems*."""
    found: list[Monitor] = []
    names: set[str] = set()
    for at, monitor in _monitors(tables, problems):
        if monitor.name in names:
            problems.add(
                (*at, "name"),
                f"there is another monitor {quoted(monitor.name)}.",
                hint="Give one of them another name.",
            )
        names.add(monitor.name)
        found.append(monitor)
    return tuple(found)


def monitors_written(monitors: Iterable[Monitor]) -> dict[str, list[dict[str, object]]]:
    """Return what [monitors] says of *monitors*: what is not as by default."""
    written: dict[str, list[dict[str, object]]] = {}
    for monitor in monitors:
        table = {
            field.name: getattr(monitor, field.name)
            for field in fields(monitor)
            if getattr(monitor, field.name) != field.default
        }
        written.setdefault(monitor.kind.value, []).append(table)
    return written


def _monitors(tables: MonitorTables, problems: Problems) -> Iterator[tuple[KeyPath, Monitor]]:
    for index, process in enumerate(tables.process):
        at = ("monitors", "process", index)
        _check_process(process, at, problems)
        yield at, ProcessMonitor(**process.model_dump())


def _check_process(table: ProcessTable, at: KeyPath, problems: Problems) -> None:
    given = [key for key in _BY if getattr(table, key) is not None]
    if len(given) != 1:
        problems.add(
            at,
            "says " + (" and ".join(given) if given else "neither pid, pattern nor port") + ".",
            hint="Write exactly one of them: port = 8000.",
        )
    try:
        re.compile(table.pattern or "")
    except re.error as error:
        problems.add(
            (*at, "pattern"),
            f"{quoted(table.pattern)} is no regular expression: {error}.",
            hint="Put a backslash before signs that are meant as they stand.",
        )
