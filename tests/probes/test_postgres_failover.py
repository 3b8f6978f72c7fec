"""The PostgreSQL probe beside a streaming replica, and when that takes over."""

import asyncio
import contextlib
from typing import Self

import pytest

from vumeter.model.database import StatementFigures
from vumeter.model.probes import PostgresReading, PostgresState

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def _either(*clusters, **parameters: str) -> str:
    """A connection string that names all of *clusters*, in that order."""
    hosts = ",".join(str(cluster.folder) for cluster in clusters)
    ports = ",".join(str(cluster.port) for cluster in clusters)
    wanted = "".join(f" {name}={value}" for name, value in parameters.items())
    return f"host={hosts} port={ports} user=chief dbname=postgres{wanted}"


async def test_a_replica_is_seen_from_both_ends_and_watched_when_it_takes_over(
    leader, follower, watch
) -> None:
    await leader.until("SELECT state FROM pg_stat_replication", [("streaming",)])
    first = await watch(_either(leader, follower, target_session_attrs="primary"))
    reading = await first.until(lambda it: bool(it.replicas))
    assert (reading.replicas[0].name, reading.replicas[0].state) == ("walreceiver", "streaming")

    follower.execute("SELECT pg_wal_replay_pause()")
    leader.execute("CREATE TABLE filled AS SELECT n FROM generate_series(1, 50000) n")
    second = await watch(follower.dsn())
    # It has replayed nothing from which it could tell: that is not in time.
    unknown = await second.until(lambda it: it.autovacuum_workers is not None)
    assert unknown.replication_lag_s is None
    follower.execute("SELECT pg_wal_replay_resume()")
    await follower.until("SELECT count(*) FROM pg_class WHERE relname = 'filled'", [(1,)])
    follower.execute("SELECT pg_wal_replay_pause()")
    leader.execute("INSERT INTO filled SELECT n FROM generate_series(1, 50000) n")
    [(at_least_bytes,)] = leader.rows(
        "SELECT (pg_current_wal_lsn() - replay_lsn)::int8 FROM pg_stat_replication"
    )
    reading = await first.until(lambda it: (it.replication_lag_bytes or 0) >= at_least_bytes > 1e6)
    late = await second.until(lambda it: (it.replication_lag_s or 0) > 0)
    assert late.replicas == ()

    follower.execute("SELECT pg_wal_replay_resume()")
    leader.stop()
    await first.until(lambda it: it.state is not PostgresState.UP)
    follower.execute("SELECT pg_promote()")
    reading = await first.until_state(PostgresState.UP)
    assert reading.deadlocks == 0
    assert [text for text in first.probe.notices() if text.startswith("another server answers")]
    rate = (await first.next()).transactions_per_s
    assert rate is not None and rate < 100
    leader.start()


class Address:
    """A loopback port behind which one server answers, and later another."""

    def __init__(self, cluster) -> None:
        self.cluster = cluster
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        socket = self.cluster.folder / f".s.PGSQL.{self.cluster.port}"
        behind, beyond = await asyncio.open_unix_connection(str(socket))
        self._writers |= {writer, beyond}
        await asyncio.gather(_pass_on(reader, beyond), _pass_on(behind, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while passed := await reader.read(65_536):
            writer.write(passed)
    writer.close()


async def test_where_another_server_answers_its_past_is_not_taken_for_what_happens_now(
    leader, follower, watch
) -> None:
    often = "SELECT n FROM often"

    def of(reading: PostgresReading) -> list[StatementFigures]:
        return [each for each in reading.statements if each.text == often]

    leader.execute("CREATE TABLE often (n int)", *[often] * 5)
    await follower.until("SELECT count(*) FROM pg_class WHERE relname = 'often'", [(1,)])
    follower.execute(*[often] * 50)
    async with Address(leader) as address:
        watched = await watch(
            f"postgresql://chief@127.0.0.1:{address.port}/postgres?sslmode=disable"
        )
        await watched.until(lambda it: it.statements_span_s is not None)
        leader.execute(often)
        await watched.until(
            lambda it: [each.calls for each in it.statements if each.text == often] == [1]
        )
        address.cluster = follower
        address.cut()
        reading = await watched.until(lambda it: it.replication_lag_s is not None)
        for _ in range(3):
            reading = await watched.next()
            assert not of(reading)
        [told] = watched.probe.notices()
        assert told.startswith(
            f"another server answers there now: PostgreSQL {reading.server_version}"
        )
        follower.execute(often)
        await watched.until(
            lambda it: [each.is_new for each in it.statements if each.text == often] == [False]
        )
