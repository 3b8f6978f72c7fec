"""`vumeter schema`: JSON schemas, of profiles for editors, and of the control API for programs."""

import sys
from enum import StrEnum
from typing import Annotated

import typer


class Subject(StrEnum):
    """What there is a schema of."""

    PROFILE = "profile"
    API = "api"


def schema(
    subject: Annotated[
        Subject, typer.Argument(help="profile: a JSON schema. api: an OpenAPI document.")
    ] = Subject.PROFILE,
) -> None:
    """Print the schema of profiles, with which an editor completes them, or of the control API."""
    if subject is Subject.PROFILE:
        from vumeter.profiles.reference import json_schema

        sys.stdout.write(json_schema())
        return
    import msgspec

    from vumeter.link.openapi import openapi
    from vumeter.report.schema import Report

    document = msgspec.json.encode(openapi(Report))
    sys.stdout.write(msgspec.json.format(document, indent=2).decode() + "\n")
