"""`vumeter schema`: JSON schemas, of profiles for editors, of what is written for programs."""

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer


class Subject(StrEnum):
    """What there is a schema of."""

    PROFILE = "profile"
    API = "api"
    REPORT = "report"
    FORECAST = "forecast"


def schema(
    subject: Annotated[
        Subject, typer.Argument(help="Of what: JSON schemas, and api an OpenAPI document.")
    ] = Subject.PROFILE,
) -> None:
    """
    Print the schema of profiles, with which an editor completes them.

    Or of the control API, of report.json, or of what vumeter forecast --format json writes.
    """
    if subject is Subject.PROFILE:
        from vumeter.profiles.reference import json_schema

        sys.stdout.write(json_schema())
        return
    import msgspec

    document = msgspec.json.encode(_document(subject))
    sys.stdout.write(msgspec.json.format(document, indent=2).decode() + "\n")


def _document(subject: Subject) -> dict[str, Any]:
    import msgspec

    from vumeter.report.forecast.schema import Forecast
    from vumeter.report.schema import Report

    if subject is Subject.API:
        from vumeter.link.openapi import openapi

        return openapi(Report)
    return msgspec.json.schema(Report if subject is Subject.REPORT else Forecast)
