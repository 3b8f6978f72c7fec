"""The demo's load is a mix of what the shop offers."""

import random
from collections import Counter

from vumeter.demo.plan import DEAD_MAN_S, shop_plan
from vumeter.model.flow import Extract, Pick, Source, requests_of

URL = "http://127.0.0.1:8000"


def test_every_request_goes_to_the_shop_and_money_needs_the_token() -> None:
    scenario = shop_plan(URL, dsn=None).scenarios[0]
    requests = list(requests_of(scenario.steps))
    assert all(request.url.startswith(URL + "/") for request in requests)
    for request in requests:
        needs_token = request.name in {"GET /portfolio", "POST /orders"}
        assert (("Authorization", "Bearer {{token}}") in request.headers) == needs_token


def test_the_login_comes_first_and_yields_the_token() -> None:
    (login,) = shop_plan(URL, dsn=None).scenarios[0].on_start
    assert login.url == f"{URL}/login"
    assert login.extract == (Extract(variable="token", source=Source.JSON, selector="token"),)


def test_the_weights_are_those_of_the_endpoints_whatever_their_variants() -> None:
    weights: Counter[str] = Counter()
    (pick,) = shop_plan(URL, dsn=None).scenarios[0].steps
    assert isinstance(pick, Pick)
    for choice in pick.choices:
        (request,) = requests_of(choice.steps)
        weights[request.name] += choice.weight  # type: ignore[assignment]
    assert weights == {
        "GET /quotes/{symbol}": 40,
        "GET /market": 25,
        "GET /portfolio": 25,
        "POST /orders": 10,
    }


def test_it_has_no_end_unless_it_is_given_one_and_then_ends_by_its_dead_man() -> None:
    endless = shop_plan(URL, dsn="postgresql://probe@/shop")
    assert not endless.has_end
    assert endless.dead_man_s == DEAD_MAN_S
    assert endless.postgres_dsn == "postgresql://probe@/shop"
    assert shop_plan(URL, dsn=None, duration_s=20).duration_s == 20


def test_more_vus_than_usual_raise_the_limit_with_them() -> None:
    vus = random.randrange(1000, 2000)
    assert shop_plan(URL, dsn=None, vus=vus).limits.max_vus == vus
