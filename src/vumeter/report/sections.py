"""The summary's sections, each a function from a summary to its lines; none if it has none."""

from collections.abc import Callable
from textwrap import wrap

from vumeter.model.frame import Figures, Latency, PhaseStanding, PhaseState, StopCause
from vumeter.model.measure import ErrorKind, Slow
from vumeter.model.metric import Kind, Unit
from vumeter.model.summary import MetricTotal, Summary
from vumeter.model.throttle import JournalEntry
from vumeter.model.verdict import AlertState, Standing, Verdict
from vumeter.report.numbers import (
    bytes_text,
    clock_text,
    compact,
    count_text,
    duration_text,
    rate_text,
    ratio_text,
)
from vumeter.stats import verdict as generator_verdict
from vumeter.stats.plaintext import fitted, plain
from vumeter.thresholds.amounts import amount_text
from vumeter.thresholds.words import aggregate_text, observed_text
from vumeter.units import duration_text as span_text

LABEL_WIDTH = 28
CELL_WIDTH = 9
TEXT_WIDTH = 96
JOURNAL_LINES = 30
_NOTEWORTHY_RATIO = 0.01
"""Of the mean service time: a phase that takes less on average has no row."""

_STOPS = {
    StopCause.SCHEDULE: "ran to its end",
    StopCause.STOPPED: "stopped by the operator",
    StopCause.ABORTED: "aborted by the operator",
    StopCause.SIGNAL: "ended by a signal",
    StopCause.DEAD_MAN: "stopped itself, nobody was watching",
    StopCause.VIEWER_LOST: "stopped itself, the last viewer was lost",
    StopCause.WORKERS_LOST: "ended because every worker was lost",
    StopCause.THRESHOLD: "ended by a threshold that failed",
    StopCause.SETUP: "no load, because setup failed",
    StopCause.KILLED: "the run process was killed",
    None: "goes on",
}


class Ink:
    """Emphasis for a terminal that has it; plain text for all others."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def heading(self, text: str) -> str:
        """Return *text* in bold."""
        return self._in("1", text)

    def good(self, text: str) -> str:
        """Return *text* in green."""
        return self._in("32", text)

    def bad(self, text: str) -> str:
        """Return *text* in bold red."""
        return self._in("1;31", text)

    def warning(self, text: str) -> str:
        """Return *text* in yellow."""
        return self._in("33", text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def title(summary: Summary, ink: Ink) -> list[str]:
    """What ran, against what, how long, and how it ended."""
    text = " · ".join(
        (
            plain(summary.plan.name),
            plain(summary.plan.target),
            span_text(round(summary.duration_s, 1)),
            _STOPS[summary.stop],
        )
    )
    return ["  " + ink.heading(fitted(text, TEXT_WIDTH).rstrip())]


def thresholds(summary: Summary, ink: Ink) -> list[str]:
    """Each rule under its metric, and what was observed: as k6 has it."""
    if not summary.verdicts:
        return []
    lines = [_heading("THRESHOLDS", ink)]
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
    failures = _row("checks_failed", [ratio_text(failed / total)], f"{count_text(failed)} {of_all}")
    return [
        _heading("CHECKS", ink),
        _row("checks_total", [count_text(total)], rate_text(per_s)),
        _row("checks_succeeded", [ratio_text(passed / total)], f"{count_text(passed)} {of_all}"),
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


def custom(summary: Summary, ink: Ink) -> list[str]:
    """What scripts measured of their own; under k6's name for it."""
    metrics = summary.metrics
    if not metrics:
        return []
    has_trend = any(metric.kind is Kind.TREND for metric in metrics)
    names = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)")
    lines = [_heading("CUSTOM", ink, names if has_trend else ())]
    return lines + [_metric(metric, names) for metric in metrics]


def _metric(metric: MetricTotal, names: tuple[str, ...]) -> str:
    values = metric.values

    def shown(name: str) -> str:
        return _amount(values[name], metric.unit)

    if not values:
        return _row(metric.name, ["-"], "nothing was added")
    match metric.kind:
        case Kind.TREND:
            return _row(metric.name, [shown(name) for name in names])
        case Kind.COUNTER:
            return _row(metric.name, [shown("count")], f"{shown('rate')}/s")
        case Kind.RATE:
            passes, fails = round(values["passes"]), round(values["fails"])
            counts = f"✓ {count_text(passes)} / ✗ {count_text(fails)}"
            return _row(metric.name, [ratio_text(values["rate"])], counts)
        case Kind.GAUGE:
            return _row(metric.name, [shown("value")], f"min={shown('min')} max={shown('max')}")


def _amount(value: float, unit: Unit) -> str:
    if unit is Unit.MS:
        return duration_text(round(value * 1000))
    if unit is Unit.COUNT and value == int(value):
        # A row has room for nine characters, and counts may go up to 1e12.
        return count_text(int(value)) if abs(value) < 1e6 else compact(value)
    return amount_text(value, unit)


def setup(summary: Summary, ink: Ink) -> list[str]:
    """What came of setup, and what it sent: in no figure of the load."""
    return _phase("SETUP", summary.setup, ink)


def teardown(summary: Summary, ink: Ink) -> list[str]:
    """What came of teardown, and what it sent: in no figure of the load."""
    return _phase("TEARDOWN", summary.teardown, ink)


def _phase(title: str, state: PhaseState | None, ink: Ink) -> list[str]:
    if state is None:
        return []
    total = state.total
    word = f"{_STANDINGS[state.standing]} after {span_text(round(state.elapsed_s, 1)) or '0s'}"
    if state.standing is PhaseStanding.SKIPPED:
        return [f"{_heading(title, ink)}  {ink.warning(f'! skipped: {plain(state.problem)}')}"]
    is_done = state.standing is PhaseStanding.DONE
    sign = ink.good(f"✓ {word}") if is_done else ink.bad(f"✗ {word}")
    lines = [f"{_heading(title, ink)}  {sign}"]
    if state.problem:
        lines += _bullet("!", state.problem, ink)
    failed = f"{count_text(total.errors)} failed" if total.errors else ""
    lines.append(_row("http_reqs", [count_text(total.requests)], failed))
    if state.checks:
        failures = sum(counts[1] for counts in state.checks.values())
        of_all = count_text(sum(map(sum, state.checks.values())))
        lines.append(_row("checks_total", [of_all], f"{count_text(failures)} failed"))
    return lines


_MOST_SLOWEST = 5

_STANDINGS = {
    PhaseStanding.RUNNING: "at work",
    PhaseStanding.DONE: "done",
    PhaseStanding.FAILED: "failed",
    PhaseStanding.TIMED_OUT: "timed out",
    PhaseStanding.CUT_OFF: "cut off",
    PhaseStanding.SKIPPED: "skipped",
}


def http(summary: Summary, ink: Ink) -> list[str]:
    """Times, failures, statuses and the rate of requests."""
    total = summary.total
    names = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)", "p(99.9)")
    lines = [_heading("HTTP", ink, names)]
    if summary.service is None:
        lines.append(_row("http_req_duration", _trend(total.latency)))
    else:
        lines.append(_row("http_req_duration (due)", _trend(total.latency)))
        lines.append(_row("http_req_service (sent)", _trend(summary.service.latency)))
    if summary.stalls is not None:
        lines.append(_row("http_req_corrected", _trend(summary.stalls.corrected)))
    lines += [
        _row(metric, _trend(latency))
        for metric, latency in summary.timings.items()
        if _is_worth_a_row(latency, summary)
    ]
    failed = f"{count_text(total.errors)} out of {count_text(total.requests)}"
    line = _row("http_req_failed", [_failed_ratio(total)], failed)
    lines.append(ink.bad(line) if total.errors else line)
    lines += _kinds(total)
    if summary.outage_s:
        lines.append(_outage(summary))
    lines.append(_row("http_reqs", [count_text(total.requests)], rate_text(total.requests_per_s)))
    return lines


def _is_worth_a_row(phase: Latency, summary: Summary) -> bool:
    """Whether *phase* is a part of the time, and neither nothing nor all of it."""
    whole = (summary.service or summary.total).latency
    return (
        whole is not None and phase.mean_us >= whole.mean_us * _NOTEWORTHY_RATIO and phase != whole
    )


def _outage(summary: Summary) -> str:
    share = ratio_text(summary.outage_s / max(summary.outage_s, summary.duration_s))
    of_time = f"of the time: {duration_text(round(summary.outage_s * 1e6))} without an answer"
    return _row("outage", [share], of_time)


def _kinds(total: Figures) -> list[str]:
    rows = [
        (kind.value, number)
        for kind, number in total.errors_by_kind.items()
        if kind is not ErrorKind.STATUS
    ]
    rows += [(f"status {code}", number) for code, number in total.statuses.items() if code >= 400]
    rows.sort(key=lambda row: (-row[1], row[0]))
    return [_row(f"  {name}", [count_text(number)]) for name, number in rows]


def endpoints(summary: Summary, ink: Ink) -> list[str]:
    """A row for each name, the busiest first; nothing where there is only one."""
    if len(summary.endpoints) < 2:
        return []
    names = ("requests", "rps", "failed", "med", "p(95)", "p(99)", "max")
    rows = sorted(summary.endpoints.items(), key=lambda item: (-item[1].requests, item[0]))
    return [
        _heading("ENDPOINTS", ink, names),
        *(_row(name, _endpoint_cells(figures)) for name, figures in rows),
    ]


def slowest(summary: Summary, ink: Ink) -> list[str]:
    """The slowest request of each of the slowest names, the slowest first."""
    rows = sorted(summary.slowest.items(), key=lambda item: -item[1].service_us)[:_MOST_SLOWEST]
    if not rows:
        return []
    return [
        _heading("SLOWEST REQUESTS", ink),
        *(line for name, slow in rows for line in _slow(name, slow)),
    ]


def _slow(name: str, slow: Slow) -> list[str]:
    outcome = slow.error.value if slow.error is not None else str(slow.status)
    phases = [
        f"{label} {duration_text(us)}"
        for label, us in (
            ("connection", slow.blocked_us),
            ("waiting", slow.waiting_us),
            ("receiving", slow.receiving_us),
        )
        if us and us != slow.service_us
    ]
    who = f"VU {slow.vu}, iteration {slow.iteration}, at {clock_text(slow.at_ms / 1000)}"
    ids = (("trace", slow.trace_id), ("request", slow.request_id))
    details = (who, ", ".join(phases), *(f"{label} {it}" for label, it in ids if it))
    return [
        _row(name, [duration_text(slow.service_us)], outcome),
        *(_text("", fitted(text, TEXT_WIDTH - LABEL_WIDTH).rstrip()) for text in details if text),
    ]


def _endpoint_cells(figures: Figures) -> list[str]:
    latency = figures.latency
    times = (
        ["-"] * 4
        if latency is None
        else [
            duration_text(us)
            for us in (latency.p50_us, latency.p95_us, latency.p99_us, latency.max_us)
        ]
    )
    requests = count_text(figures.requests)
    return [
        requests if len(requests) < CELL_WIDTH else compact(figures.requests),
        f"{figures.requests_per_s:.1f}",
        _failed_ratio(figures),
        *times,
    ]


def _failed_ratio(figures: Figures) -> str:
    return ratio_text(figures.error_ratio) if figures.requests else "-"


def execution(summary: Summary, ink: Ink) -> list[str]:
    """Iterations and VUs."""
    counts = summary.iterations
    per_s = counts.done / summary.duration_s if summary.duration_s > 0 else 0.0
    names = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)", "p(99.9)")
    took = summary.iteration_duration
    lines = [_heading("EXECUTION", ink, names if took is not None else ())]
    dropped = _row("dropped_iterations", [count_text(counts.dropped)])
    if summary.service is not None:
        dropped = _row(
            "dropped_iterations",
            [count_text(counts.dropped)],
            f"out of {count_text(counts.due)} due",
        )
    lines.append(ink.bad(dropped) if counts.dropped else dropped)
    if counts.interrupted:
        lines.append(_row("interrupted_iterations", [count_text(counts.interrupted)]))
    if counts.script_errors:
        lines.append(ink.bad(_row("script_errors", [count_text(counts.script_errors)])))
    if took is not None:
        lines.append(_row("iteration_duration", _trend(took)))
    lines.append(_row("iterations", [count_text(counts.done)], rate_text(per_s)))
    lines.append(_row("vus_max", [count_text(summary.vus_max)]))
    return lines


def network(summary: Summary, ink: Ink) -> list[str]:
    """Bytes, as HTTP carried them."""
    return [
        _heading("NETWORK", ink),
        _traffic("data_received", summary.total.received_bytes, summary.duration_s),
        _traffic("data_sent", summary.total.sent_bytes, summary.duration_s),
    ]


def _traffic(label: str, number: int, duration_s: float) -> str:
    per_s = number / duration_s if duration_s > 0 else 0.0
    return _row(label, [bytes_text(number)], f"{bytes_text(per_s)}/s")


def generator(summary: Summary, ink: Ink) -> list[str]:
    """Whether the numbers are the target's or ours, and why."""
    it = summary.generator
    lines = [f"{_heading('GENERATOR', ink)}  {_verdict(summary, ink)}"]
    if it.rss_bytes_max:
        lines += [
            _text(
                "cpu, busiest worker",
                f"{it.cpu_percent_mean:.0f} % mean, {it.cpu_percent_max:.0f} % max",
            ),
            _text(
                "loop lag",
                f"{duration_text(it.tick_lag_p99_us)} p99 of the worst second, "
                f"{duration_text(it.tick_lag_max_us)} max",
            ),
            _text("memory", f"{bytes_text(it.rss_bytes_max)} max"),
        ]
    if summary.service is not None:
        lines.append(_text("late starts", f"{ratio_text(it.late_start_ratio)} more than 1 ms late"))
    for reason in it.reasons:
        lines += _bullet("!", reason, ink)
    return lines


def _verdict(summary: Summary, ink: Ink) -> str:
    it = summary.generator
    word = generator_verdict.verdict(it)
    if word is None:
        return "not measured: the run was shorter than a second"
    marked = f" in {it.limited_seconds} of {it.seconds} s" if it.limited_seconds else ""
    if word is generator_verdict.Verdict.GENERATOR_LIMITED:
        return ink.bad(f"✗ {word}{marked}")
    if marked:
        return ink.warning(f"! {word}, but generator-limited{marked}")
    return ink.good(f"✓ {word}")


def alerts(summary: Summary, ink: Ink) -> list[str]:
    """What fired: how often, how long, since when, and how bad it was."""
    if not summary.alerts:
        return []
    quiet = [alert.name for alert in summary.alerts if not alert.firings]
    lines = [_heading("ALERTS", ink)]
    for alert in summary.alerts:
        if alert.firings:
            lines += _bullet("!", _alert(alert), ink)
    return lines + (_bullet("✓", f"quiet: {', '.join(quiet)}", ink) if quiet else [])


def _alert(alert: AlertState) -> str:
    first = clock_text(alert.first_fired_s or 0.0)
    worst = "" if alert.worst is None else f", worst {amount_text(alert.worst, alert.unit)}"
    end = ", to the end" if alert.is_firing else ""
    return (
        f"{alert.name} ({alert.level.value}) fired {alert.firings} ×,"
        f" {span_text(round(alert.firing_s, 1))} in all, first at {first}{worst}{end}:"
        f" {alert.metric}: {alert.expression}"
    )


def journal(summary: Summary, ink: Ink) -> list[str]:
    """Every hand on the throttle; the newest where there were many."""
    entries = summary.journal
    if not entries:
        return []
    lines = [_heading("JOURNAL", ink)]
    left_out = len(entries) - JOURNAL_LINES
    if left_out > 0:
        lines.append(f"    {left_out} earlier ones are in the JSON report")
    return lines + [_entry(entry, ink) for entry in entries[-JOURNAL_LINES:]]


def _entry(entry: JournalEntry, ink: Ink) -> str:
    # A mark's note is its effect.
    is_new = entry.command.note and entry.command.note != entry.effect
    note = f" ({entry.command.note})" if is_new else ""
    sign = " " if entry.accepted else "✗"
    text = (
        f"{clock_text(entry.second)} {fitted(entry.command.author, 12)} {sign} {entry.effect}{note}"
    )
    line = "    " + fitted(text, TEXT_WIDTH - 2).rstrip()
    return line if entry.accepted else ink.bad(line)


def host(summary: Summary, ink: Ink) -> list[str]:
    """The host's extremes."""
    it = summary.host
    if it is None:
        return []
    return [
        _heading("HOST", ink),
        _text("cpu", f"{it.cpu_percent_mean:.0f} % mean, {it.cpu_percent_max:.0f} % max"),
        _text("load, 1 min", f"{it.load_1m_max:.2f} max"),
        _text(
            "memory",
            f"{bytes_text(it.memory_used_bytes_max)} max of {bytes_text(it.memory_total_bytes)}",
        ),
        _text("swap", f"{bytes_text(it.swap_used_bytes_max)} max"),
        _text(
            "network",
            f"{bytes_text(it.network_received_bytes_per_s_max)}/s in, "
            f"{bytes_text(it.network_sent_bytes_per_s_max)}/s out, max",
        ),
    ]


def postgres(summary: Summary, ink: Ink) -> list[str]:
    """The database's extremes, as far as they were seen."""
    it = summary.postgres
    if it is None:
        return []
    of_max = "" if it.connections_max is None else f" of {it.connections_max}"
    longest_s = it.longest_transaction_s_max
    rows = (
        ("connections", it.connections_used_max, f"{{}}{of_max} max"),
        ("active sessions", it.active_sessions_max, "{:.1f} max"),
        ("blocked sessions", it.blocked_sessions_max, "{} max"),
        ("transactions", it.transactions_per_s_max, "{:,.0f}/s max"),
        ("cache hits", it.cache_hit_ratio_min, "{:.1%} min"),
        ("longest transaction", longest_s and duration_text(round(longest_s * 1e6)), "{}"),
        ("deadlocks", it.deadlocks, "{}"),
    )
    lines = [_heading(f"POSTGRESQL {plain(it.server_version)}".rstrip(), ink)]
    lines += [_text(label, form.format(value)) for label, value, form in rows if value is not None]
    complaints = [plain(it.remark)] if it.remark else []
    if it.seconds_up < it.seconds_watched:
        complaints.insert(0, f"up in {it.seconds_up} of {it.seconds_watched} seconds watched")
    return lines + (_bullet("!", ": ".join(complaints), ink) if complaints else [])


def remarks(summary: Summary, ink: Ink) -> list[str]:
    """What must be known before any of the numbers is believed."""
    if not summary.remarks:
        return []
    lines = [_heading("REMARKS", ink)]
    for remark in summary.remarks:
        lines += _bullet("!", remark, ink)
    return lines


SECTIONS: tuple[Callable[[Summary, Ink], list[str]], ...] = (
    title,
    thresholds,
    checks,
    custom,
    http,
    endpoints,
    slowest,
    execution,
    network,
    setup,
    teardown,
    generator,
    alerts,
    journal,
    host,
    postgres,
    remarks,
)
SECTIONS_WITHOUT_LOAD = (title, setup, teardown, journal, remarks)
"""Of a run in which there was none: tables of zeros would say that there was."""


def _heading(text: str, ink: Ink, columns: tuple[str, ...] = ()) -> str:
    cells = "".join(f"{column:>{CELL_WIDTH}}" for column in columns)
    width = LABEL_WIDTH - 2 if columns else 0
    return "  " + ink.heading(fitted(text, width) if columns else text) + cells


def _row(label: str, cells: list[str], remark: str = "") -> str:
    aligned = "".join(f"{cell:>{CELL_WIDTH}}" for cell in cells)
    return f"    {fitted(label, LABEL_WIDTH - 4)}{aligned}  {remark}".rstrip()


def _text(label: str, text: str) -> str:
    return f"    {fitted(label, LABEL_WIDTH - 4)} {text}"


def _trend(latency: Latency | None) -> list[str]:
    if latency is None:
        return ["-"] * 8
    values_us = (
        latency.mean_us,
        latency.min_us,
        latency.p50_us,
        latency.max_us,
        latency.p90_us,
        latency.p95_us,
        latency.p99_us,
        latency.p99_9_us,
    )
    return [duration_text(us) for us in values_us]


def _bullet(sign: str, text: str, ink: Ink) -> list[str]:
    first, *rest = wrap(plain(text), TEXT_WIDTH - 4) or [""]
    return [f"    {ink.warning(sign)} {first}", *(f"      {line}" for line in rest)]
