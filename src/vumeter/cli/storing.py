"""`--keep-seconds`, `--keep-tens` and `--max-store`: what is kept of a run for how long."""

from msgspec.structs import replace

from vumeter.cli.planning import duration_s
from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.profiles.storing import retention_of
from vumeter.units import parse_size_bytes


def storing(plan: Plan, seconds: str | None, tens: str | None, size: str | None) -> Plan:
    """
    Return *plan*, of which is kept what the flags say, if they say anything.

    Raises:
        UsageError: They are no times and no size, or too little.
    """
    known = plan.retention
    return replace(
        plan,
        retention=retention_of(
            known.seconds_s if seconds is None else duration_s("--keep-seconds", seconds),
            known.tens_s if tens is None else duration_s("--keep-tens", tens),
            known.most_bytes if size is None else _bytes(size),
        ),
    )


def _bytes(text: str) -> int:
    try:
        return parse_size_bytes(text)
    except UsageError as error:
        raise UsageError(f"--max-store: {error.message}", hint=error.hint) from None
