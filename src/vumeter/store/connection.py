"""
The door to SQLite: opening a stored run to write or to read, and refusing what is none.

The file is in WAL mode: who reads holds up nobody who writes, and a process that is killed
between two commits leaves the first. A commit is not forced to the disk each time
(`synchronous = NORMAL`): a power cut may cost the last few seconds, and never the file.
"""

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from vumeter.errors import StoreError

APPLICATION_ID = 0x56754D74
"""In the file's header (`PRAGMA application_id`): "VuMt"."""

SCHEMA = 4
"""The newest schema: as many files as there are in `migrations`."""

_PAGE_BYTES = 1024
"""Of a packed reading the last page is half empty: with the usual 4 kB a fifth of all pages."""

_NEW_TABLE = re.compile(r"\s*(?:--[^\n]*\n\s*)*CREATE TABLE ")
"""A statement of a migration that adds to a file what nothing in it depends on."""

_BUSY_S = 5.0
"""How long one waits for the other, where two have the file open."""


def create(path: Path) -> sqlite3.Connection:
    """
    Make a stored run at *path*, mode 0600, and return the connection that writes it.

    Raises:
        OSError: The file cannot be made.
        sqlite3.Error: It cannot be written.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    # Python begins no transactions by itself: `transaction` does.
    connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S)
    try:
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        migrate(connection, scripts())
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path, *, is_over: bool) -> sqlite3.Connection:
    """
    Return a connection to the stored run at *path*, which may go on, have ended or died.

    An older schema is brought up to date first: in the file when the run is over, since an
    older vumeter may still be writing it, and else as far as this connection sees it.

    Raises:
        StoreError: There is none, it is something else, a newer vumeter wrote it, or an older
            one in a way that can only be read when the run is over.
    """
    if not path.is_file():
        raise StoreError(f"There is no stored run at {path}.")
    with reading(path):
        connection = _opened(path)
        try:
            _check(connection, path)
            if is_over and _is_writable(path):
                migrate(connection, scripts())
            else:
                _imagine(connection, path, scripts()[_version(connection) :])
            connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say what is wrong with the file at *path*, where SQLite finds something wrong."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path} cannot be read as a stored run: {error}.",
            hint=f"What can be saved of a damaged file: sqlite3 {path} .recover",
        ) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of what is in the context, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Where the disk is full, SQLite has rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def scripts() -> tuple[str, ...]:
    """Return the SQL that leads from each schema to the next, from nothing on."""
    folder = resources.files("vumeter.store").joinpath("migrations")
    return tuple(
        folder.joinpath(f"{number}.sql").read_text("utf-8") for number in range(1, SCHEMA + 1)
    )


def migrate(connection: sqlite3.Connection, steps: Sequence[str]) -> None:
    """Bring the file to the schema that *steps* lead to, those that it has not taken yet."""
    with transaction(connection):
        # Asked within the transaction: another process may just have done it.
        for number, script in enumerate(steps[_version(connection) :], _version(connection) + 1):
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _opened(path: Path) -> sqlite3.Connection:
    # To be written, though nobody will: a run that died left a log (WAL) that has to be
    # taken in. Where that is not allowed and there is none, the file is read as it is.
    is_writable = _is_writable(path)
    mode = "mode=rw" if is_writable else "mode=ro"
    if not is_writable and not path.with_name(f"{path.name}-wal").exists():
        mode += "&immutable=1"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        isolation_level=None,
        timeout=_BUSY_S,
        check_same_thread=False,
    )


def _is_writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _imagine(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> None:
    """Have this connection alone see tables of a newer schema, which are empty."""
    connection.execute("PRAGMA temp_store = MEMORY")
    for statement in (each for script in steps for each in _statements(script)):
        made = _NEW_TABLE.match(statement)
        if made is None:
            raise StoreError(
                f"{path} was written by an older vumeter, and cannot be read by this one as long "
                "as the run goes on, or where it cannot be brought up to date.",
                hint="Read it with that vumeter, or when the run is over.",
            )
        connection.execute(f"CREATE TEMP TABLE {statement[made.end() :]}")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    if application_id != APPLICATION_ID:
        is_empty = not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        raise StoreError(
            f"{path} is empty: the run ended before anything was stored."
            if is_empty
            else f"{path} is a database, but no run that vumeter stored."
        )
    version = _version(connection)
    if version > SCHEMA:
        raise StoreError(
            f"{path} was written by a newer vumeter: its schema is {version}, and this one "
            f"reads up to {SCHEMA}.",
            hint="Read it with that vumeter, or update this one.",
        )


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _statements(script: str) -> Iterator[str]:
    """Return the statements of *script* one by one; `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
