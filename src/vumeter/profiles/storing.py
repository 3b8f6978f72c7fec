"""`[store]`, and the flags that say the same: what is kept of a run for how long."""

from vumeter.errors import UsageError
from vumeter.model.retention import Retention
from vumeter.profiles.models import StoreTable
from vumeter.profiles.problems import Problems
from vumeter.units import duration_text, size_text

_SHORTEST_S = 60
_SMALLEST_BYTES = 10_000_000


def retention_of(seconds_s: float, tens_s: float, most_bytes: int) -> Retention:
    """
    Return what is kept for how long.

    Raises:
        UsageError: That is too little, or one is kept for longer than what it is made of.
    """
    if seconds_s < _SHORTEST_S:
        raise UsageError(
            f"Seconds are kept for {duration_text(seconds_s)}, which is too short.",
            hint=f"{duration_text(_SHORTEST_S)} is the least.",
        )
    if tens_s < seconds_s:
        raise UsageError(
            f"Tens of seconds are kept for {duration_text(tens_s)}, and seconds for longer: "
            f"{duration_text(seconds_s)}.",
            hint="Tens are what becomes of seconds, so they are older.",
        )
    if most_bytes < _SMALLEST_BYTES:
        raise UsageError("A store of less than 10 MB is too small.")
    return Retention(seconds_s=round(seconds_s), tens_s=round(tens_s), most_bytes=most_bytes)


def retention_from(table: StoreTable, *, problems: Problems) -> Retention:
    """Return what *table* says, or note what is wrong with it."""
    try:
        return retention_of(table.keep_seconds, table.keep_tens, table.max_size)
    except UsageError as error:
        problems.add(("store",), error.message, hint=error.hint)
        return Retention()


def retention_written(retention: Retention) -> dict[str, object]:
    """Return *retention* as a profile has it; nothing where it is as usual."""
    if retention == Retention():
        return {}
    return {
        "store": {
            "keep_seconds": duration_text(retention.seconds_s),
            "keep_tens": duration_text(retention.tens_s),
            "max_size": size_text(retention.most_bytes),
        }
    }
