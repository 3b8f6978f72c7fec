"""`vumeter rm RUN…` and `vumeter prune`: stored runs that are not wanted any more."""

from typing import Annotated

import typer

from vumeter.clock import unix_ms
from vumeter.link import archive
from vumeter.link.archive import Brief, StoredState


def rm(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="As vumeter runs lists them.")
    ],
) -> None:
    """Remove stored runs for good, with their logs. A name that several have is refused."""
    # All of them are looked for before the first one goes.
    for folder in [archive.find_one(run) for run in runs]:
        archive.remove(folder)
        print(f"Removed {folder.id}.")


def prune(
    keep: Annotated[
        str, typer.Option("--keep", metavar="TIME", help="What ended within it stays: 12h, 30d.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed.")
    ] = False,
) -> None:
    """Remove every stored run that ended longer ago."""
    from vumeter.cli.runs import age_s, size_text

    before_unix_ms = unix_ms() - age_s(keep, "--keep") * 1000
    old = [it for it in archive.briefs() if _is_over(it) and _ended_unix_ms(it) < before_unix_ms]
    for it in old:
        if not dry_run:
            archive.remove(it.folder)
        print(f"{'Would remove' if dry_run else 'Removed'} {it.folder.id}.")
    freed = size_text(sum(it.size_bytes for it in old))
    plural = "" if len(old) == 1 else "s"
    print(f"{len(old)} run{plural}, {freed}." if old else "Nothing is that old.")


def _is_over(it: Brief) -> bool:
    return it.state is not StoredState.GOING_ON


def _ended_unix_ms(it: Brief) -> float:
    return it.started_unix_ms + it.duration_s * 1000
