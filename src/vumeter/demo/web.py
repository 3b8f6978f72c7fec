"""The shop's HTTP door: routes, tokens, and its failures as answers."""

import asyncio
import math
import random
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable

import asyncpg
import msgspec
from aiohttp import web
from msgspec import Struct

from vumeter.demo.database import DATABASE_FAILURES, NoConnection
from vumeter.demo.trading import NotListed, OrderForm, Trading

GATEWAY_MEDIAN_S = 0.020
GATEWAY_SPREAD = 0.35
"""Of the log-normal distribution: p99 is 2.3 times the median."""
TOKENS_KEPT = 100_000

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_JSON = msgspec.json.Encoder(decimal_format="number")


class LoginForm(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /login. There is one account: guest, with the password guest."""

    user: str
    password: str


class Refused(Exception):  # noqa: N818 - an answer to a request, like aiohttp's
    """The login or the token is not valid."""


class Web:
    """The shop as an aiohttp application."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._customers_by_token: dict[str, int] = {}
        self.logins = 0
        self.statuses: Counter[int] = Counter()

    def application(self) -> web.Application:
        """Return the application, to be served by an `AppRunner`."""

        @web.middleware
        async def answered(request: web.Request, handler: _Handler) -> web.StreamResponse:
            return await self._answered(request, handler)

        application = web.Application(middlewares=[answered])
        application.add_routes(
            [
                web.post("/login", self._login),
                web.get("/portfolio", self._portfolio),
                web.get("/market", self._market),
                web.get("/quotes/{symbol}", self._quote),
                web.post("/orders", self._order),
            ]
        )
        return application

    async def _answered(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        await _gateway()
        try:
            response = await handler(request)
        except web.HTTPException as error:
            # aiohttp's own: no such path, or not with this method.
            response = _problem(error.status, error.reason)
        except Refused as error:
            response = _problem(401, str(error))
        except NotListed as error:
            response = _problem(404, str(error))
        except msgspec.MsgspecError as error:
            response = _problem(400, str(error))
        except NoConnection:
            response = _problem(503, "no database connection was free")
        except asyncpg.LockNotAvailableError:
            response = _problem(503, "the row was locked for too long")
        except DATABASE_FAILURES as error:
            response = _problem(503, f"the database failed: {error}")
        self.statuses[response.status] += 1
        return response

    async def _login(self, request: web.Request) -> web.Response:
        form = msgspec.json.decode(await request.read(), type=LoginForm)
        if (form.user, form.password) != ("guest", "guest"):
            raise Refused('the only user is "guest", with the password "guest"')
        # Each login is another customer, so that many VUs are many people.
        customer = await self._trading.customer(self.logins)
        self.logins += 1
        token = secrets.token_urlsafe(16)
        self._customers_by_token[token] = customer["id"]
        if len(self._customers_by_token) > TOKENS_KEPT:
            del self._customers_by_token[next(iter(self._customers_by_token))]
        return _json({"token": token, "customer": customer["name"]})

    async def _portfolio(self, request: web.Request) -> web.Response:
        return _json(await self._trading.portfolio(self._customer_id(request)))

    async def _market(self, request: web.Request) -> web.Response:
        return _json(await self._trading.market(request.query.get("segment", "technology")))

    async def _quote(self, request: web.Request) -> web.Response:
        return _json(await self._trading.quote(request.match_info["symbol"]))

    async def _order(self, request: web.Request) -> web.Response:
        customer_id = self._customer_id(request)
        form = msgspec.json.decode(await request.read(), type=OrderForm)
        return _json(await self._trading.order(customer_id, form), status=201)

    def _customer_id(self, request: web.Request) -> int:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self._customers_by_token:
            raise Refused("a token from POST /login is needed: Authorization: Bearer TOKEN")
        return self._customers_by_token[token]


async def _gateway() -> None:
    """
    Wait as long as the way to the shop takes.

    Between a customer and a service there are a network, a gateway, a token check. Without
    them, ten VUs on loopback would already be all that a small machine can bear.
    """
    await asyncio.sleep(random.lognormvariate(math.log(GATEWAY_MEDIAN_S), GATEWAY_SPREAD))


def _json(answer: object, *, status: int = 200) -> web.Response:
    return web.Response(body=_JSON.encode(answer), status=status, content_type="application/json")


def _problem(status: int, text: str) -> web.Response:
    return _json({"error": text}, status=status)
