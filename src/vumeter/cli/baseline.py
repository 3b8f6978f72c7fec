"""`vumeter baseline`: runs that later ones are compared with."""

from typing import TYPE_CHECKING, Annotated

import typer

from vumeter.cli.flags import RunName

if TYPE_CHECKING:
    from vumeter.link.baselines import Kept

_WIDTHS = (20, 20, 16, 9, 10, 9, 9)
_TITLES = ("BASELINE", "RUN", "STARTED", "LENGTH", "REQUESTS", "P95", "SIZE", "TARGET")

_Name = Annotated[str, typer.Argument(metavar="NAME", help="What it is, or is to be, called.")]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Keep a run under a name, for later ones to be compared with.",
)


@app.command("save")
def save(
    name: _Name,
    run: RunName = None,
) -> None:
    """Keep a stored run under a name, in place of what was called so."""
    from vumeter.link import archive, baselines

    folder = archive.find(run)
    is_known = name in baselines.names()
    path = baselines.save(name, folder)
    instead = ", in place of the one before" if is_known else ""
    print(f"Kept {folder.id} as baseline {name}{instead}: {path}")


@app.command("list")
def list_() -> None:
    """List the baselines: which run each is, and what it came to."""
    from vumeter.link import baselines

    found = list(baselines.listed())
    if not found:
        print("There is no baseline: vumeter baseline save NAME makes one of a run.")
        return
    print(_row(_TITLES))
    for kept in found:
        print(_row(_cells(kept)))


def _cells(kept: "Kept") -> "tuple[str, ...]":
    from datetime import datetime

    from vumeter.cli.runs import size_text
    from vumeter.stats.plaintext import plain
    from vumeter.units import duration_text

    size = size_text(kept.size_bytes)
    if kept.problem:
        return (kept.name, "-", "-", "-", "-", "-", size, kept.problem)
    started = datetime.fromtimestamp(kept.started_unix_ms / 1000)
    return (
        kept.name,
        kept.run,
        f"{started:%Y-%m-%d %H:%M}",
        duration_text(round(kept.duration_s)),
        str(kept.requests),
        "-" if kept.p95_us is None else f"{kept.p95_us / 1000:.1f}ms",
        size,
        plain(kept.target),
    )


def _row(cells: "tuple[str, ...]") -> str:
    from vumeter.stats.plaintext import fitted

    *columns, last = cells
    return " ".join(
        [*(fitted(cell, width) for cell, width in zip(columns, _WIDTHS, strict=True)), last]
    )


@app.command("rm")
def rm(name: _Name) -> None:
    """Remove a baseline."""
    from vumeter.link import baselines

    baselines.remove(name)
    print(f"Removed the baseline {name}.")
