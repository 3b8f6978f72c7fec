"""
A run under load whose database gets into every trouble that it is for to show.

Each is made by what makes it in the world, is in a second that ends at most three seconds later,
stands on the screen of a cockpit, and is among the first three that `vumeter why` names.
"""

import contextlib
import re
import statistics
from collections.abc import Callable, Iterator

import psycopg
import pytest

from vumeter.demo.cluster import Cluster
from vumeter.model.database import SessionGroup
from vumeter.model.measure import Reading
from vumeter.model.probes import PostgresReading
from vumeter.stats.series import series_of
from vumeter.stats.sessions import is_exhausted
from vumeter.testing.patience import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(180)]

LIMIT_S = 3.0
"""From the begin of a trouble to the end of the first second that shows it."""

OPEN_SLOTS = 27
REFUSALS = 10


@contextlib.contextmanager
def session(
    cluster: Cluster, *statements: str, name: str = "batch"
) -> Iterator[psycopg.Connection]:
    """A session of somebody else, who does *statements* and stays."""
    with psycopg.connect(cluster.dsn(), autocommit=True, application_name=name) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]
        yield connection


def database(shows: Callable[[PostgresReading], object]) -> Callable[[Reading], bool]:
    """Whether what was read of the database *shows* something."""
    return lambda reading: reading.postgres is not None and bool(shows(reading.postgres))


def named(reasons: list[str], *patterns: str) -> bool:
    """Whether one of the reasons has all *patterns* in it."""
    return any(all(re.search(each, reason) for each in patterns) for reason in reasons)


@contextlib.contextmanager
def together(*several: contextlib.AbstractContextManager[object]) -> Iterator[None]:
    """One after the other is entered, and all are left."""
    with contextlib.ExitStack() as stack:
        for each in several:
            stack.enter_context(each)
        yield


@contextlib.contextmanager
def without_index(cluster: Cluster) -> Iterator[None]:
    """The index gone by which products are found."""
    with session(cluster, "DROP INDEX products_id") as connection:
        try:
            yield
        finally:
            connection.execute("CREATE INDEX products_id ON products (id)")


@contextlib.contextmanager
def full(cluster: Cluster) -> Iterator[Callable[[], None]]:
    """All slots taken that an ordinary user can have; again when that is asked for."""
    with contextlib.ExitStack() as stack:

        def fill() -> None:
            refusals = 0
            # Somebody who logs in may have had the last slot for a moment.
            while refusals < REFUSALS:
                try:
                    stack.enter_context(closing_session(cluster.dsn("shop")))
                except psycopg.OperationalError:
                    refusals += 1

        fill()
        yield fill


def closing_session(dsn: str) -> contextlib.closing[psycopg.Connection]:
    return contextlib.closing(psycopg.connect(dsn, application_name="batch"))


def of_shop(look: PostgresReading) -> SessionGroup:
    return next(group for group in look.groups if group.application == "shop")


def test_a_pool_that_is_exhausted(watched, shop, screen) -> None:
    with watched.calm_then(together(shop.switched("slow"), watched.vus(16))) as trouble:
        assert trouble.shown_after_s(database(lambda look: is_exhausted(of_shop(look)))) <= LIMIT_S
        screen.turn_to("sessions")
        screen.shows("shop shop local  ! none idles")
    assert named(trouble.reasons(), "none of shop's 8 idles: its pool is exhausted")


def test_a_query_for_each_of_fifteen_rows(watched, shop, screen) -> None:
    def per_request(reading: Reading) -> float:
        return series_of(reading).get("postgres.calls_per_request", 0.0)

    with watched.calm_then(shop.switched("one by one")) as trouble:
        usual = statistics.median(map(per_request, trouble.readings_before))
        assert trouble.shown_after_s(lambda it: per_request(it) > 1.5 * usual) <= LIMIT_S
        screen.turn_to("statements")
        screen.shows("SELECT price FROM products")
    assert named(trouble.reasons(), "queries per request", "SELECT price FROM products")


def test_a_hot_row_held_by_a_transaction_that_sleeps(watched, cluster, screen) -> None:
    held = session(cluster, "BEGIN", "UPDATE stock SET sold = 0 WHERE id = 0")
    with watched.calm_then(held) as trouble:
        assert trouble.shown_after_s(database(lambda look: look.blockers)) <= LIMIT_S
        screen.turn_to("now")
        screen.shows(
            "idle in transaction batch UPDATE stock", "ShareLock on transactionid of stock"
        )
    assert named(trouble.reasons(), "lock waits", "table stock", "batch, idle in transaction")


def test_a_sequential_scan_of_a_million_rows(watched, cluster, screen) -> None:
    def scanned(look: PostgresReading) -> bool:
        return any(it.name == "public.products" and it.sequential_rows for it in look.tables)

    with watched.calm_then(without_index(cluster)) as trouble:
        assert trouble.shown_after_s(database(scanned)) <= LIMIT_S
        screen.turn_to("tables")
        screen.shows("1.00M", "public.products  ! scanned whole")
    # A scan is counted when it begins, and its rows when it ends.
    assert named(trouble.reasons(), r"public\.products: \d+ sequential scans of \d{6,7} rows")


def test_transactions_that_idle(watched, shop, screen) -> None:
    with watched.calm_then(shop.switched("payments")) as trouble:

        def idles(look: PostgresReading) -> bool:
            return (look.longest_idle_in_transaction_s or 0) > 0.1

        assert trouble.shown_after_s(database(idles)) <= LIMIT_S
        screen.turn_to("now")
        screen.shows("idle in tx")
    assert named(trouble.reasons(), "transactions left open", r"pid \d+ \(shop\) for \d")


def test_deadlocks(watched, shop, screen) -> None:
    def broken(look: PostgresReading) -> bool:
        return bool(look.deadlocks)

    def failed(reading: Reading) -> bool:
        return bool(reading.tallies["POST /orders"].errors)

    with watched.calm_then(shop.switched("baskets")) as trouble:
        # There is none before two baskets meet, one of which fails when it is broken.
        met_after_s = trouble.shown_after_s(failed)
        assert trouble.shown_after_s(database(broken)) - met_after_s < LIMIT_S
        screen.turn_to("now")
        screen.shows("deadlocks ")
    assert [text for text in trouble.events() if re.match(r"\d+ deadlock", text)]
    assert named(trouble.reasons(), "deadlocks rise")
    assert named(trouble.reasons("errors"), "deadlocks rise")


def test_backends_that_burn_the_processors(watched, shop, screen) -> None:
    def burns(look: PostgresReading) -> bool:
        return any("sqrt" in it.statement and not it.wait for it in look.running)

    with watched.calm_then(shop.switched("appraisals")) as trouble:
        assert trouble.shown_after_s(database(burns)) <= LIMIT_S
        screen.turn_to("now")
        screen.shows(" CPU ", "SELECT sum(sqrt(n))")
    assert named(trouble.reasons(), "sessions on the database's CPU", r"SELECT sum\(sqrt\(n\)\)")


def test_no_slot_that_is_left(watched, cluster, screen) -> None:
    with watched.calm_then(full(cluster)) as trouble:
        is_full = database(lambda look: look.connections_used == OPEN_SLOTS)
        assert trouble.shown_after_s(is_full) <= LIMIT_S
        screen.turn_to("sessions")
        screen.shows("conn 27/27+3", "shop batch local")
    assert named(trouble.reasons("errors"), "connections", "no slot is left but 3", "batch has")


def test_a_probe_that_finds_no_slot_says_so_and_comes_back(watched, cluster, screen) -> None:
    with full(cluster) as fill, session(cluster, name="chief") as chief:

        def put_out() -> bool:
            chief.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'vumeter'"
            )
            fill()
            return "REFUSED" in screen.text

        wait_until(put_out, lambda: screen.text)
        screen.shows("no slot left: 27/30, 3 are reserved")
    screen.shows("conn ", "/27+3")
    texts = [each.text for each in watched.events()]
    assert [text for text in texts if text.startswith("refused: no slot left")]
    assert [text for text in texts if text.startswith("up again: PostgreSQL")]
