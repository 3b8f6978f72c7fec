"""Each bottleneck is really there, and really gone when it is fixed: counted, not timed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import aiohttp
import psycopg
import pytest

from vumeter.demo.bottlenecks import Bottleneck
from vumeter.demo.database import statement
from vumeter.demo.leak import CRUMB_BYTES
from vumeter.demo.shop import DemoShop
from vumeter.demo.trading import POOL_BROKEN, POOL_FIXED
from vumeter.testing.patience import until

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

DEADLINE_S = 30.0
ORDER = {"symbol": "TEC01", "side": "buy", "quantity": 1}


class Customer:
    """A logged-in customer, who can do many things at once."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str) -> int:
        async with self._session.get(path) as response:
            await response.read()
            return response.status

    async def order(self) -> int:
        async with self._session.post("/orders", json=ORDER) as response:
            await response.read()
            return response.status


@asynccontextmanager
async def customer_of(shop: DemoShop) -> AsyncIterator[Customer]:
    url = shop.door.status().url
    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=0)) as session:
        form = {"user": "guest", "password": "guest"}
        async with session.post("/login", json=form) as response:
            token = (await response.json())["token"]
        session.headers["Authorization"] = f"Bearer {token}"
        yield Customer(session)


@pytest.fixture
async def customer(shop: DemoShop) -> AsyncIterator[Customer]:
    async with customer_of(shop) as one:
        yield one


@contextmanager
def chief_of(shop: DemoShop) -> Iterator["psycopg.Connection[tuple]"]:
    """A session of the superuser, beside the shop."""
    dsn = shop.door.status().dsn.replace("vumeter_probe@", "postgres@")
    with psycopg.connect(dsn, autocommit=True) as session:
        yield session


@pytest.fixture
def chief(shop: DemoShop) -> Iterator["psycopg.Connection[tuple]"]:
    with chief_of(shop) as session:
        yield session


def number(session: "psycopg.Connection[tuple]", query: str) -> int:
    row = session.execute(query).fetchone()  # type: ignore[arg-type]  # our own text
    assert row is not None
    return int(row[0])


@pytest.fixture
def calls(chief: "psycopg.Connection[tuple]") -> Callable[[], int]:
    """How many statements of GET /market and GET /quotes the database has run."""
    if not number(chief, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'"):
        pytest.skip("this PostgreSQL comes without pg_stat_statements")
    return lambda: number(
        chief,
        "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements"
        " JOIN pg_roles ON pg_roles.oid = userid WHERE rolname = 'shop'"
        " AND query ~ 'FROM (instruments|prices)'",
    )


@contextmanager
def fixed(shop: DemoShop, *bottlenecks: Bottleneck) -> Iterator[None]:
    for bottleneck in bottlenecks:
        assert bottleneck not in shop.door.switch(bottleneck, broken=False).broken
    try:
        yield
    finally:
        for bottleneck in bottlenecks:
            assert bottleneck in shop.door.switch(bottleneck, broken=True).broken


async def in_time(condition: Callable[[], bool]) -> None:
    await until(lambda: asyncio.to_thread(condition), within_s=DEADLINE_S)


async def all_of(many: list[Awaitable[int]]) -> set[int]:
    async with asyncio.timeout(DEADLINE_S):
        return set(await asyncio.gather(*many))


def waiting_for_a_lock(session: "psycopg.Connection[tuple]") -> int:
    return number(
        session,
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'shop' AND wait_event_type = 'Lock'",
    )


@contextmanager
def hot_row_held(chief: "psycopg.Connection[tuple]") -> Iterator[None]:
    with chief.transaction():
        chief.execute("UPDATE turnover SET amount = amount WHERE shard = 0")
        yield


async def test_a_look_at_the_market_is_fifteen_queries_and_one_when_fixed(
    shop: DemoShop, customer: Customer, calls: Callable[[], int]
) -> None:
    async def queries() -> int:
        before = calls()
        assert await customer.get("/market") == 200
        return calls() - before

    assert await queries() == 15
    with fixed(shop, Bottleneck.QUERIES):
        assert await queries() == 1
    assert await queries() == 15


async def test_a_quote_is_added_up_each_time_and_once_a_second_when_fixed(
    shop: DemoShop, customer: Customer, calls: Callable[[], int]
) -> None:
    async def queries_for_ten() -> int:
        before = calls()
        assert await all_of([customer.get("/quotes/TEC01") for _ in range(10)]) == {200}
        return calls() - before

    assert await queries_for_ten() == 10
    with fixed(shop, Bottleneck.CACHE):
        await customer.get("/quotes/TEC01")
        # At most one for each second that these ten may take on a busy machine.
        assert await queries_for_ten() < 5


async def test_orders_stand_in_line_for_one_row_and_pass_by_it_when_fixed(
    shop: DemoShop, customer: Customer, chief: "psycopg.Connection[tuple]"
) -> None:
    with hot_row_held(chief):
        order = asyncio.create_task(customer.order())
        await in_time(lambda: waiting_for_a_lock(chief) == 1)
        with fixed(shop, Bottleneck.LOCKS):
            assert await all_of([customer.order() for _ in range(10)]) == {201}
        assert not order.done()
    assert await order == 201


async def test_the_turnover_is_that_of_the_orders_with_locks_broken_and_fixed(
    shop: DemoShop, customer: Customer, chief: "psycopg.Connection[tuple]"
) -> None:
    await all_of([customer.order() for _ in range(5)])
    with fixed(shop, Bottleneck.LOCKS):
        await all_of([customer.order() for _ in range(20)])
    assert number(chief, "SELECT sum(orders) FROM turnover") == number(
        chief, "SELECT count(*) FROM orders"
    )
    assert number(chief, "SELECT count(*) FROM turnover WHERE orders > 0") > 1
    difference = "(SELECT sum(amount) FROM turnover) - (SELECT sum(price * quantity) FROM orders)"
    assert number(chief, f"SELECT abs({difference}) * 100") == 0


async def test_the_pool_lets_four_in_and_twenty_when_fixed(
    shop: DemoShop, customer: Customer, chief: "psycopg.Connection[tuple]"
) -> None:
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shop'"

    async def crowd(size: int) -> None:
        with hot_row_held(chief):
            orders = [customer.order() for _ in range(size + 3)]
            crowd = asyncio.gather(*orders)
            await in_time(lambda: waiting_for_a_lock(chief) == size)
            await in_time(lambda: shop.door.status().requests_waiting == 3)
            assert shop.door.status().connections_in_use == size
        assert set(await crowd) == {201}

    assert number(chief, sessions) == POOL_BROKEN
    await crowd(POOL_BROKEN)
    with fixed(shop, Bottleneck.POOL):
        await in_time(lambda: number(chief, sessions) == POOL_FIXED)
        await crowd(POOL_FIXED)
    await in_time(lambda: number(chief, sessions) == POOL_BROKEN)


async def test_who_waits_too_long_for_the_row_is_told_so(postgres: None) -> None:
    with DemoShop.open(patience_s=0.5) as shop, chief_of(shop) as chief:
        async with customer_of(shop) as customer:
            with hot_row_held(chief):
                orders = [asyncio.create_task(customer.order()) for _ in range(POOL_BROKEN)]
                assert await all_of(orders) == {503}
            assert await customer.order() == 201


async def test_requests_in_flight_survive_every_switch(shop: DemoShop, customer: Customer) -> None:
    paths = ["/market", "/quotes/TEC01", "/portfolio"]
    many = [asyncio.create_task(customer.get(path)) for path in paths * 40]
    many += [asyncio.create_task(customer.order()) for _ in range(10)]
    for bottleneck in (*Bottleneck, *Bottleneck):
        broken = bottleneck in (await asyncio.to_thread(shop.door.status)).broken
        await asyncio.to_thread(shop.door.switch, bottleneck, broken=not broken)
    assert await all_of(many) == {200, 201}


async def test_each_quote_leaks_and_the_fix_gives_it_back(
    shop: DemoShop, customer: Customer
) -> None:
    before = shop.door.status().leaked_bytes
    for _ in range(3):
        await customer.get("/quotes/TEC01")
    assert shop.door.status().leaked_bytes == before + 3 * CRUMB_BYTES
    with fixed(shop, Bottleneck.LEAK):
        await customer.get("/quotes/TEC01")
        assert shop.door.status().leaked_bytes == 0


async def test_the_oldest_orders_are_forgotten(
    customer: Customer, chief: "psycopg.Connection[tuple]"
) -> None:
    await all_of([customer.order() for _ in range(5)])
    newest = number(chief, "SELECT max(id) FROM orders")
    with chief.transaction(force_rollback=True):
        chief.execute(statement("orders_trim").replace("$1", "2"))  # type: ignore[arg-type]
        kept = chief.execute("SELECT id FROM orders ORDER BY id").fetchall()
        assert kept == [(newest - 1,), (newest,)]
