"""What the shop does: portfolios, prices and orders, with and without its bottlenecks."""

import asyncio
import random
import time
from collections.abc import Set
from decimal import Decimal
from typing import Annotated, Any, Literal

import asyncpg
from msgspec import Meta, Struct

from vumeter.demo.bottlenecks import Bottleneck
from vumeter.demo.database import Connections, statement
from vumeter.demo.leak import Leak

CUSTOMERS = 1000
POOL_BROKEN = 4
POOL_FIXED = 20
TURNOVER_SHARDS = 64
PAYMENT_S = 0.020
"""How long the payment provider takes; it is not ours, so it is only waited for."""
QUOTE_LIFETIME_S = 1.0
ORDERS_KEPT = 200_000

Row = dict[str, Any]


class OrderForm(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /orders."""

    symbol: str
    side: Literal["buy", "sell"]
    quantity: Annotated[int, Meta(ge=1, le=1000)]


class NotListed(LookupError):  # noqa: N818 - an answer to a request, like aiohttp's
    """There is no such instrument or segment."""


class Trading:
    """The shop's business, over *connections*. `broken` says which bottlenecks are in."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._quotes: dict[str, tuple[float, Row]] = {}
        self._leak = Leak()
        self.broken = frozenset(Bottleneck)

    async def open(self) -> None:
        """Open the connections."""
        await self._connections.resize(_pool_size(self.broken))

    async def switch(self, bottleneck: Bottleneck, *, broken: bool) -> None:
        """Put *bottleneck* in or out; requests in flight end the way they began."""
        wanted = self.broken | {bottleneck} if broken else self.broken - {bottleneck}
        if _pool_size(wanted) != self._connections.size:
            await self._connections.resize(_pool_size(wanted))
        self.broken = wanted
        self._quotes.clear()
        if Bottleneck.LEAK not in wanted:
            self._leak.mend()

    @property
    def leaked_bytes(self) -> int:
        """What is remembered for nothing."""
        return self._leak.leaked_bytes

    async def customer(self, number: int) -> Row:
        """Return the customer with that number, counted round."""
        async with self._connections.one() as connection:
            row = await connection.fetchrow(statement("customer"), 1 + number % CUSTOMERS)
        return dict(row)

    async def portfolio(self, customer_id: int) -> list[Row]:
        """Return what the customer holds, at today's prices."""
        async with self._connections.one() as connection:
            return _rows(await connection.fetch(statement("portfolio"), customer_id))

    async def market(self, segment: str) -> list[Row]:
        """Return the prices of a segment: in one query, or in one for each."""
        async with self._connections.one() as connection:
            if Bottleneck.QUERIES in self.broken:
                rows = await _market_one_by_one(connection, segment)
            else:
                rows = _rows(await connection.fetch(statement("market"), segment))
        if not rows:
            raise NotListed(f'there is no segment "{segment}"')
        return rows

    async def quote(self, symbol: str) -> Row:
        """Return the day of one instrument."""
        if Bottleneck.LEAK in self.broken:
            self._leak.grow()
        if Bottleneck.CACHE in self.broken:
            return await self._quote_added_up(symbol)
        made_at_s, quote = self._quotes.get(symbol, (-QUOTE_LIFETIME_S, {}))
        if time.monotonic() - made_at_s < QUOTE_LIFETIME_S:
            return quote
        quote = await self._quote_added_up(symbol)
        self._quotes[symbol] = (time.monotonic(), quote)
        return quote

    async def order(self, customer_id: int, form: OrderForm) -> Row:
        """Place an order: pay for it, write it down, add it to the turnover."""
        if Bottleneck.LOCKS in self.broken:
            return await self._order_paid_under_lock(customer_id, form)
        return await self._order_paid_first(customer_id, form)

    async def trim(self) -> None:
        """Forget the oldest orders, so that a long soak does not fill the disk."""
        async with self._connections.one() as connection:
            await connection.execute(statement("orders_trim"), ORDERS_KEPT)

    async def _quote_added_up(self, symbol: str) -> Row:
        async with self._connections.one() as connection:
            row = await connection.fetchrow(statement("quote"), symbol)
        if row is None:
            raise NotListed(f'there is no instrument "{symbol}"')
        return dict(row)

    async def _order_paid_under_lock(self, customer_id: int, form: OrderForm) -> Row:
        async with self._connections.one() as connection, connection.transaction():
            instrument_id, price = await _listed(connection, form.symbol)
            await connection.execute(statement("order_turnover"), 0, price * form.quantity)
            await asyncio.sleep(PAYMENT_S)
            return await _written(connection, customer_id, instrument_id, price, form)

    async def _order_paid_first(self, customer_id: int, form: OrderForm) -> Row:
        await asyncio.sleep(PAYMENT_S)
        async with self._connections.one() as connection, connection.transaction():
            instrument_id, price = await _listed(connection, form.symbol)
            order = await _written(connection, customer_id, instrument_id, price, form)
            shard = random.randrange(1, TURNOVER_SHARDS)
            await connection.execute(statement("order_turnover"), shard, price * form.quantity)
            return order


def _pool_size(broken: Set[Bottleneck]) -> int:
    return POOL_BROKEN if Bottleneck.POOL in broken else POOL_FIXED


async def _market_one_by_one(connection: asyncpg.Connection, segment: str) -> list[Row]:
    rows = _rows(await connection.fetch(statement("market_instruments"), segment))
    for row in rows:
        row |= dict(await connection.fetchrow(statement("market_price"), row.pop("id")))
    return rows


async def _listed(connection: asyncpg.Connection, symbol: str) -> tuple[int, Decimal]:
    row = await connection.fetchrow(statement("order_price"), symbol)
    if row is None:
        raise NotListed(f'there is no instrument "{symbol}"')
    return row["id"], row["price"]


async def _written(
    connection: asyncpg.Connection,
    customer_id: int,
    instrument_id: int,
    price: Decimal,
    form: OrderForm,
) -> Row:
    number = await connection.fetchval(
        statement("order_insert"), customer_id, instrument_id, form.side, form.quantity, price
    )
    return {"order": number, "symbol": form.symbol, "price": price, "quantity": form.quantity}


def _rows(records: list[asyncpg.Record]) -> list[Row]:
    return [dict(record) for record in records]
