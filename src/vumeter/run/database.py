"""Commands for the watched database: allowed or refused at once, carried out by its probe."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vumeter.model.database import Blocker, Session, Waiter
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.model.throttle import Command, CommandKind
from vumeter.run.throttles import Effect

if TYPE_CHECKING:
    from vumeter.probes.postgres import PostgresProbe


class DatabaseHand:
    """
    Takes what `FOR_DATABASE` lists.

    Args:
        probes: Of each database that is watched, by name; the first has none.
        may_end: Whether the plan allows to cancel and to end.
    """

    def __init__(self, probes: "Mapping[str, PostgresProbe]", *, may_end: bool) -> None:
        self._probes = probes
        self._may_end = may_end

    def take(self, command: Command) -> Effect:
        """Hand *command* to the probe, or say why not."""
        probe = self._probes.get(command.database)
        if probe is None:
            which = f'database "{command.database}"' if command.database else "database"
            return Effect(accepted=False, message=f"No {which} is watched")
        refusal = self._refusal(command, probe.latest)
        if refusal:
            return Effect(accepted=False, message=refusal)
        if command.kind is CommandKind.EXPLAIN:
            is_taken = probe.explain(command.statement or "")
            message, label = "asking PostgreSQL for the plan", ""
        else:
            ends = command.kind is CommandKind.END_BACKEND
            is_taken = probe.end_backend(command.pid or 0, ends=ends)
            what = "end" if ends else "cancel"
            message, label = f"asking PostgreSQL to {what} {command.pid}", f"{what} {command.pid}"
        if not is_taken:
            return Effect(accepted=False, message="The probe has too much to do; ask again")
        return Effect(accepted=True, message=message, label=label)

    def _refusal(self, command: Command, reading: PostgresReading) -> str:
        if reading.state is not PostgresState.UP:
            return f"The database is {reading.state}"
        if command.kind is CommandKind.EXPLAIN:
            known = {statement.id for statement in reading.statements}
            return "" if command.statement in known else "That statement is not among those shown"
        if not self._may_end:
            return "The profile does not allow it: limits.end_backends = true would"
        if command.pid not in _pids(reading):
            return f"Session {command.pid} is not among those shown"
        return ""


def _pids(reading: PostgresReading) -> set[int]:
    """Return the sessions that a viewer can have seen; of a prepared transaction there is none."""
    shown: tuple[Blocker | Waiter | Session, ...] = (
        *reading.blockers,
        *reading.waiters,
        *reading.running,
        *reading.idle_in_transaction,
    )
    return {session.pid for session in shown} - {0}
