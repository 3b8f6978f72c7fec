"""What an outage or errors put at risk, and whether a measure pays: answers and their tables."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import asdict

from vumeter.report.forecast.words import facts, figure, months_text, percent_text
from vumeter.report.numbers import money_text
from vumeter.report.tables import Cell, Table
from vumeter.stats import worth
from vumeter.stats.costs import HOURS_PER_MONTH
from vumeter.stats.plaintext import plain
from vumeter.units import duration_text

SCHEMA_VERSION = 1
_UPPER_BOUND = (
    "an upper bound: whoever tries again, or comes back later, is not lost; what an outage does to "
    "a reputation is in no formula"
)


class Roi(Struct, frozen=True, kw_only=True):
    """What `vumeter roi --format json` writes; money is in *currency*."""

    schema_version: int = SCHEMA_VERSION
    currency: str
    cost: float
    """Once."""
    running_per_month: float
    gain_per_month: float
    months: int
    total_cost: float
    total_gain: float
    roi_ratio: float
    """(total gain − total cost) / total cost."""
    payback_months: float | None
    """null: what it brings each month is not more than what it costs each month."""
    remarks: tuple[str, ...]


class Trade(Struct, frozen=True, kw_only=True):
    """What requests bring, as a rule."""

    currency: str
    rate_per_s: float
    conversion_ratio: float
    """Of these become orders."""
    order_value: float
    """Of one, on average."""

    def revenue(self, hours: float) -> float:
        """Return what the requests of so many *hours* bring."""
        return worth.revenue_at_risk(
            self.requests(hours),
            conversion_ratio=self.conversion_ratio,
            order_value=self.order_value,
        )

    def requests(self, hours: float) -> float:
        """Return how many requests so many *hours* have."""
        return self.rate_per_s * 3600 * hours


class Risk(Trade, frozen=True, kw_only=True):
    """What `vumeter risk --format json` writes, beside the trade itself."""

    schema_version: int = SCHEMA_VERSION
    source: str
    """Who says what is lost."""
    downtime_h: float | None = None
    """null: a share of errors is meant."""
    error_ratio: float | None = None
    error_low_ratio: float | None = None
    error_high_ratio: float | None = None
    """Between these lies the share with 95 %; null: it was not measured."""
    is_monthly: bool
    """Whether what follows is of each month, or once."""
    lost_requests: float
    revenue_at_risk: float
    revenue_at_risk_low: float | None = None
    revenue_at_risk_high: float | None = None
    remarks: tuple[str, ...] = (_UPPER_BOUND,)


def roi(
    *,
    cost: float,
    running_per_month: float | None,
    gain_per_month: float,
    months: int,
    currency: str,
) -> Roi:
    """Return whether *cost*, and what follows each month, pays within so many *months*."""
    running = running_per_month or 0.0
    total_cost, total_gain = cost + running * months, gain_per_month * months
    remarks = () if running_per_month is not None else ("no running cost was given: none is in it",)
    return Roi(
        currency=currency,
        cost=cost,
        running_per_month=running,
        gain_per_month=gain_per_month,
        months=months,
        total_cost=total_cost,
        total_gain=total_gain,
        roi_ratio=worth.roi_ratio(total_gain, total_cost),
        payback_months=worth.payback_months(cost, gain_per_month - running),
        remarks=remarks,
    )


def risk_of_downtime(trade: Trade, hours: float, *, source: str, is_monthly: bool) -> Risk:
    """Return what *hours* without any answer put at risk."""
    return Risk(
        **asdict(trade),
        source=source,
        downtime_h=hours,
        is_monthly=is_monthly,
        lost_requests=trade.requests(hours),
        revenue_at_risk=trade.revenue(hours),
    )


def risk_of_errors(
    trade: Trade, error_ratio: float, *, source: str, seen: tuple[int, int] | None = None
) -> Risk:
    """
    Return what that share of errors puts at risk in a month.

    Args:
        trade: What requests bring.
        error_ratio: Of the requests, 0 to 1.
        source: Who says so.
        seen: Errors and requests that the share was measured by; `None`: it was not.
    """
    low, high = (None, None) if seen is None else worth.share_interval(*seen)
    monthly = trade.revenue(HOURS_PER_MONTH)
    return Risk(
        **asdict(trade),
        source=source,
        error_ratio=error_ratio,
        error_low_ratio=low,
        error_high_ratio=high,
        is_monthly=True,
        lost_requests=error_ratio * trade.requests(HOURS_PER_MONTH),
        revenue_at_risk=error_ratio * monthly,
        revenue_at_risk_low=None if low is None else low * monthly,
        revenue_at_risk_high=None if high is None else high * monthly,
    )


def roi_tables(it: Roi) -> tuple[Table, ...]:
    """Return *it* as tables."""
    return (facts("roi", "(gain − cost) / cost", _roi_rows(it)),)


def _roi_rows(it: Roi) -> Iterator[tuple[str, Cell]]:
    def money(field: str) -> Cell:
        return figure(field, getattr(it, field), lambda each: money_text(each, it.currency))

    yield "cost, once", money("cost")
    yield "running cost, a month", money("running_per_month")
    yield "gain, a month", money("gain_per_month")
    yield "looked at", figure("months", it.months, lambda each: f"{each:g} months")
    yield "cost in all", money("total_cost")
    yield "gain in all", money("total_gain")
    yield "return on investment", figure("roi_ratio", it.roi_ratio, _signed_percent)
    never = Cell(text="never")
    paid = figure("payback_months", it.payback_months, months_text)
    yield "paid back after", never if it.payback_months is None else paid


def _signed_percent(ratio: float) -> str:
    return ("−" if ratio < 0 else "") + percent_text(abs(ratio))


def risk_tables(it: Risk) -> tuple[Table, ...]:
    """Return *it* as tables."""
    title = "Lost requests × conversion × order value" + (", in a month" * it.is_monthly)
    return (facts("risk", title, _risk_rows(it)),)


def _risk_rows(it: Risk) -> Iterator[tuple[str, Cell]]:
    def money(field: str) -> Cell:
        return figure(field, getattr(it, field), lambda each: money_text(each, it.currency))

    def share(field: str) -> Cell:
        return figure(field, getattr(it, field), percent_text)

    yield "by", Cell(text=plain(it.source))
    yield "requests", figure("rate_per_s", it.rate_per_s, lambda each: f"{each:.4g}/s")
    yield "conversion", share("conversion_ratio")
    yield "value of an order", money("order_value")
    yield (
        "time without an answer",
        figure("downtime_h", it.downtime_h, lambda each: duration_text(each * 3600)),
    )
    yield "share of errors", share("error_ratio")
    yield "… at the least", share("error_low_ratio")
    yield "… at the most", share("error_high_ratio")
    yield "lost requests", figure("lost_requests", it.lost_requests, lambda each: f"{each:,.0f}")
    yield "revenue at risk", money("revenue_at_risk")
    yield "… at the least", money("revenue_at_risk_low")
    yield "… at the most", money("revenue_at_risk_high")
