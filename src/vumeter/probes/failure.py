"""What kept the probe from looking at the database: the state to show, and words for it."""

import socket
import ssl
from dataclasses import dataclass

import asyncpg

from vumeter.model.probes import PostgresState
from vumeter.probes.plain import plain_text

_MESSAGE_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed look: *message* says what is wrong, *hint* what to do."""

    state: PostgresState
    message: str
    hint: str

    @property
    def remark(self) -> str:
        """Both in one line, for a panel."""
        return f"{self.message} → {self.hint}" if self.hint else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    errors: tuple[type[BaseException], ...]
    state: PostgresState
    hint: str
    message: str = ""
    """Empty: the error's own."""


_REFUSED, _DOWN, _SLOW = PostgresState.REFUSED, PostgresState.DOWN, PostgresState.SLOW

# The first rule that fits. Classes stand before their bases.
_RULES = (
    _Rule(
        errors=(asyncpg.InvalidPasswordError,),
        state=_REFUSED,
        hint="put the right password into the connection string, PGPASSWORD or ~/.pgpass",
    ),
    _Rule(
        errors=(asyncpg.InvalidAuthorizationSpecificationError,),
        state=_REFUSED,
        hint="check the user's name, its LOGIN right and pg_hba.conf",
    ),
    _Rule(
        errors=(asyncpg.InvalidCatalogNameError,),
        state=_REFUSED,
        hint="check the name after the last / of the connection string",
    ),
    _Rule(
        errors=(asyncpg.TooManyConnectionsError,),
        state=_REFUSED,
        hint="the probe comes back when a connection is closed",
    ),
    _Rule(
        errors=(asyncpg.InsufficientPrivilegeError,),
        state=_REFUSED,
        hint="GRANT CONNECT ON DATABASE …, and pg_monitor, to the probe's role",
    ),
    _Rule(
        errors=(asyncpg.CannotConnectNowError,),
        state=_DOWN,
        hint="the probe comes back by itself",
    ),
    _Rule(
        errors=(
            asyncpg.AdminShutdownError,
            asyncpg.CrashShutdownError,
            asyncpg.PostgresConnectionError,
            asyncpg.IdleSessionTimeoutError,
        ),
        state=_DOWN,
        message="the server closed the connection",
        hint="the probe comes back by itself",
    ),
    _Rule(
        errors=(asyncpg.QueryCanceledError,),
        state=_SLOW,
        message="a look took longer than its 500 ms",
        hint="the database is overloaded; looks are rarer until it answers",
    ),
    _Rule(
        errors=(
            asyncpg.UndefinedTableError,
            asyncpg.UndefinedFunctionError,
            asyncpg.UndefinedColumnError,
        ),
        state=_REFUSED,
        hint="the probe needs PostgreSQL 12 or newer itself, not something that speaks like it",
    ),
    _Rule(
        errors=(asyncpg.ProtocolViolationError, asyncpg.FeatureNotSupportedError),
        state=_REFUSED,
        hint="connect to PostgreSQL itself, not to a connection pooler",
    ),
    _Rule(
        errors=(asyncpg.ClientConfigurationError,),
        state=_REFUSED,
        hint="mend the connection string",
    ),
    _Rule(
        errors=(TimeoutError,),
        state=_SLOW,
        message="no answer in time",
        hint="the server is frozen, overloaded, or not to be reached from here",
    ),
    _Rule(
        errors=(socket.gaierror,),
        state=_DOWN,
        message="the host's name is not known",
        hint="check the host in the connection string",
    ),
    _Rule(
        errors=(ssl.SSLError,),
        state=_REFUSED,
        hint="check sslmode and sslrootcert in the connection string",
    ),
    _Rule(
        errors=(PermissionError,),
        state=_REFUSED,
        hint="check the rights on the socket's folder",
    ),
    _Rule(
        errors=(FileNotFoundError,),
        state=_DOWN,
        message="there is no server's socket",
        hint="start the server, or check the folder and the port in the connection string",
    ),
    _Rule(
        errors=(asyncpg.InterfaceError,),
        state=_DOWN,
        hint="the probe comes back by itself",
    ),
    _Rule(
        errors=(OSError,),
        state=_DOWN,
        hint="start the server, or check host and port",
    ),
    _Rule(errors=(asyncpg.PostgresError,), state=_REFUSED, hint=""),
    _Rule(errors=(BaseException,), state=_DOWN, hint="the probe tries again"),
)


def failure_of(error: BaseException) -> Failure:
    """Return what *error*, raised on the way to a look, means to the person at the terminal."""
    rule = next(rule for rule in _RULES if isinstance(error, rule.errors))
    return Failure(state=rule.state, message=rule.message or _own_message(error), hint=rule.hint)


def _own_message(error: BaseException) -> str:
    if isinstance(error, OSError) and "rejected SSL" in str(error):
        return "the server does not speak TLS, which sslmode asks for"
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        # With several addresses asyncio puts its errors into one that has no number.
        refused = isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error)
        return "connection refused" if refused else f"connection lost ({type(error).__name__})"
    text = plain_text(str(error), limit=_MESSAGE_LIMIT)
    return text or type(error).__name__
