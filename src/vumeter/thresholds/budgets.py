"""Budgets: by how much a figure may get worse. `--budget 'p95 +5%'`."""

import re
from collections.abc import Sequence

from msgspec import Struct

from vumeter.errors import UsageError
from vumeter.model.comparison import Metric

_BUDGET = re.compile(
    r"(?P<metric>p50|p95|p99|rate|errors)(?:\{name:(?P<name>.+)\})?\s*"
    r"(?P<sign>[+-])?\s*(?P<percent>\d+(?:\.\d+)?)\s*%"
)


class Budget(Struct, frozen=True, kw_only=True):
    """What is allowed of one metric: less is no regression, and not worth a word."""

    metric: Metric
    name: str | None = None
    """Of an endpoint, "" of all requests together; `None`: of each of them."""
    allowed: float
    """As a share: of the figure itself, of errors of all requests."""


USUAL = (
    Budget(metric=Metric.P50, allowed=0.05),
    Budget(metric=Metric.P95, allowed=0.05),
    Budget(metric=Metric.P99, allowed=0.10),
    Budget(metric=Metric.RATE, allowed=0.05),
    Budget(metric=Metric.ERRORS, allowed=0.001),
)
"""The least effects that matter, where nobody says otherwise."""


def budget_of(text: str) -> Budget:
    """
    Return the budget that *text* says: "p95 +5%", "p99{name:POST /pay} +10%", "errors +0.5%".

    Raises:
        UsageError: It says none.

    >>> budget_of("rate -3%").allowed
    0.03
    """
    match = _BUDGET.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f'--budget: "{text}" is no budget.',
            hint='Write for example "p95 +5%", "p99{name:POST /pay} +10%", "rate -5%",'
            ' "errors +0.5%" (in percent of all requests).',
        )
    metric, sign = Metric(match["metric"]), match["sign"]
    worse = "-" if metric is Metric.RATE else "+"
    if sign not in (None, worse):
        raise UsageError(
            f'--budget: "{text}" allows {metric} to get better.', hint=f"Write {worse} instead."
        )
    return Budget(metric=metric, name=match["name"], allowed=float(match["percent"]) / 100)


def allowed(budgets: Sequence[Budget], metric: Metric, name: str) -> float:
    """Return what *budgets* allow of *metric* for *name*: the last one that is for it decides."""
    fitting = [
        each for each in (*USUAL, *budgets) if each.metric is metric and each.name in (None, name)
    ]
    # One for this name alone goes before those for all.
    own = [each for each in fitting if each.name == name]
    return (own or fitting)[-1].allowed
