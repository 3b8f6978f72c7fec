"""The shop's front door: who gets in, and what a mistake is answered with."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

import pytest

from vumeter.demo.shop import DemoShop

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

GUEST = {"user": "guest", "password": "guest"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


def ask(shop: DemoShop, path: str, body: object = None, *, token: str = "") -> Answer:
    request = urllib.request.Request(
        shop.door.status().url + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}"} if token else {},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return Answer(response.status, json.load(response))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, json.load(error))


@pytest.fixture(scope="module")
def token(shop: DemoShop) -> str:
    return str(ask(shop, "/login", GUEST).body["token"])


def test_a_login_gives_a_token_and_each_another_customer(shop: DemoShop) -> None:
    first, second = (ask(shop, "/login", GUEST).body for _ in range(2))
    assert first["token"] != second["token"]
    assert first["customer"] != second["customer"]


def test_a_wrong_password_is_refused(shop: DemoShop) -> None:
    answer = ask(shop, "/login", {"user": "guest", "password": "guessed"})
    assert answer.status == 401
    assert "token" not in answer.body


@pytest.mark.parametrize("path", ["/portfolio", "/orders"])
@pytest.mark.parametrize("wrong", ["", "guessed"], ids=["no token", "a guessed token"])
def test_without_a_valid_token_nobody_sees_or_buys(shop: DemoShop, path: str, wrong: str) -> None:
    body = {"symbol": "TEC01", "side": "buy", "quantity": 1} if path == "/orders" else None
    answer = ask(shop, path, body, token=wrong)
    assert answer.status == 401
    assert "POST /login" in answer.body["error"]


def test_a_portfolio_is_worth_its_quantities_at_todays_prices(shop: DemoShop, token: str) -> None:
    holdings = ask(shop, "/portfolio", token=token).body
    assert len(holdings) == 8
    for holding in holdings:
        assert holding["value"] == pytest.approx(holding["quantity"] * holding["price"])


def test_the_market_lists_every_instrument_of_a_segment(shop: DemoShop) -> None:
    prices = ask(shop, "/market?segment=energy").body
    assert [price["symbol"] for price in prices] == [f"ENE{n:02}" for n in range(1, 15)]


def test_a_quote_adds_up_the_day(shop: DemoShop) -> None:
    quote = ask(shop, "/quotes/FIN02").body
    assert quote["trades"] == 1500
    assert quote["low"] <= quote["open"] <= quote["high"]
    assert quote["low"] <= quote["average"] <= quote["high"]


def test_an_order_is_written_down_at_the_price_of_the_day(shop: DemoShop, token: str) -> None:
    form = {"symbol": "HEA05", "side": "sell", "quantity": 3}
    answer = ask(shop, "/orders", form, token=token)
    assert answer.status == 201
    assert answer.body["price"] == ask(shop, "/quotes/HEA05").body["last"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/quotes/NONE", None, 404),
        ("/market?segment=none", None, 404),
        ("/nowhere", None, 404),
        ("/orders", None, 405),
        ("/orders", {"symbol": "NONE", "side": "buy", "quantity": 1}, 404),
        ("/orders", {"symbol": "TEC01", "side": "buy", "quantity": 0}, 400),
        ("/orders", {"symbol": "TEC01", "side": "steal", "quantity": 1}, 400),
        ("/orders", {"symbol": "TEC01"}, 400),
        ("/orders", ["TEC01"], 400),
        ("/login", "guest", 400),
    ],
)
def test_a_mistake_is_answered_in_words(
    shop: DemoShop, token: str, path: str, body: object, status: int
) -> None:
    answer = ask(shop, path, body, token=token)
    assert answer.status == status
    assert answer.body["error"]


def test_every_answer_is_counted_by_its_status(shop: DemoShop, token: str) -> None:
    before = shop.door.status().statuses
    ask(shop, "/portfolio", token=token)
    ask(shop, "/quotes/NONE")
    after = shop.door.status().statuses
    assert after[200] == before[200] + 1
    assert after[404] == before.get(404, 0) + 1
