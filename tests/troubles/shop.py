"""
A small shop with a real connection pool, in a process of its own: `shop.py CHIEF-DSN SHOP-DSN`.

Says its address on standard output, then takes a line for each switch, and ends with its
standard input. What a switch does is what people do by mistake: a query for each row, a call to
somebody else within a transaction, rows locked in the order in which they come.
"""

import asyncio
import contextlib
import os
import random
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
from aiohttp import web

POOL = 8
PATIENCE_S = 1.0
"""How long a request waits for a connection, and a statement for a lock, before its 503."""
WAY_S = 0.002
"""To the database and back: this far away is every one of a network."""
PAYMENT_S = 0.4
WRAPPING_S = 0.1
PRODUCTS = 1_000_000
STOCKED = 2
MARKET = 15

SCHEMA = f"""
CREATE ROLE shop LOGIN;
CREATE ROLE probe LOGIN IN ROLE pg_monitor;
CREATE EXTENSION pg_stat_statements;
CREATE UNLOGGED TABLE products (id int, price int) WITH (autovacuum_enabled = off);
INSERT INTO products SELECT n, n % 1000 FROM generate_series(1, {PRODUCTS}) AS n;
CREATE INDEX products_id ON products (id);
CREATE TABLE stock (id int PRIMARY KEY, sold int NOT NULL) WITH (fillfactor = 10);
INSERT INTO stock SELECT n, 0 FROM generate_series(0, {STOCKED}) AS n;
GRANT SELECT, UPDATE ON products, stock TO shop;
ANALYZE;
"""

# What is far away takes its time, and the connection with it.
CUSTOMER = "SELECT 'customer', pg_sleep($1)"
FAR_S, FARTHER_S = 0.1, 0.4
PRODUCT = "SELECT price FROM products WHERE id = $1"
MARKET_AT_ONCE = "SELECT id, price FROM products WHERE id = ANY($1::int[])"
APPRAISAL = "SELECT sum(sqrt(n)) FROM (SELECT generate_series(1, $1::int) AS n) AS numbers"
APPRAISED = 2_000_000
SELL = "UPDATE stock SET sold = sold + 1 WHERE id = $1"

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Shop:
    """What is sold, over one pool."""

    def __init__(self, dsn: str, pool: asyncpg.Pool) -> None:
        self._dsn = dsn
        self._pool = pool
        self.switches: set[str] = set()

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection of the pool, on which the customer has been looked up."""
        async with self._pool.acquire(timeout=PATIENCE_S) as connection:
            far_s = FARTHER_S if "slow" in self.switches else FAR_S
            await self._ask(connection, CUSTOMER, far_s)
            yield connection

    async def _ask(self, connection: asyncpg.Connection, statement: str, value: object) -> object:
        await asyncio.sleep(WAY_S)
        return await connection.fetch(statement, value)

    async def product(self, _: web.Request) -> web.Response:
        """Answer what one product costs."""
        async with self._connection() as connection:
            if "appraisals" in self.switches:
                await self._ask(connection, APPRAISAL, APPRAISED)
            elif "payments" in self.switches:
                async with connection.transaction():
                    await self._ask(connection, PRODUCT, random.randrange(PRODUCTS))
                    await asyncio.sleep(PAYMENT_S)
            else:
                await self._ask(connection, PRODUCT, random.randrange(PRODUCTS))
        return web.Response(text="price")

    async def market(self, _: web.Request) -> web.Response:
        """Answer what several cost, in one query or in one for each."""
        wanted = random.sample(range(PRODUCTS), MARKET)
        async with self._connection() as connection:
            if "one by one" in self.switches:
                for each in wanted:
                    await self._ask(connection, PRODUCT, each)
            else:
                await self._ask(connection, MARKET_AT_ONCE, wanted)
        return web.Response(text="prices")

    async def orders(self, _: web.Request) -> web.Response:
        """Sell something, which is counted for all; or two things, in the order of the basket."""
        async with self._connection() as connection, connection.transaction():
            if "baskets" in self.switches:
                for each in random.sample(range(1, STOCKED + 1), 2):
                    await self._ask(connection, SELL, each)
                    await asyncio.sleep(WRAPPING_S)
            else:
                await self._ask(connection, SELL, 0)
        return web.Response(text="sold")

    async def login(self, _: web.Request) -> web.Response:
        """Let somebody in, on a connection of its own."""
        connection = await asyncpg.connect(self._dsn, server_settings={"application_name": "login"})
        try:
            await connection.fetchval("SELECT 1")
        finally:
            await connection.close()
        return web.Response(text="hello")

    def application(self) -> web.Application:
        """Return the front door."""
        application = web.Application(middlewares=[_sorry])
        application.add_routes(
            [
                web.get("/product", self.product),
                web.get("/market", self.market),
                web.post("/orders", self.orders),
                web.get("/login", self.login),
            ]
        )
        return application


@web.middleware
async def _sorry(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        return web.Response(status=503, text=str(error))


async def main(chief_dsn: str, dsn: str) -> None:
    """Fill an empty database, and serve until standard input ends."""
    connection = await asyncpg.connect(chief_dsn)
    await connection.execute(SCHEMA)
    await connection.close()
    pool = await asyncpg.create_pool(
        dsn,
        min_size=POOL,
        max_size=POOL,
        reset=_keep,
        server_settings={
            "application_name": "shop",
            "lock_timeout": f"{PATIENCE_S * 1000:.0f}ms",
            "max_parallel_workers_per_gather": "0",
        },
    )
    shop = Shop(dsn, pool)
    runner = web.AppRunner(shop.application(), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await web.SockSite(runner, listener).start()
        print("http://{}:{}".format(*listener.getsockname()), flush=True)
        await _switched(shop)
        await runner.cleanup()
    pool.terminate()


async def _switched(shop: Shop) -> None:
    """Take a line for each switch that is turned, until there are no more."""
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        shop.switches ^= {line.decode().strip()}
        print("turned", flush=True)


async def _keep(_: asyncpg.Connection) -> None:
    # asyncpg's own reset is a query more for each request.
    return


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    # A statement that still runs is the server's to end.
    os._exit(0)
