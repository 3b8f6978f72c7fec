"""The demo's load: what customers of the shop do, mixed by weight."""

import msgspec

from vumeter.model.flow import Choice, Extract, Pick, Request, Source
from vumeter.model.plan import Limits, Load, Plan, Scenario

VUS = 10
MAX_VUS = 500
# Long enough to attach again from another terminal; short enough that a forgotten demo ends.
DEAD_MAN_S = 120.0

_SYMBOLS = ("ENE03", "ENE11", "FIN02", "FIN09", "HEA05", "HEA14", "TEC01", "TEC07")
_SEGMENTS = ("energy", "finance", "health", "technology")
_TOKEN = ("Authorization", "Bearer {{token}}")
_JSON = ("Content-Type", "application/json")


def shop_plan(
    url: str, *, dsn: str | None, vus: int = VUS, duration_s: float | None = None
) -> Plan:
    """Return the plan for a shop at *url* whose database is watched through *dsn*."""
    scenario = Scenario(
        name="shop",
        on_start=(_login(url),),
        steps=(
            Pick(
                choices=(
                    *_quotes(url, weight=40),
                    *_market(url, weight=25),
                    _portfolio(url, weight=25),
                    *_orders(url, weight=10),
                )
            ),
        ),
        load=Load(vus=vus, duration_s=duration_s),
    )
    return Plan(
        name="shop",
        scenarios=(scenario,),
        limits=Limits(max_vus=max(MAX_VUS, vus), end_backends=True),
        dead_man_s=DEAD_MAN_S,
        postgres_dsn=dsn,
    )


def _login(url: str) -> Request:
    return Request(
        name="POST /login",
        method="POST",
        url=f"{url}/login",
        headers=(_JSON,),
        body=msgspec.json.encode({"user": "guest", "password": "guest"}),
        extract=(Extract(variable="token", source=Source.JSON, selector="token"),),
    )


def _quotes(url: str, *, weight: float) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            steps=(Request(name="GET /quotes/{symbol}", url=f"{url}/quotes/{symbol}"),),
            weight=weight / len(_SYMBOLS),
        )
        for symbol in _SYMBOLS
    )


def _market(url: str, *, weight: float) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            steps=(Request(name="GET /market", url=f"{url}/market?segment={segment}"),),
            weight=weight / len(_SEGMENTS),
        )
        for segment in _SEGMENTS
    )


def _portfolio(url: str, *, weight: float) -> Choice:
    request = Request(name="GET /portfolio", url=f"{url}/portfolio", headers=(_TOKEN,))
    return Choice(steps=(request,), weight=weight)


def _orders(url: str, *, weight: float) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            steps=(
                Request(
                    name="POST /orders",
                    method="POST",
                    url=f"{url}/orders",
                    headers=(_TOKEN, _JSON),
                    body=msgspec.json.encode(
                        {"symbol": symbol, "side": side, "quantity": quantity}
                    ),
                ),
            ),
            weight=weight / len(_SYMBOLS),
        )
        for quantity, symbol in enumerate(_SYMBOLS, start=1)
        for side in (("buy", "sell")[quantity % 2],)
    )
