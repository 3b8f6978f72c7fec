"""The summary on what was around the load: phases, generator, journal, host, database."""

from vumeter.model.frame import PhaseStanding, PhaseState, StopCause
from vumeter.model.summary import Summary
from vumeter.model.throttle import JournalEntry
from vumeter.report.numbers import (
    bytes_text,
    clock_text,
    count_text,
    duration_text,
    ratio_text,
)
from vumeter.report.sections.lines import TEXT_WIDTH, Ink, bullet, heading, row, text_row
from vumeter.stats import verdict as generator_verdict
from vumeter.stats.plaintext import fitted, plain
from vumeter.units import duration_text as span_text

JOURNAL_LINES = 30

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
_STANDINGS = {
    PhaseStanding.RUNNING: "at work",
    PhaseStanding.DONE: "done",
    PhaseStanding.FAILED: "failed",
    PhaseStanding.TIMED_OUT: "timed out",
    PhaseStanding.CUT_OFF: "cut off",
    PhaseStanding.SKIPPED: "skipped",
}


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
        return [f"{heading(title, ink)}  {ink.warning(f'! skipped: {plain(state.problem)}')}"]
    is_done = state.standing is PhaseStanding.DONE
    sign = ink.good(f"✓ {word}") if is_done else ink.bad(f"✗ {word}")
    lines = [f"{heading(title, ink)}  {sign}"]
    if state.problem:
        lines += bullet("!", state.problem, ink)
    failed = f"{count_text(total.errors)} failed" if total.errors else ""
    lines.append(row("http_reqs", [count_text(total.requests)], failed))
    if state.checks:
        failures = sum(counts[1] for counts in state.checks.values())
        of_all = count_text(sum(map(sum, state.checks.values())))
        lines.append(row("checks_total", [of_all], f"{count_text(failures)} failed"))
    return lines


def generator(summary: Summary, ink: Ink) -> list[str]:
    """Whether the numbers are the target's or ours, and why."""
    it = summary.generator
    lines = [f"{heading('GENERATOR', ink)}  {_verdict(summary, ink)}"]
    if it.rss_bytes_max:
        lines += [
            text_row(
                "cpu, busiest worker",
                f"{it.cpu_percent_mean:.0f} % mean, {it.cpu_percent_max:.0f} % max",
            ),
            text_row(
                "loop lag",
                f"{duration_text(it.tick_lag_p99_us)} p99 of the worst second, "
                f"{duration_text(it.tick_lag_max_us)} max",
            ),
            text_row("memory", f"{bytes_text(it.rss_bytes_max)} max"),
        ]
    if summary.service is not None:
        lines.append(
            text_row("late starts", f"{ratio_text(it.late_start_ratio)} more than 1 ms late")
        )
    for reason in it.reasons:
        lines += bullet("!", reason, ink)
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


def journal(summary: Summary, ink: Ink) -> list[str]:
    """Every hand on the throttle; the newest where there were many."""
    entries = summary.journal
    if not entries:
        return []
    lines = [heading("JOURNAL", ink)]
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
        heading("HOST", ink),
        text_row("cpu", f"{it.cpu_percent_mean:.0f} % mean, {it.cpu_percent_max:.0f} % max"),
        text_row("load, 1 min", f"{it.load_1m_max:.2f} max"),
        text_row(
            "memory",
            f"{bytes_text(it.memory_used_bytes_max)} max of {bytes_text(it.memory_total_bytes)}",
        ),
        text_row("swap", f"{bytes_text(it.swap_used_bytes_max)} max"),
        text_row(
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
    lines = [heading(f"POSTGRESQL {plain(it.server_version)}".rstrip(), ink)]
    lines += [
        text_row(label, form.format(value)) for label, value, form in rows if value is not None
    ]
    complaints = [plain(it.remark)] if it.remark else []
    if it.seconds_up < it.seconds_watched:
        complaints.insert(0, f"up in {it.seconds_up} of {it.seconds_watched} seconds watched")
    return lines + (bullet("!", ": ".join(complaints), ink) if complaints else [])


def remarks(summary: Summary, ink: Ink) -> list[str]:
    """What must be known before any of the numbers is believed."""
    if not summary.remarks:
        return []
    lines = [heading("REMARKS", ink)]
    for remark in summary.remarks:
        lines += bullet("!", remark, ink)
    return lines
