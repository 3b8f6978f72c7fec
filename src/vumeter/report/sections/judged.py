"""The summary on what was judged: thresholds, checks, alerts, and the metrics of scripts."""

from vumeter.model.metric import Kind, Unit
from vumeter.model.summary import MetricTotal, Summary
from vumeter.model.verdict import AlertState, Standing, Verdict
from vumeter.report.numbers import (
    clock_text,
    compact,
    count_text,
    duration_text,
    rate_text,
    ratio_text,
)
from vumeter.report.sections.lines import TEXT_WIDTH, Ink, bullet, heading, row
from vumeter.stats.plaintext import fitted
from vumeter.thresholds.amounts import amount_text
from vumeter.thresholds.words import aggregate_text, observed_text
from vumeter.units import duration_text as span_text


def thresholds(summary: Summary, ink: Ink) -> list[str]:
    """Each rule under its metric, and what was observed: as k6 has it."""
    if not summary.verdicts:
        return []
    lines = [heading("THRESHOLDS", ink)]
    by_metric: dict[str, list[Verdict]] = {}
    for verdict in summary.verdicts:
        by_metric.setdefault(verdict.threshold.metric, []).append(verdict)
    for metric, verdicts in by_metric.items():
        lines.append(f"    {fitted(metric, TEXT_WIDTH - 2).rstrip()}")
        lines += [_threshold(verdict, ink) for verdict in verdicts]
    return lines


def _threshold(verdict: Verdict, ink: Ink) -> str:
    threshold = verdict.threshold
    aggregate = aggregate_text(threshold)
    observed = observed_text(verdict)
    if aggregate and verdict.observed is not None:
        observed = f"{aggregate}={observed}"
    text = fitted(f"'{threshold.expression}' {observed}{_history(verdict)}", TEXT_WIDTH - 4)
    sign, colour = {
        Standing.PASSED: ("✓", ink.good),
        Standing.FAILED: ("✗", ink.bad),
        Standing.NO_DATA: ("?", ink.bad),
        Standing.PENDING: ("?", ink.warning),
    }[verdict.standing]
    return f"    {colour(sign)} {text.rstrip()}"


def _history(verdict: Verdict) -> str:
    """What the last look alone does not tell: that it failed before, when, and how often."""
    second = verdict.first_failed_second
    if second is None:
        return ""
    often = f", {verdict.crossings} times" if verdict.crossings > 1 else ""
    if verdict.standing is not Standing.FAILED:
        return f" (had failed at {clock_text(second + 1)}{often})"
    since = "" if verdict.is_failing else ", and holds now"
    return f" (failed at {clock_text(second + 1)}{often}{since})"


def checks(summary: Summary, ink: Ink) -> list[str]:
    """All checks together, and each by its name; k6's rows."""
    if not summary.checks:
        return []
    passed = sum(counts[0] for counts in summary.checks.values())
    failed = sum(counts[1] for counts in summary.checks.values())
    total, per_s = passed + failed, 0.0
    if summary.duration_s > 0:
        per_s = total / summary.duration_s
    of_all = f"out of {count_text(total)}"
    failures = row("checks_failed", [ratio_text(failed / total)], f"{count_text(failed)} {of_all}")
    return [
        heading("CHECKS", ink),
        row("checks_total", [count_text(total)], rate_text(per_s)),
        row("checks_succeeded", [ratio_text(passed / total)], f"{count_text(passed)} {of_all}"),
        ink.bad(failures) if failed else failures,
        *(line for name in sorted(summary.checks) for line in _check(summary, name, ink)),
    ]


def _check(summary: Summary, name: str, ink: Ink) -> list[str]:
    passed, failed = summary.checks[name]
    shown = fitted(name, TEXT_WIDTH - 4).rstrip()
    if not failed:
        return [f"    {ink.good('✓')} {shown}"]
    share = ratio_text(passed / (passed + failed))
    counts = f"{share} passed: ✓ {count_text(passed)} / ✗ {count_text(failed)}"
    return [f"    {ink.bad('✗')} {shown}", f"      ↳ {counts}"]


def alerts(summary: Summary, ink: Ink) -> list[str]:
    """What fired: how often, how long, since when, and how bad it was."""
    if not summary.alerts:
        return []
    quiet = [alert.name for alert in summary.alerts if not alert.firings]
    lines = [heading("ALERTS", ink)]
    for alert in summary.alerts:
        if alert.firings:
            lines += bullet("!", _alert(alert), ink)
    return lines + (bullet("✓", f"quiet: {', '.join(quiet)}", ink) if quiet else [])


def _alert(alert: AlertState) -> str:
    first = clock_text(alert.first_fired_s or 0.0)
    worst = "" if alert.worst is None else f", worst {amount_text(alert.worst, alert.unit)}"
    end = ", to the end" if alert.is_firing else ""
    return (
        f"{alert.name} ({alert.level.value}) fired {alert.firings} ×,"
        f" {span_text(round(alert.firing_s, 1))} in all, first at {first}{worst}{end}:"
        f" {alert.metric}: {alert.expression}"
    )


def custom(summary: Summary, ink: Ink) -> list[str]:
    """What scripts measured of their own; under k6's name for it."""
    metrics = summary.metrics
    if not metrics:
        return []
    has_trend = any(metric.kind is Kind.TREND for metric in metrics)
    names = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)")
    lines = [heading("CUSTOM", ink, names if has_trend else ())]
    return lines + [_metric(metric, names) for metric in metrics]


def _metric(metric: MetricTotal, names: tuple[str, ...]) -> str:
    values = metric.values

    def shown(name: str) -> str:
        return _amount(values[name], metric.unit)

    if not values:
        return row(metric.name, ["-"], "nothing was added")
    match metric.kind:
        case Kind.TREND:
            return row(metric.name, [shown(name) for name in names])
        case Kind.COUNTER:
            return row(metric.name, [shown("count")], f"{shown('rate')}/s")
        case Kind.RATE:
            passes, fails = round(values["passes"]), round(values["fails"])
            counts = f"✓ {count_text(passes)} / ✗ {count_text(fails)}"
            return row(metric.name, [ratio_text(values["rate"])], counts)
        case Kind.GAUGE:
            return row(metric.name, [shown("value")], f"min={shown('min')} max={shown('max')}")


def _amount(value: float, unit: Unit) -> str:
    if unit is Unit.MS:
        return duration_text(round(value * 1000))
    if unit is Unit.COUNT and value == int(value):
        # A row has room for nine characters, and counts may go up to 1e12.
        return count_text(int(value)) if abs(value) < 1e6 else compact(value)
    return amount_text(value, unit)
