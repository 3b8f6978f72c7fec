"""Money as people write it: "1200 USD", "0.096 EUR/h", "300/month"."""

import re
from typing import NamedTuple

from vumeter.errors import UsageError
from vumeter.stats.costs import HOURS_PER_MONTH

HOURS = {"h": 1.0, "month": HOURS_PER_MONTH, "year": 12 * HOURS_PER_MONTH}
_NUMBER = r"(?P<amount>\d+(?:\.\d+)?)\s*(?P<factor>[kM]?)"
_AMOUNT = re.compile(rf"{_NUMBER}\s*(?P<currency>[A-Z]{{3}}|[$€£¥])?")
_FACTORS = {"": 1.0, "k": 1e3, "M": 1e6}


class Money(NamedTuple):
    """So much of a currency."""

    amount: float
    currency: str
    """Three capital letters or a sign; empty: nobody said."""


def money(text: str) -> Money:
    """
    Return the amount in *text*.

    Raises:
        UsageError: It is none.

    >>> money("12k EUR"), money("40")
    (Money(amount=12000.0, currency='EUR'), Money(amount=40.0, currency=''))
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f'"{text}" is no amount of money.', hint='Write for example "1200 USD" or "12k EUR".'
        )
    return Money(float(match["amount"]) * _FACTORS[match["factor"]], match["currency"] or "")


def money_per_h(text: str) -> Money:
    """
    Return the price per hour in *text*, which is one per hour, month (730 h) or year.

    Raises:
        UsageError: It is no price, or does not say of how long.

    >>> money_per_h("73 USD/month").amount
    0.1
    """
    amount, slash, span = text.strip().rpartition("/")
    if not slash or span.strip() not in HOURS:
        raise UsageError(
            f'"{text}" is no price.',
            hint='Write for example "0.096 USD/h", "70 EUR/month" or "600/year".',
        )
    each = money(amount)
    return each._replace(amount=each.amount / HOURS[span.strip()])


def money_per_month(text: str) -> Money:
    """
    Return the money per month in *text*, as `money_per_h` reads it.

    Raises:
        UsageError: It is none.

    >>> money_per_month("1200 USD/year").amount
    100.0
    """
    each = money_per_h(text)
    return each._replace(amount=round(each.amount * HOURS_PER_MONTH, 9))


def one_currency(several: list[Money]) -> str:
    """
    Return the currency that *several* amounts are in.

    Raises:
        UsageError: They are in more than one.
    """
    found = sorted({each.currency for each in several})
    if len(found) > 1:
        named = ", ".join(each or "none" for each in found)
        raise UsageError(
            f"The amounts are in different currencies: {named}.",
            hint="vumeter knows no exchange rate: write all of them in one.",
        )
    return found[0] if found else ""
