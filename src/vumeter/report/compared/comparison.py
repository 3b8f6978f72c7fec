"""Two stored runs compared: every figure of every endpoint, whether it is another one."""

from collections.abc import Iterator, Sequence

from vumeter.model.comparison import Comparison, Metric
from vumeter.model.throttle import HARMLESS
from vumeter.report.compared.subjects import Subject
from vumeter.report.schema import EndpointReport, Report
from vumeter.stats.numeric.differences import FEWEST_WINDOWS, figures
from vumeter.thresholds.budgets import Budget
from vumeter.thresholds.comparing import Side, lines


def compare(
    a: Subject, b: Subject, *, budgets: Sequence[Budget] = (), skip_s: float = 0.0
) -> Comparison:
    """Return how *b* stands beside *a*, endpoints by name, all requests first."""
    is_paired = _has_same_load(a, b)
    return Comparison(
        a=a.title,
        b=b.title,
        lines=lines(
            _side(a, skip_s=skip_s), _side(b, skip_s=skip_s), budgets=budgets, is_paired=is_paired
        ),
        is_paired=is_paired,
        window_s=max(a.span_s, b.span_s),
        windows=(_number(a), _number(b)),
        remarks=tuple(_remarks(a, b, is_paired=is_paired)),
        only_a=_only_in(a, b),
        only_b=_only_in(b, a),
    )


def _side(it: Subject, *, skip_s: float) -> Side:
    """Return the figures that the run's own report has, but those of what is left of it."""
    windows = it.windows or {}
    return Side(
        figures={
            name: figures(windows[name]) if skip_s and name in windows else _figures(each)
            for name, each in _endpoints(it.report).items()
        },
        windows=windows,
    )


def _endpoints(it: Report) -> dict[str, Report | EndpointReport]:
    return {"": it, **{endpoint.name: endpoint for endpoint in it.endpoints}}


def _figures(it: Report | EndpointReport) -> dict[Metric, float]:
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
    return any(entry.accepted and entry.kind not in HARMLESS for entry in it.journal)


def _number(it: Subject) -> int:
    return 0 if it.windows is None else len(it.windows[""].requests)


def _remarks(a: Subject, b: Subject, *, is_paired: bool) -> Iterator[str]:
    if _core(a) == _core(b):
        yield "They are the same run."
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
    for one, other in ((a, b), (b, a)):
        if names := _only_in(one, other):
            yield f"Only in {one.title}: {', '.join(names)}."


def _core(it: Subject) -> tuple[object, ...]:
    """Return what no two runs have in common."""
    return it.report.run, it.report.totals, it.report.latency_ms


def _only_in(one: Subject, other: Subject) -> tuple[str, ...]:
    return tuple(sorted(_endpoints(one.report).keys() - _endpoints(other.report).keys()))
