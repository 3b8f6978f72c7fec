"""The probe's connection can do no harm."""

import asyncpg
import pytest

from vumeter.probes.connection import connected
from vumeter.probes.dsn import parse_dsn

pytestmark = [pytest.mark.postgres]


async def test_the_connection_is_named_and_cannot_write(cluster) -> None:
    async with connected(parse_dsn(cluster.dsn())) as connection:
        assert len(cluster.rows(_OWN)) == 1
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("CREATE TABLE public.harm (n int)")


@pytest.mark.slow
async def test_a_statement_is_given_up_by_the_server_after_half_a_second(cluster) -> None:
    async with connected(parse_dsn(cluster.dsn())) as connection:
        with pytest.raises(asyncpg.QueryCanceledError):
            await connection.execute("SELECT pg_sleep(60)")
        assert await connection.fetchval("SHOW statement_timeout") == "500ms"


async def test_a_table_that_a_user_named_like_a_view_of_the_server_is_not_read(cluster) -> None:
    cluster.execute("CREATE TABLE public.pg_stat_activity (harm int)")
    try:
        with_search_path = cluster.dsn() + "&options=-csearch_path%3Dpublic"
        async with connected(parse_dsn(with_search_path)) as connection:
            assert await connection.fetchval("SHOW search_path") == "pg_catalog"
    finally:
        cluster.execute("DROP TABLE public.pg_stat_activity")


@pytest.mark.parametrize("error", [TimeoutError, OSError, RuntimeError])
async def test_the_connection_is_given_back_whatever_happens(
    cluster, error: type[Exception]
) -> None:
    with pytest.raises(error):
        async with connected(parse_dsn(cluster.dsn())):
            raise error
    await cluster.until(_OWN, [])


_OWN = "SELECT pid FROM pg_stat_activity WHERE application_name = 'vumeter'"
