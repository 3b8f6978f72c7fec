"""Flags that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Text = str | None

RunName = Annotated[
    Text,
    typer.Argument(metavar="[RUN]", help="As vumeter runs lists it, or its name. [the newest]"),
]

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

ListenCertificate = Annotated[
    Path | None,
    typer.Option("--listen-cert", metavar="FILE", help="PEM; off this machine it takes one."),
]

ListenKey = Annotated[
    Path | None,
    typer.Option("--listen-key", metavar="FILE", help="Of the certificate, if elsewhere."),
]

# What is asked of a load, and of the process that makes it.

ScriptTarget = Annotated[
    Text, typer.Argument(metavar="[URL]", help="A script's target. [its TARGET]")
]

Method = Annotated[
    Text,
    typer.Option("-m", "--method", metavar="METHOD", help="GET, or POST when there is a body."),
]

Headers = Annotated[
    list[str] | None,
    typer.Option("-H", "--header", metavar="HEADER", help="'Name: value'; repeats."),
]

Body = Annotated[Text, typer.Option("-d", "--body", metavar="TEXT", help="The request's body.")]

ContentType = Annotated[
    Text, typer.Option("-T", "--content-type", metavar="TYPE", help="The body's Content-Type.")
]

Timeout = Annotated[
    str, typer.Option("-t", "--timeout", metavar="TIME", help="Per request, to its last byte.")
]

Insecure = Annotated[
    bool, typer.Option("-k", "--insecure", help="Do not verify the target's certificate.")
]

AllowedHosts = Annotated[
    list[str] | None,
    typer.Option("--allow-host", metavar="HOST", help="A host beyond private networks; repeats."),
]

Postgres = Annotated[
    Text,
    typer.Option("--pg", envvar="VUMETER_PG", metavar="DSN", help="A PostgreSQL to watch."),
]

PostgresWait = Annotated[
    bool, typer.Option("--pg-wait", help="Start although the database cannot be reached.")
]

Name = Annotated[
    Text, typer.Option("--name", metavar="NAME", help="For attach and ctl. [from the URL]")
]

Headless = Annotated[
    bool,
    typer.Option("--headless", help="No cockpit: progress on stderr, summary on stdout."),
]

Detach = Annotated[bool, typer.Option("--detach", help="Start, say how to attach, and leave.")]

NoStore = Annotated[bool, typer.Option("--no-store", help="Keep nothing for `vumeter show`.")]

Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write the report as JSON at the end."),
]

Variables = Annotated[
    list[str] | None,
    typer.Option("-e", metavar="KEY=VALUE", help="What ${KEY} in a profile stands for; repeats."),
]
