"""`[prices]`: what instances cost, as a profile has it and as flags do."""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from vumeter.errors import UsageError
from vumeter.model.prices import InstancePrice, Prices
from vumeter.profiles.money import Money, money_per_h, one_currency
from vumeter.profiles.problems import Problems, quoted
from vumeter.profiles.quantities import PositiveShare, positive_share, refusal
from vumeter.profiles.steps import Table, or_text

_FLAG = re.compile(
    r"(?P<name>[^=\s][^=]*?)(?::(?P<field>on-demand|reserved|spot|capacity))?\s*=\s*(?P<value>.+)"
)


def _price(value: object) -> Money:
    if not isinstance(value, str):
        raise refusal(f"{quoted(value)} is no price.", hint='Write for example "0.096 USD/h".')
    try:
        found = money_per_h(value)
    except UsageError as error:
        raise refusal(error.message, hint=error.hint) from None
    if found.amount <= 0:
        raise refusal(f"{quoted(value)} is no price.", hint="It has to be above 0.")
    return found


Price = Annotated[
    Money,
    BeforeValidator(_price),
    WithJsonSchema(
        {
            "type": "string",
            "title": "price",
            "pattern": r"^[0-9.]+ *[kM]? *([A-Z]{3}|[$€£¥])? */ *(h|month|year)$|\$\{",
            "examples": ["0.096 USD/h", "70 EUR/month"],
        }
    ),
]


class PriceTable(Table):
    """
    What one instance of the target costs. A string is short for its price on demand.

    With prices, reports of capacity searches and `vumeter forecast` count in money
    (docs/forecast.md).
    A month has 730 hours.
    """

    on_demand: Price = Field(description="By the hour, whenever wanted.", examples=["0.096 USD/h"])
    reserved: Price | None = Field(
        None, description="Paid for throughout, used or not.", examples=["43.80 USD/month"]
    )
    spot: Price | None = Field(
        None, description="May be taken away at any time.", examples=["0.035 USD/h"]
    )
    capacity: PositiveShare = Field(
        1.0, description="What it bears, of what was measured.", examples=["200%"]
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"on_demand": value} if isinstance(value, str | int | float) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        return or_text(handler(core))


def prices_from(tables: Mapping[str, PriceTable], *, problems: Problems) -> Prices | None:
    """Return what *tables* say, by the name of each type, or note what is wrong with them."""
    try:
        return _prices({name: _Quote._make(_fields(table)) for name, table in tables.items()})
    except UsageError as error:
        problems.add(("prices",), error.message, hint=error.hint)
        return None


def prices_of(flags: Iterable[str]) -> Prices | None:
    """
    Return the prices in *flags*: `NAME=0.096 USD/h`, `NAME:reserved=…`, `NAME:capacity=200%`.

    Raises:
        UsageError: One cannot be meant.
    """
    quotes: dict[str, _Quote] = {}
    for flag in flags:
        match = _FLAG.fullmatch(flag.strip())
        if match is None:
            raise UsageError(
                f'--price: "{flag}" is no price of anything.',
                hint="Write 'm5.large=0.096 USD/h', and perhaps 'm5.large:reserved=0.06 USD/h', "
                "'m5.large:spot=0.04 USD/h', 'm5.large:capacity=200%'.",
            )
        name, field = match["name"], (match["field"] or "on-demand").replace("-", "_")
        read = positive_share if field == "capacity" else _price
        try:
            value: Any = read(match["value"])
        except PydanticCustomError as error:
            context = error.context or {}
            raise UsageError(f"--price: {context['text']}", hint=context["hint"]) from None
        quotes[name] = quotes.get(name, _Quote())._replace(**{field: value})
    for name, quote in quotes.items():
        if quote.on_demand is None:
            raise UsageError(
                f"--price: nobody says what {name} costs on demand.",
                hint=f"Write --price '{name}=0.096 USD/h'.",
            )
    return _prices(quotes)


def prices_written(prices: Prices | None) -> dict[str, object]:
    """Return *prices* as a profile has them; nothing where there are none."""
    if prices is None:
        return {}
    return {"prices": {each.name: _written(each, prices.currency) for each in prices.types}}


def _written(it: InstancePrice, currency: str) -> dict[str, object]:
    per_h = {"on_demand": it.on_demand_per_h, "reserved": it.reserved_per_h, "spot": it.spot_per_h}
    written: dict[str, object] = {
        field: f"{_exact(value)} {currency}".rstrip() + "/h"
        for field, value in per_h.items()
        if value is not None
    }
    if it.capacity_ratio != 1:
        written["capacity"] = f"{Decimal(repr(it.capacity_ratio)) * 100:f}%"
    return written


def _exact(value: float) -> str:
    return f"{Decimal(repr(value)):f}"


class _Quote(NamedTuple):
    on_demand: Money | None = None
    reserved: Money | None = None
    spot: Money | None = None
    capacity: float = 1.0


def _fields(table: PriceTable) -> Iterator[Any]:
    return (getattr(table, field) for field in _Quote._fields)


def _prices(quotes: Mapping[str, _Quote]) -> Prices | None:
    if not quotes:
        return None
    named = [each for it in quotes.values() for each in it if isinstance(each, Money)]
    return Prices(
        currency=one_currency(named),
        types=tuple(
            InstancePrice(
                name=name,
                on_demand_per_h=it.on_demand.amount,
                reserved_per_h=it.reserved and it.reserved.amount,
                spot_per_h=it.spot and it.spot.amount,
                capacity_ratio=it.capacity,
            )
            for name, it in quotes.items()
            if it.on_demand is not None
        ),
    )
