"""Rows about sessions and locks as what the model says of them."""

from vumeter.model.database import Blocker, Session, SessionGroup, Waiter
from vumeter.probes.plain import plain_text
from vumeter.probes.questions import Row

OPEN_SHOWN = 10
"""Of the sessions that work, and of those with an idle transaction."""

GROUPS_SHOWN = 12
BLOCKED_BY_SHOWN = 4

STATEMENT_LIMIT = 120
NAME_LIMIT = 64


def blocker_of(row: Row, blocked: int) -> Blocker:
    """Return who holds up *blocked* others."""
    return Blocker(
        pid=row["pid"],
        blocked=blocked,
        age_s=row["age_s"] or 0.0,
        state=_name(row["state"]),
        application=_name(row["application"]),
        statement=plain_text(row["statement"], limit=STATEMENT_LIMIT),
        user=_name(row["user"]),
    )


def waiter_of(row: Row, lock: Row) -> Waiter:
    """Return who waits for *lock*."""
    return Waiter(
        pid=row["pid"],
        # A parallel query's workers go by their leader's number: it is named once. In a queue
        # for a row all who stand before a waiter are named, the one at its head first.
        blocked_by=tuple(dict.fromkeys(row["blockers"]))[:BLOCKED_BY_SHOWN],
        wait_s=lock["wait_s"],
        lock=_name(lock["lock"]),
        relation=_name(lock["relation"]),
        user=_name(row["user"]),
        application=_name(row["application"]),
        statement=plain_text(row["statement"], limit=STATEMENT_LIMIT),
    )


def session_of(row: Row) -> Session:
    """Return a session that works, or that has a transaction open and does nothing."""
    return Session(
        pid=row["pid"],
        user=_name(row["user"]),
        application=_name(row["application"]),
        client=_name(row["client"]),
        database=_name(row["database"]),
        state=_name(row["state"]),
        wait=_name(row["wait"]),
        age_s=row["age_s"],
        transaction_s=row["transaction_s"],
        statement=plain_text(row["statement"], limit=STATEMENT_LIMIT),
    )


def group_of(row: Row) -> SessionGroup:
    """Return the sessions that come from the same place."""
    return SessionGroup(
        user=_name(row["user"]),
        application=_name(row["application"]),
        client=_name(row["client"]),
        sessions=row["sessions"],
        active=row["active"],
        idle_in_transaction=row["idle_in_transaction"],
    )


def _name(text: str) -> str:
    return plain_text(text, limit=NAME_LIMIT)
