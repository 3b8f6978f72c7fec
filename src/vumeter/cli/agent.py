"""`vumeter agent`: this host and its processes, for runs on other machines to watch."""

from pathlib import Path
from typing import Annotated

import typer

from vumeter.cli.flags import ListenCertificate, ListenKey


def agent(
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where runs come to look.")
    ] = "127.0.0.1:9647",
    listen_cert: ListenCertificate = None,
    listen_key: ListenKey = None,
    process: Annotated[
        list[str] | None,
        typer.Option(
            "--process",
            metavar="NAME=HOW",
            help="Watch this process, too: api=port:8000, api=pid:811, jobs=pattern:celery.",
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            help="The token to ask for. [VUMETER_TOKEN in the environment; or a new one]",
        ),
    ] = None,
) -> None:
    """
    Serve what this host and some of its processes do, until ctrl+c.

    A run elsewhere watches it by a table [[monitors.agent]] in its profile, with the token.
    """
    from vumeter.cli.agency import serve
    from vumeter.cli.doors import token_in
    from vumeter.cli.processes import process_of
    from vumeter.profiles.listening import listen_of

    files = [None if path is None else str(path.absolute()) for path in (listen_cert, listen_key)]
    place = listen_of(listen, certificate=files[0], key=files[1])
    monitors = [process_of(text) for text in process or ()]
    serve(monitors, place, token=None if token_file is None else token_in(token_file))
