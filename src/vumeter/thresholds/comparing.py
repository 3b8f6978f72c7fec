"""Figures of two sides held against each other, and against what is allowed of them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vumeter.model.comparison import Judgement, Line, Metric
from vumeter.stats.numeric.differences import Difference, adjusted, differences
from vumeter.stats.windows import Windows
from vumeter.thresholds.budgets import Budget, allowed

ALPHA = 0.05
"""In not more than so many comparisons of sides that are alike anything at all is called real."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What is known of one of the two, by request name; empty: of all requests."""

    figures: Mapping[str, Mapping[Metric, float]]
    windows: Mapping[str, Windows]
    """Of what can be tested."""


def lines(a: Side, b: Side, *, budgets: Sequence[Budget] = (), is_paired: bool) -> tuple[Line, ...]:
    """
    Return how *b* stands beside *a*, for each name that both have, in the order of *a*.

    A name that is alone in both is all requests, and is not said twice: each figure more that is
    tested makes it harder to tell any of them. But where a budget is its own, it has its lines.
    """
    names = [name for name in a.figures if name]
    is_alone = len(names) == 1 and a.figures.keys() == b.figures.keys()
    if is_alone and not any(budget.name in names for budget in budgets):
        a = replace(a, figures={"": a.figures[""]})
    return tuple(_judged(list(_compared(a, b, budgets, is_paired=is_paired))))


_Raw = tuple[str, Metric, float, float, Difference | None, float]


def _compared(a: Side, b: Side, budgets: Sequence[Budget], *, is_paired: bool) -> Iterator[_Raw]:
    for name, figures_a in a.figures.items():
        figures_b = b.figures.get(name, {})
        windows = a.windows.get(name), b.windows.get(name)
        found: dict[Metric, Difference] = {}
        if windows[0] is not None and windows[1] is not None:
            found = differences(windows[0], windows[1], is_paired=is_paired)
        for metric in Metric:
            if metric in figures_a and metric in figures_b:
                limit = allowed(budgets, metric, name)
                values = figures_a[metric], figures_b[metric]
                yield name, metric, *values, found.get(metric), limit


def _judged(raw: Sequence[_Raw]) -> Iterator[Line]:
    tested = [difference for *_, difference, _ in raw if difference is not None]
    chances = iter(adjusted([each.p for each in tested]))
    for name, metric, a, b, difference, limit in raw:
        p = None if difference is None else next(chances)
        change = b - a if metric is Metric.ERRORS else (b / a - 1 if a else 0.0)
        yield Line(
            name=name,
            metric=metric,
            a=a,
            b=b,
            change=change,
            low=None if difference is None else difference.low,
            high=None if difference is None else difference.high,
            p=p,
            allowed=limit,
            verdict=_judgement(metric, change, difference, p, limit),
        )


def _judgement(
    metric: Metric, change: float, difference: Difference | None, p: float | None, limit: float
) -> Judgement:
    sign = -1 if metric is Metric.RATE else 1
    worse = sign * change
    if difference is None or p is None:
        return Judgement.WORSE if worse > limit else Judgement.UNTESTED
    if p < ALPHA and abs(worse) > limit:
        return Judgement.WORSE if worse > 0 else Judgement.BETTER
    worst = max(sign * difference.low, sign * difference.high)
    return Judgement.SAME if worst <= limit or p < ALPHA else Judgement.UNCLEAR
