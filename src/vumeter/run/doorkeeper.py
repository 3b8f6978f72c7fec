"""
Who may ask something of a run: pure.

On the socket that is the run's own user, and root, as the kernel says. Over TCP it is whoever
shows the token, and no page of a browser: one from elsewhere must neither guess (Origin) nor
get here under a name of its own that leads to this machine (DNS rebinding, Host).
"""

import hmac
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from vumeter.clock import NANOSECONDS_PER_S
from vumeter.model.plan import Listen
from vumeter.profiles.listening import is_loopback

SHORTEST_TOKEN = 20
"""Characters; one that is made here has 43, of 256 bits."""

COMPLAINT_EVERY_S = 60
"""How often the event log tells of callers who were refused."""


class Refusal(NamedTuple):
    """Why a caller is not let in."""

    status: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What a request over TCP says of who sent it."""

    host: str
    """The header's."""
    origin: str | None
    authorization: str | None


def refusal_of_user(uid: int | None, *, own_uid: int) -> Refusal | None:
    """Return why the user *uid* may not come in; `None`: may, or the system does not say who."""
    if uid in (None, 0, own_uid):
        return None
    return Refusal(403, "this run belongs to another user")


def refusal_of_caller(caller: Caller, *, token: str, listen: Listen) -> Refusal | None:
    """Return why a caller over TCP may not come in; `None`: may."""
    refusal = refusal_of_page(caller.host, caller.origin, listen=listen)
    if refusal is not None:
        return refusal
    scheme, _, shown = (caller.authorization or "").partition(" ")
    # In a time that does not tell how much of it is right.
    is_right = hmac.compare_digest(shown.strip().encode(errors="surrogateescape"), token.encode())
    if scheme.lower() != "bearer" or not is_right:
        return Refusal(401, "show the run's token: Authorization: Bearer TOKEN")
    return None


def refusal_of_page(host: str, origin: str | None, *, listen: Listen) -> Refusal | None:
    """Return why what a browser asks for a page of *origin* is not answered; `None`: it is."""
    if not _is_asked_for(host, listen):
        return Refusal(403, "this run is not called so: connect to it by its address")
    if origin is not None and _place(origin) != _place(f"//{host}"):
        return Refusal(403, "pages of a browser are not let in")
    return None


def _is_asked_for(host: str, listen: Listen) -> bool:
    """Whether *host* names this run; with TLS its certificate has already said so."""
    if listen.certificate is not None:
        return True
    name = _place(f"//{host}")[0]
    return is_loopback(name) or name == listen.host.lower()


def _place(url: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "", None


class Complaints:
    """Counts callers who were refused, so that many of them are few lines."""

    def __init__(self) -> None:
        self._refused = 0
        self._told_ns: int | None = None

    def line(self, refusal: Refusal, *, peer: str, at_ns: int) -> str:
        """Return what to say of one more who was refused at *at_ns*; empty: nothing yet."""
        self._refused += 1
        every_ns = COMPLAINT_EVERY_S * NANOSECONDS_PER_S
        if self._told_ns is not None and at_ns - self._told_ns < every_ns:
            return ""
        others, self._refused, self._told_ns = self._refused - 1, 0, at_ns
        more = f", and {others} others before" if others else ""
        return f"refused a caller from {peer}: {refusal.text}{more}"
