"""`vumeter baseline`: runs that later ones are compared with."""

from typing import Annotated

import typer

from vumeter.cli.flags import RunName

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
    path = baselines.save(name, folder)
    print(f"Kept {folder.id} as baseline {name}: {path}")


@app.command("list")
def list_() -> None:
    """List the baselines."""
    from vumeter.cli.runs import size_text
    from vumeter.link import baselines

    found = list(baselines.listed())
    if not found:
        print("There is no baseline: vumeter baseline save NAME makes one of a run.")
    for name, size_bytes in found:
        print(f"{name:<34} {size_text(size_bytes)}")


@app.command("rm")
def rm(name: _Name) -> None:
    """Remove a baseline."""
    from vumeter.link import baselines

    baselines.remove(name)
    print(f"Removed the baseline {name}.")
