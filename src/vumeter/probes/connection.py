"""One connection to PostgreSQL that can do no harm, and is always given back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from vumeter.probes.dsn import Dsn

STATEMENT_LIMIT_S = 0.5
CONNECT_LIMIT_S = 2.5

_CLOSE_LIMIT_S = 1.0

_SETTINGS = {
    "application_name": "vumeter",
    # The server gives up before the probe does, so a slow look costs no connection.
    "statement_timeout": f"{STATEMENT_LIMIT_S * 1000:.0f}",
    "default_transaction_read_only": "on",
    # No function or operator of the same name in a user's schema is ever called.
    "search_path": "pg_catalog",
    # Compiling the probe's small queries would cost many times what they cost.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}


@asynccontextmanager
async def connected(dsn: Dsn, *, database: str | None = None) -> AsyncIterator[Any]:
    """
    Lend a connection named `vumeter`: read-only, each statement limited to 500 ms.

    With *database* to that one, where names mean what they mean to its users.

    It is closed politely where the server listens, and in any case within a second.

    Raises:
        Whatever asyncpg and the network have to say; `failure_of` puts it into words.
    """
    arguments, settings = dsn.connect_arguments(), dict(_SETTINGS)
    if database is not None:
        arguments["database"] = database
        del settings["search_path"]
    connection = await asyncpg.connect(
        **arguments, timeout=CONNECT_LIMIT_S, server_settings=settings
    )
    try:
        yield connection
    except (TimeoutError, OSError, asyncpg.InterfaceError):
        # Nobody listens any more: a farewell would only wait.
        connection.terminate()
        raise
    finally:
        await _hang_up(connection)


async def _hang_up(connection: Any) -> None:
    try:
        with suppress(Exception):
            await connection.close(timeout=_CLOSE_LIMIT_S)
    finally:
        # Also when cancelled once more while saying goodbye.
        if not connection.is_closed():
            connection.terminate()
