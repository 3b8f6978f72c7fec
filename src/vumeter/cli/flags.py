"""Flags that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file", metavar="FILE", help="What opens a URL. [VUMETER_TOKEN in the environment]"
    ),
]

Authorities = Annotated[
    Path | None,
    typer.Option("--cacert", metavar="FILE", help="PEM: whom to trust in a URL. [the system's]"),
]
