"""What kept the probe from looking at the database: the state to show, and words for it."""

import socket
import ssl
from dataclasses import dataclass

import asyncpg

from vumeter.model.probes import PostgresState
from vumeter.probes.plain import plain_text

_MESSAGE_LIMIT = 160
_REFUSED, _DOWN, _SLOW = PostgresState.REFUSED, PostgresState.DOWN, PostgresState.SLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed look: *message* says what is wrong, *hint* what to do; neither ends in a dot."""

    state: PostgresState
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one kind of error means."""

    errors: tuple[type[BaseException], ...]
    state: PostgresState
    hint: str
    message: str = ""
    """Empty: the error's own."""


# The first rule that fits an error counts, so classes stand before their bases.
RULES = (
    Rule(
        errors=(asyncpg.InvalidPasswordError,),
        state=_REFUSED,
        hint="put the right password into the connection string, PGPASSWORD or ~/.pgpass",
    ),
    Rule(
        errors=(asyncpg.InvalidAuthorizationSpecificationError,),
        state=_REFUSED,
        hint="check the user's name, its LOGIN right and the server's pg_hba.conf",
    ),
    Rule(
        errors=(asyncpg.InvalidCatalogNameError,),
        state=_REFUSED,
        hint="check the database's name in the connection string",
    ),
    Rule(
        errors=(asyncpg.TooManyConnectionsError,),
        state=_REFUSED,
        hint="close sessions, or raise the limit",
    ),
    Rule(
        errors=(asyncpg.InsufficientPrivilegeError,),
        state=_REFUSED,
        hint="GRANT CONNECT ON DATABASE … and GRANT pg_monitor to the probe's role",
    ),
    Rule(
        errors=(asyncpg.CannotConnectNowError,),
        state=_DOWN,
        hint="wait until the server has started",
    ),
    Rule(
        errors=(asyncpg.ProtocolViolationError, asyncpg.FeatureNotSupportedError),
        state=_REFUSED,
        hint="connect to PostgreSQL itself, not to a connection pooler",
    ),
    Rule(
        errors=(
            asyncpg.AdminShutdownError,
            asyncpg.CrashShutdownError,
            asyncpg.IdleSessionTimeoutError,
            asyncpg.PostgresConnectionError,
        ),
        state=_DOWN,
        message="the server closed the connection",
        hint="check that it is PostgreSQL that listens there",
    ),
    Rule(
        errors=(asyncpg.QueryCanceledError,),
        state=_SLOW,
        message="a look took longer than its 500 ms",
        hint="the database is overloaded; looks are rarer until it answers in time",
    ),
    Rule(
        errors=(
            asyncpg.UndefinedTableError,
            asyncpg.UndefinedFunctionError,
            asyncpg.UndefinedColumnError,
            asyncpg.UndefinedObjectError,
        ),
        state=_REFUSED,
        hint="the probe needs PostgreSQL 12 or newer, not something that speaks like it",
    ),
    Rule(
        errors=(asyncpg.ClientConfigurationError,),
        state=_REFUSED,
        hint="mend the connection string",
    ),
    Rule(
        errors=(TimeoutError,),
        state=_SLOW,
        message="no answer in time",
        hint="the server is frozen, overloaded, or not to be reached from here",
    ),
    Rule(
        errors=(socket.gaierror,),
        state=_DOWN,
        message="the host's name is not known",
        hint="check the host in the connection string",
    ),
    Rule(
        errors=(ssl.SSLError,),
        state=_REFUSED,
        hint="check sslmode and sslrootcert in the connection string",
    ),
    Rule(
        errors=(PermissionError,),
        state=_REFUSED,
        message="permission denied",
        hint="check the rights on the socket's folder, or on the certificate's files",
    ),
    Rule(
        errors=(FileNotFoundError,),
        state=_DOWN,
        message="there is no server's socket",
        hint="start the server, or check the folder and the port in the connection string",
    ),
    Rule(
        errors=(asyncpg.InterfaceError,),
        state=_DOWN,
        hint="check that it is PostgreSQL that listens there",
    ),
    Rule(errors=(OSError,), state=_DOWN, hint="start the server, or check host and port"),
    Rule(errors=(asyncpg.PostgresError,), state=_REFUSED, hint="see the server's log"),
    Rule(errors=(BaseException,), state=_DOWN, hint="please report this as a bug of vumeter"),
)


def failure_of(error: BaseException) -> Failure:
    """Return what *error*, raised on the way to a look, means to the person at the terminal."""
    if isinstance(error, OSError) and "SSL" in str(error) and not isinstance(error, ssl.SSLError):
        # asyncpg has no class of its own for a server that does not want to speak TLS.
        return Failure(
            state=_REFUSED,
            message="the server refuses TLS, or it is not PostgreSQL that listens there",
            hint="check host and port, and sslmode in the connection string",
        )
    rule = next(rule for rule in RULES if isinstance(error, rule.errors))
    return Failure(state=rule.state, message=rule.message or _own_message(error), hint=rule.hint)


def _own_message(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"the server's certificate is not trusted: {error.verify_message}"
    elif isinstance(error, ssl.SSLError):
        text = f"TLS failed: {error.reason or error}"
    elif isinstance(error, OSError):
        # With several addresses asyncio puts its errors into one that has no number.
        refused = isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error)
        text = "connection refused" if refused else f"connection lost: {error.strerror or error}"
    else:
        # Without PostgreSQL's DETAIL and HINT, which str() appends.
        text = str(error.args[0]) if error.args else type(error).__name__
    return plain_text(text, limit=_MESSAGE_LIMIT).rstrip(".")
