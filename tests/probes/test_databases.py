"""Several databases at once, on a real server."""

import pytest

from vumeter.model.flow import Request
from vumeter.model.frame import EventLevel
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.model.probes import PostgresState
from vumeter.run.databases import Databases
from vumeter.stats.redaction import Redactor
from vumeter.testing.patience import until

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def _plan(first: str | None, **more: str) -> Plan:
    request = Request(name="GET /", url="http://127.0.0.1/")
    return Plan(
        name="several",
        scenarios=(Scenario(name="main", steps=(request,), load=Load(vus=1)),),
        postgres_dsn=first,
        postgres_more=tuple(more.items()),
    )


async def test_each_database_has_a_reading_and_one_that_is_gone_costs_the_others_nothing(
    cluster, sessions
) -> None:
    plan = _plan(cluster.dsn(), same=cluster.dsn(), gone=cluster.dsn(database="nowhere"))
    await sessions.open("BEGIN", "SELECT 'Token tk_1234567'")
    told: list[tuple[str, EventLevel]] = []
    databases = Databases(plan, redactor=Redactor(plan), tell=lambda *news: told.append(news))
    databases.start()
    try:
        await until(
            lambda: (
                databases.first is not None
                and databases.first.idle_in_transaction
                and databases.more["same"].state is PostgresState.UP
                and databases.more["gone"].state is PostgresState.REFUSED
            ),
            lambda: databases.more,
        )
        assert databases.first is not None
        assert "nowhere" in databases.more["gone"].remark
        assert databases.more["same"].connections_max == databases.first.connections_max
        assert databases.probes["same"].end_backend(1, ends=True)
        await until(lambda: databases.look() or len(told) >= 2, lambda: told)
        assert sorted(told) == [
            ("could not end the session 1: there is no such session any more", EventLevel.INFO),
            (
                'gone: refused: database "nowhere" does not exist → '
                "check the database's name in the connection string",
                EventLevel.WARNING,
            ),
        ]
    finally:
        await databases.close()
    await cluster.until(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'vumeter'", [(0,)]
    )


def test_a_plan_without_a_database_watches_none_and_others_alone_are_no_first() -> None:
    plan = _plan(None)
    none = Databases(plan, redactor=Redactor(plan), tell=print)
    assert (none.first, none.more) == (None, {})


def test_connection_strings_of_all_databases_are_secrets() -> None:
    plan = _plan("postgresql://a:hush-one@h/x", billing="postgresql://a:hush-two@h/y")
    redactor = Redactor(plan)
    assert redactor.text("as hush-one or hush-two") == "as *** or ***"
    assert redactor.plan.postgres_more == (("billing", "***"),)
