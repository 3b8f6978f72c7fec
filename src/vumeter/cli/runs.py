"""`vumeter runs`: every run that is stored, in a line each."""

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Any

import typer

from vumeter.clock import unix_ms
from vumeter.errors import UsageError
from vumeter.link.archive import Brief, StoredState, briefs
from vumeter.stats.plaintext import fitted, plain
from vumeter.units import duration_text, parse_duration_s

_WIDTHS = (34, 10, 16, 9, 10, 8, 9, 4, 9)
_TITLES = ("RUN", "STATE", "STARTED", "LENGTH", "REQUESTS", "ERRORS", "P95", "SLO", "SIZE")
_DAY_S = 86_400


class Order(StrEnum):
    """What runs are sorted by."""

    STARTED = "started"
    NAME = "name"
    LENGTH = "length"
    REQUESTS = "requests"
    SIZE = "size"


_KEYS: dict[Order, Callable[[Brief], Any]] = {
    Order.STARTED: lambda it: -it.started_unix_ms,
    Order.NAME: lambda it: (it.folder.name, -it.started_unix_ms),
    Order.LENGTH: lambda it: -it.duration_s,
    Order.REQUESTS: lambda it: -it.requests,
    Order.SIZE: lambda it: -it.size_bytes,
}


def runs(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Only runs called so: shop, 'shop*'.")
    ] = None,
    state: Annotated[
        StoredState | None, typer.Option("--state", help="Only those that stand so.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="TEXT", help="Only those with it in their target."),
    ] = None,
    newer: Annotated[
        str | None, typer.Option("--newer", metavar="TIME", help="Only of the last 12h, 7d.")
    ] = None,
    order: Annotated[Order, typer.Option("--sort", help="The newest or the most first.")] = (
        Order.STARTED
    ),
) -> None:
    """List the runs that are stored, with what became of them."""
    since_unix_ms = 0.0 if newer is None else unix_ms() - age_s(newer, "--newer") * 1000
    found = [
        it
        for it in briefs()
        if (name is None or fnmatchcase(it.folder.name, name))
        and state in (None, it.state)
        and (target is None or target in it.target)
        and it.started_unix_ms >= since_unix_ms
    ]
    if not found:
        print("No such run is stored.")
        return
    print(_row((*_TITLES, "TARGET")))
    for it in sorted(found, key=_KEYS[order]):
        print(_row(_cells(it)))


def age_s(text: str, flag: str) -> float:
    """
    Return the seconds in *text*: "12h", "30d".

    Raises:
        UsageError: It is no time.
    """
    try:
        return parse_duration_s(text)
    except UsageError as error:
        raise UsageError(
            f'{flag}: "{text}" is no time.', hint="Write for example 90m, 12h, 30d."
        ) from error


def size_text(size_bytes: int) -> str:
    """Return *size_bytes* as a person reads it."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes / 1000:.0f} kB"


def _cells(it: Brief) -> Iterable[str]:
    started = datetime.fromtimestamp(it.started_unix_ms / 1000)
    common = (it.folder.id, it.state.value, f"{started:%Y-%m-%d %H:%M}")
    if it.state is StoredState.UNREADABLE:
        return (*common, *("-" * 1 for _ in range(5)), size_text(it.size_bytes), it.problem)
    return (
        *common,
        duration_text(it.duration_s // 1 or round(it.duration_s, 1)),
        str(it.requests),
        str(it.errors),
        "-" if it.p95_us is None else f"{it.p95_us / 1000:.1f}ms",
        {True: "✓", False: "✗", None: "-"}[it.passed],
        size_text(it.size_bytes),
        plain(it.target),
    )


def _row(cells: Iterable[str]) -> str:
    *columns, last = cells
    padded = [fitted(cell, width) for cell, width in zip(columns, _WIDTHS, strict=True)]
    return " ".join([*padded, last])
