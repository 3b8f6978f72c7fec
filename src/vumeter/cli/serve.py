"""`vumeter serve [RUN]`: the cockpit of a run in a browser."""

from typing import Annotated

import typer

from vumeter.cli.flags import Authorities, ListenCertificate, ListenKey, TokenFile
from vumeter.errors import ExitCode


def serve(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN|URL]", help="Its name, or its address. [the newest]"),
    ] = None,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where browsers come in.")
    ] = "127.0.0.1:0",
    listen_cert: ListenCertificate = None,
    listen_key: ListenKey = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="No token steers: browsers only watch.")
    ] = False,
    token_file: TokenFile = None,
    cacert: Authorities = None,
) -> None:
    """
    Serve the cockpit of a run to browsers, until ctrl+c.

    Two tokens are made: one lets a browser watch, the other lets it steer. They are in files of
    yours, and are typed into the page.
    """
    from vumeter.cli import serving
    from vumeter.cli.doors import door_to
    from vumeter.cli.served import Served
    from vumeter.link import folders
    from vumeter.profiles.listening import listen_of

    files = [None if path is None else str(path.absolute()) for path in (listen_cert, listen_key)]
    place = listen_of(listen, certificate=files[0], key=files[1])
    door = door_to(run, token_file=token_file, authorities=cacert)
    folder = None if door else folders.find(run)
    served = Served(
        run=door.url if door else None,
        socket=None if folder is None else str(folder.socket),
        token_file=None if token_file is None else str(token_file.absolute()),
        authorities=None if cacert is None else str(cacert.absolute()),
    )
    name = folder.name if folder is not None else str(run)
    serving.serve(name, served, listen=place, may_steer=not watch)
    raise typer.Exit(ExitCode.OK)
