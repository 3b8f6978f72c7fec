"""What the command line and the run process that it starts say to each other."""

from msgspec import Struct

from vumeter.errors import ExitCode
from vumeter.model.plan import Plan


class Order(Struct, frozen=True, kw_only=True):
    """To the run process on its stdin: never in its arguments, for the plan has secrets."""

    plan: Plan
    report: str | None = None
    """Where report.json goes, absolute."""
    waits_for_postgres: bool = False
    is_stored: bool = True
    is_named: bool = False
    """The name was chosen by a person: take no other one when it is taken."""
    shop: str | None = None
    """The back door of a demo shop that is to live as long as the run."""


class Started(Struct, frozen=True, kw_only=True, tag="started"):
    """From the run process on its stdout: the load is on."""

    folder: str


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """From the run process on its stdout: there will be no run."""

    message: str
    hint: str
    exit_code: ExitCode


Answer = Started | Refused
