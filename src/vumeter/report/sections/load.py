"""The summary on the load: times and failures, endpoints, iterations, bytes."""

from vumeter.model.frame import Figures, Latency
from vumeter.model.measure import ErrorKind, Slow
from vumeter.model.summary import Summary
from vumeter.report.numbers import (
    bytes_text,
    clock_text,
    compact,
    count_text,
    duration_text,
    rate_text,
    ratio_text,
)
from vumeter.report.sections.lines import (
    CELL_WIDTH,
    LABEL_WIDTH,
    TEXT_WIDTH,
    Ink,
    heading,
    row,
    text_row,
    trend,
)
from vumeter.stats.plaintext import fitted

_NOTEWORTHY_RATIO = 0.01
"""Of the mean service time: a phase that takes less on average has no row."""

_MOST_SLOWEST = 5


def http(summary: Summary, ink: Ink) -> list[str]:
    """Times, failures, statuses and the rate of requests."""
    total = summary.total
    names = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)", "p(99.9)")
    lines = [heading("HTTP", ink, names)]
    if summary.service is None:
        lines.append(row("http_req_duration", trend(total.latency)))
    else:
        lines.append(row("http_req_duration (due)", trend(total.latency)))
        lines.append(row("http_req_service (sent)", trend(summary.service.latency)))
    if summary.stalls is not None:
        lines.append(row("http_req_corrected", trend(summary.stalls.corrected)))
    lines += [
        row(metric, trend(latency))
        for metric, latency in summary.timings.items()
        if _is_worth_a_row(latency, summary)
    ]
    failed = f"{count_text(total.errors)} out of {count_text(total.requests)}"
    line = row("http_req_failed", [_failed_ratio(total)], failed)
    lines.append(ink.bad(line) if total.errors else line)
    lines += _kinds(total)
    if summary.outage_s:
        lines.append(_outage(summary))
    lines.append(row("http_reqs", [count_text(total.requests)], rate_text(total.requests_per_s)))
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
    return row("outage", [share], of_time)


def _kinds(total: Figures) -> list[str]:
    rows = [
        (kind.value, number)
        for kind, number in total.errors_by_kind.items()
        if kind is not ErrorKind.STATUS
    ]
    rows += [(f"status {code}", number) for code, number in total.statuses.items() if code >= 400]
    rows.sort(key=lambda row: (-row[1], row[0]))
    return [row(f"  {name}", [count_text(number)]) for name, number in rows]


def endpoints(summary: Summary, ink: Ink) -> list[str]:
    """A row for each name, the busiest first; nothing where there is only one."""
    if len(summary.endpoints) < 2:
        return []
    names = ("requests", "rps", "failed", "med", "p(95)", "p(99)", "max")
    rows = sorted(summary.endpoints.items(), key=lambda item: (-item[1].requests, item[0]))
    return [
        heading("ENDPOINTS", ink, names),
        *(row(name, _endpoint_cells(figures)) for name, figures in rows),
    ]


def slowest(summary: Summary, ink: Ink) -> list[str]:
    """The slowest request of each of the slowest names, the slowest first."""
    rows = sorted(summary.slowest.items(), key=lambda item: -item[1].service_us)[:_MOST_SLOWEST]
    if not rows:
        return []
    return [
        heading("SLOWEST REQUESTS", ink),
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
        row(name, [duration_text(slow.service_us)], outcome),
        *(
            text_row("", fitted(text, TEXT_WIDTH - LABEL_WIDTH).rstrip())
            for text in details
            if text
        ),
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
    lines = [heading("EXECUTION", ink, names if took is not None else ())]
    dropped = row("dropped_iterations", [count_text(counts.dropped)])
    if summary.service is not None:
        dropped = row(
            "dropped_iterations",
            [count_text(counts.dropped)],
            f"out of {count_text(counts.due)} due",
        )
    lines.append(ink.bad(dropped) if counts.dropped else dropped)
    if counts.interrupted:
        lines.append(row("interrupted_iterations", [count_text(counts.interrupted)]))
    if counts.script_errors:
        lines.append(ink.bad(row("script_errors", [count_text(counts.script_errors)])))
    if took is not None:
        lines.append(row("iteration_duration", trend(took)))
    lines.append(row("iterations", [count_text(counts.done)], rate_text(per_s)))
    lines.append(row("vus_max", [count_text(summary.vus_max)]))
    return lines


def network(summary: Summary, ink: Ink) -> list[str]:
    """Bytes, as HTTP carried them."""
    return [
        heading("NETWORK", ink),
        _traffic("data_received", summary.total.received_bytes, summary.duration_s),
        _traffic("data_sent", summary.total.sent_bytes, summary.duration_s),
    ]


def _traffic(label: str, number: int, duration_s: float) -> str:
    per_s = number / duration_s if duration_s > 0 else 0.0
    return row(label, [bytes_text(number)], f"{bytes_text(per_s)}/s")
