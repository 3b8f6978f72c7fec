"""
Who may see the cockpit in a browser, and who may steer it: pure.

A token is typed into a form, never part of a URL, and no cookie remembers it: cookies of one
port of a machine are shown to all others of it. The page that the form is answered with has a
ticket for one terminal, which is good once and for a minute.
"""

import hmac
import secrets
from collections.abc import Mapping
from enum import StrEnum

from vumeter.clock import NANOSECONDS_PER_S

TICKET_S = 60
"""How long a page may take to open its terminal."""

_MOST_TICKETS = 64


class Right(StrEnum):
    """What a token is good for."""

    WATCH = "watch"
    STEER = "steer"


class Tickets:
    """Gives out what opens one terminal each; of too many the oldest is void."""

    def __init__(self, tokens: Mapping[Right, str]) -> None:
        self._tokens = dict(tokens)
        self._tickets: dict[str, tuple[Right, int]] = {}

    def right_of(self, shown: str) -> Right | None:
        """Return what the token *shown* is good for; the time taken tells nothing else."""
        found = None
        for right, token in self._tokens.items():
            if hmac.compare_digest(shown.encode(errors="surrogateescape"), token.encode()):
                found = right
        return found

    def issue(self, right: Right, *, at_ns: int) -> str:
        """Return a ticket for who has that *right*."""
        while len(self._tickets) >= _MOST_TICKETS:
            del self._tickets[next(iter(self._tickets))]
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = right, at_ns + TICKET_S * NANOSECONDS_PER_S
        return ticket

    def redeem(self, ticket: str, *, at_ns: int) -> Right | None:
        """Return the right that *ticket* was issued for, once; `None`: it is void."""
        right, until_ns = self._tickets.pop(ticket, (None, 0))
        return right if at_ns <= until_ns else None
