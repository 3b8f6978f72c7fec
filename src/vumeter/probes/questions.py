"""The probe's questions on one connection: `queries/*.sql`, prepared once and counted."""

from collections.abc import Awaitable, Iterable
from importlib import resources
from typing import Any

import asyncpg

OWN_MARK = "/* vumeter */"
"""Stands in each of the probe's own statements, so that they are known wherever they show up."""

Row = Any
"""A row of asyncpg, which has no types of its own."""


class Questions:
    """What can be asked on one connection, and how often it was."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._prepared: dict[str, Any] = {}
        self.own_commits = 0
        self.own_rollbacks = 0

    async def prepare(self, queries: Iterable[str]) -> None:
        """Make *queries* ready: planning costs more than asking."""
        for query in queries:
            await self.prepare_text(query, sql(query))

    async def prepare_text(self, query: str, text: str) -> None:
        """Make *text* ready under the name *query*."""
        self._prepared[query] = await self._connection.prepare(text)

    async def ask(self, query: str, *arguments: object, schema: str = "") -> list[Row]:
        """
        Return the answer to a *query* that is asked too seldom to be prepared.

        *schema*, quoted, is where the extension is that it asks.
        """
        text = sql(query).replace('"schema"', schema) if schema else sql(query)
        rows: list[Row] = await self._counted(self._connection.fetch(text, *arguments))
        return rows

    async def execute(self, query: str) -> None:
        """Ask something without an answer, once."""
        await self._connection.execute(sql(query))

    async def rows(self, query: str, *arguments: object) -> list[Row]:
        """Return the answer to a *query* that was prepared."""
        rows: list[Row] = await self._counted(self._prepared[query].fetch(*arguments))
        return rows

    async def _counted(self, answer: Awaitable[Any]) -> Any:
        try:
            rows = await answer
        except asyncpg.PostgresError:
            self.own_rollbacks += 1
            raise
        self.own_commits += 1
        return rows


def sql(query: str) -> str:
    """
    Return a query without the comment at its head, and with the probe's mark in it.

    The mark stands behind the first word: a comment at the head is not everywhere kept by
    pg_stat_statements.
    """
    whole = resources.files("vumeter.probes").joinpath("queries", f"{query}.sql").read_text("utf-8")
    text = "\n".join(line for line in whole.splitlines() if not line.startswith("--"))
    word, rest = text.split(maxsplit=1)
    return f"{word} {OWN_MARK} {rest}"
