"""Two runs compared: every figure of every endpoint, whether it is another one, and its verdict."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

from vumeter.report.compared.budgets import Budget, allowed
from vumeter.report.compared.subjects import Subject
from vumeter.report.schema import EndpointReport, Report
from vumeter.stats.numeric.differences import (
    FEWEST_WINDOWS,
    Difference,
    Metric,
    adjusted,
    differences,
    figures,
)

ALPHA = 0.05
"""In not more than so many comparisons of runs that are alike anything at all is called real."""

SCHEMA_VERSION = 1


class Verdict(StrEnum):
    """What is to be thought of a difference."""

    WORSE = "worse"
    """Real, and more than the budget allows; or, where nothing can be tested, only the latter."""
    BETTER = "better"
    """Real, and by more than the budget would allow the other way."""
    SAME = "same"
    """Within the budget, for all that is known: so is all of its interval on the bad side."""
    UNCLEAR = "unclear"
    """It may be worse than the budget, and may be chance: a longer run would tell."""
    UNTESTED = "untested"
    """Within the budget, and nothing to test it by."""


class Line(Struct, frozen=True, kw_only=True):
    """One metric of one endpoint."""

    name: str
    """Empty: all requests."""
    metric: Metric
    a: float
    b: float
    """Of percentiles in ms, of the rate per second, of errors as a share."""
    change: float
    """b / a − 1; of errors b − a."""
    low: float | None
    high: float | None
    """Between these lies the true change, in nineteen cases of twenty; `null`: not tested."""
    p: float | None
    """Adjusted for how many lines there are (Holm)."""
    allowed: float
    verdict: Verdict


class Comparison(Struct, frozen=True, kw_only=True):
    """All of it, as `--format json` has it; docs/comparison.md describes the fields."""

    schema_version: int = SCHEMA_VERSION
    a: str
    b: str
    lines: tuple[Line, ...]
    is_paired: bool
    """Whether both were under the same load at the same moments, and so compared by moments."""
    window_s: int
    windows: tuple[int, int]
    remarks: tuple[str, ...]

    @property
    def regressions(self) -> tuple[Line, ...]:
        """What has got worse."""
        return tuple(line for line in self.lines if line.verdict is Verdict.WORSE)


def compare(
    a: Subject, b: Subject, *, budgets: Sequence[Budget] = (), skip_s: float = 0.0
) -> Comparison:
    """Return how *b* stands beside *a*, endpoints by name, all requests first."""
    is_paired = _has_same_load(a, b)
    lines = list(_lines(a, b, budgets, is_paired=is_paired, skip_s=skip_s))
    return Comparison(
        a=a.title,
        b=b.title,
        lines=tuple(_judged(lines)),
        is_paired=is_paired,
        window_s=max(a.span_s, b.span_s),
        windows=(_number(a), _number(b)),
        remarks=tuple(_remarks(a, b, is_paired=is_paired)),
    )


_Raw = tuple[str, Metric, float, float, Difference | None, float]


def _lines(
    a: Subject, b: Subject, budgets: Sequence[Budget], *, is_paired: bool, skip_s: float
) -> Iterator[_Raw]:
    of_a, of_b = _endpoints(a.report), _endpoints(b.report)
    for name in of_a:
        if name not in of_b:
            continue
        found: dict[Metric, Difference] = {}
        figures_a, figures_b = _figures(of_a[name]), _figures(of_b[name])
        if a.windows is not None and b.windows is not None:
            windows = a.windows.get(name), b.windows.get(name)
            if windows[0] is not None and windows[1] is not None:
                found = differences(windows[0], windows[1], is_paired=is_paired)
                if skip_s:
                    figures_a, figures_b = figures(windows[0]), figures(windows[1])
        for metric in Metric:
            if metric in figures_a and metric in figures_b:
                limit = allowed(budgets, metric, name)
                values = figures_a[metric], figures_b[metric]
                yield name, metric, *values, found.get(metric), limit


def _judged(lines: Sequence[_Raw]) -> Iterator[Line]:
    tested = [difference for *_, difference, _ in lines if difference is not None]
    chances = iter(adjusted([each.p for each in tested]))
    for name, metric, a, b, difference, limit in lines:
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
            verdict=_verdict(metric, change, difference, p, limit),
        )


def _verdict(
    metric: Metric, change: float, difference: Difference | None, p: float | None, limit: float
) -> Verdict:
    sign = -1 if metric is Metric.RATE else 1
    worse = sign * change
    if difference is None or p is None:
        return Verdict.WORSE if worse > limit else Verdict.UNTESTED
    if p < ALPHA and abs(worse) > limit:
        return Verdict.WORSE if worse > 0 else Verdict.BETTER
    worst = max(sign * difference.low, sign * difference.high)
    return Verdict.SAME if worst <= limit or p < ALPHA else Verdict.UNCLEAR


def _endpoints(it: Report) -> dict[str, Report | EndpointReport]:
    return {"": it, **{endpoint.name: endpoint for endpoint in it.endpoints}}


def _figures(it: Report | EndpointReport) -> dict[Metric, float]:
    """Return the figures that the run's own report has."""
    found: dict[Metric, float] = {}
    if it.latency_ms is not None:
        found[Metric.P50] = it.latency_ms.p50
        found[Metric.P95] = it.latency_ms.p95
        found[Metric.P99] = it.latency_ms.p99
    if it.rps is not None:
        found[Metric.RATE] = it.rps
    if it.totals.error_ratio is not None:
        found[Metric.ERRORS] = it.totals.error_ratio
    return found


def _has_same_load(a: Subject, b: Subject) -> bool:
    """Whether the plans put on the same load at the same moments, and nobody changed it."""
    return a.loads == b.loads and not any(_was_steered(each.report) for each in (a, b))


def _was_steered(it: Report) -> bool:
    harmless = ("mark", "acknowledge", "take")
    return any(entry.accepted and entry.kind.value not in harmless for entry in it.journal)


def _number(it: Subject) -> int:
    return 0 if it.windows is None else len(it.windows[""].requests)


def _remarks(a: Subject, b: Subject, *, is_paired: bool) -> Iterator[str]:
    for subject in (a, b):
        if subject.report.generator.verdict == "generator-limited":
            yield f"{subject.title}: vumeter itself was the limit; that may be all that differs."
        if subject.windows is None:
            yield f"{subject.title} is a report: whether a difference is chance cannot be told."
        elif _number(subject) < FEWEST_WINDOWS:
            yield (
                f"{subject.title} is too short to be tested: it has {_number(subject)} of the "
                f"{FEWEST_WINDOWS} windows that it takes."
            )
    if not is_paired and a.windows is not None and b.windows is not None:
        yield "The two were not under the same load, by their plans or by hand."
    if a.report.run.target != b.report.run.target:
        yield f"Two targets: {a.report.run.target} and {b.report.run.target}."
    only_a = _endpoints(a.report).keys() - _endpoints(b.report).keys()
    only_b = _endpoints(b.report).keys() - _endpoints(a.report).keys()
    for title, names in ((a.title, only_a), (b.title, only_b)):
        if names:
            yield f"Only in {title}: {', '.join(sorted(names))}."
