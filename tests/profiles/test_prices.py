"""`[prices]`, and the flags that say the same."""

import doctest
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.model.prices import InstancePrice, Prices
from vumeter.profiles import money
from vumeter.profiles.prices import prices_of, prices_written
from vumeter.profiles.writing import written

PROFILE = """
target = "http://127.0.0.1:1"
scenarios.main.steps = ["/"]
"""
TABLE = """
[prices]
"m5.large" = "0.096 USD/h"
big = { on_demand = "0.4 USD/h", reserved = "182.50 USD/month", spot = "876USD/year", capacity = "410%" }
"""  # noqa: E501
PRICES = Prices(
    currency="USD",
    types=(
        InstancePrice(name="m5.large", on_demand_per_h=0.096),
        InstancePrice(
            name="big",
            on_demand_per_h=0.4,
            reserved_per_h=0.25,
            spot_per_h=0.1,
            capacity_ratio=4.1,
        ),
    ),
)


def test_the_examples_in_the_docstrings_are_true() -> None:
    outcome = doctest.testmod(money)
    assert outcome.attempted and not outcome.failed


def test_a_profile_says_what_instances_cost(loaded: Callable[..., Plan]) -> None:
    assert loaded(PROFILE).prices is None
    prices = loaded(PROFILE + TABLE).prices
    assert prices is not None and prices.currency == "USD"
    assert [each.name for each in prices.types] == ["m5.large", "big"]
    for found, expected in zip(prices.types, PRICES.types, strict=True):
        assert found.reserved_per_h == pytest.approx(expected.reserved_per_h)
        assert found.spot_per_h == pytest.approx(expected.spot_per_h)
        assert found.capacity_ratio == pytest.approx(expected.capacity_ratio)


def test_flags_say_the_same() -> None:
    flags = (
        "m5.large = 0.096 USD/h",
        "big=0.4 USD/h",
        "big:reserved=182.50 USD/month",
        "big:spot=876 USD/year",
        "big:capacity=410%",
    )
    prices = prices_of(flags)
    assert prices is not None and prices.types[0] == PRICES.types[0]
    assert prices.types[1].reserved_per_h == pytest.approx(0.25)
    assert prices.types[1].capacity_ratio == pytest.approx(4.1)
    assert prices_of(()) is None


@given(
    st.floats(1e-6, 1e6),
    st.none() | st.floats(1e-6, 1e6),
    st.sampled_from(["", "USD", "€"]),
)
def test_what_is_written_out_is_read_again(
    on_demand: float, reserved: float | None, currency: str
) -> None:
    one = InstancePrice(name="a b", on_demand_per_h=on_demand, reserved_per_h=reserved)
    prices = Prices(currency=currency, types=(one,))
    table = prices_written(prices)["prices"]
    assert isinstance(table, dict)
    flags = [f"a b:{key.replace('_', '-')}={value}" for key, value in table["a b"].items()]
    assert prices_of(flags) == prices


def test_a_plan_with_prices_is_written_with_them(loaded: Callable[..., Plan]) -> None:
    plan = loaded(PROFILE + TABLE)
    assert loaded(written(plan)).prices == plan.prices


@pytest.mark.parametrize(
    ("table", "words"),
    [
        pytest.param('a = "0.1 USD"', '"0.1 USD" is no price', id="of-what-time"),
        pytest.param('a = "dear/h"', "no amount of money", id="no-number"),
        pytest.param('a = "0 USD/h"', "It has to be above 0", id="nothing"),
        pytest.param("a = 0.1", "0.1 is no price", id="no-unit"),
        pytest.param('a = "1 USD/h"\nb = "1 EUR/h"', "different currencies: EUR, USD", id="two"),
        pytest.param('a = { spot = "1 USD/h" }', "prices.a.on_demand: is missing", id="missing"),
        pytest.param('a = { on_demand = "1/h", capacity = "0%" }', "too little", id="no-capacity"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(
    complaint: Callable[..., str], table: str, words: str
) -> None:
    said = complaint(f"{PROFILE}\n[prices]\n{table}")
    assert words in said
    assert "p.toml:" in said


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("m5.large", "is no price of anything"),
        ("m5.large=cheap", "--price: .*is no price"),
        ("m5.large:spot=1 USD/h", "nobody says what m5.large costs on demand"),
        ("m5.large:capacity=2", "is not a share"),
    ],
)
def test_flags_that_cannot_be_meant_are_refused(flag: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        prices_of([flag])
