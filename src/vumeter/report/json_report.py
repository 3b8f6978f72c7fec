"""A summary as `report.json`, for programs and for the archive."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from vumeter import __version__
from vumeter.model.flow import Pick, Request
from vumeter.model.frame import Figures, PhaseState
from vumeter.model.measure import Slow
from vumeter.model.plan import Scenario
from vumeter.model.prices import Prices
from vumeter.model.summary import (
    GeneratorSummary,
    HostSummary,
    MetricTotal,
    PostgresSummary,
    Stalls,
    Summary,
)
from vumeter.model.throttle import JournalEntry, Lever
from vumeter.model.verdict import AlertState, Verdict
from vumeter.report.schema import (
    SCHEMA_VERSION,
    AlertReport,
    CheckReport,
    CpuPercent,
    EndpointReport,
    GeneratorReport,
    HostReport,
    JournalReport,
    LagMs,
    MetricReport,
    PhaseReport,
    PostgresReport,
    PriceReport,
    Report,
    RequestReport,
    RequestTotals,
    RunReport,
    RunTotals,
    ScenarioReport,
    SlowReport,
    StallsReport,
    ThresholdReport,
)
from vumeter.stats.costs import break_even_ratio, per_million
from vumeter.stats.milliseconds import LatencyMs, latency_ms, latency_ms_if_any
from vumeter.stats.plaintext import plain
from vumeter.stats.verdict import verdict


def report_bytes(summary: Summary) -> bytes:
    """Return *summary* as indented JSON in UTF-8, ending in a line break."""
    return msgspec.json.format(msgspec.json.encode(report(summary)), indent=2) + b"\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON schema (2020-12) that every report obeys."""
    return msgspec.json.schema(Report)


def report(summary: Summary) -> Report:
    """Return *summary* in the report's shape: ms for µs, `null` for what was not measured."""
    return Report(
        schema_version=SCHEMA_VERSION,
        vumeter_version=__version__,
        run=_run(summary),
        thresholds=tuple(map(_threshold, summary.verdicts)),
        alerts=tuple(map(_alert, summary.alerts)),
        checks=_checks(summary.checks),
        metrics=tuple(map(_metric, summary.metrics)),
        totals=_run_totals(summary),
        duration_s=_rounded(summary.duration_s),
        outage_s=_rounded(summary.outage_s),
        rps=_rps(summary.total, summary.duration_s),
        latency_ms=latency_ms_if_any(summary.total.latency),
        service_ms=latency_ms_if_any(None if summary.service is None else summary.service.latency),
        corrected_ms=_corrected_ms(summary),
        stalls=None if summary.stalls is None else _stalls(summary.stalls),
        timings_ms={name: latency_ms(timing) for name, timing in summary.timings.items()},
        iteration_ms=latency_ms_if_any(summary.iteration_duration),
        errors=_errors(summary.total),
        statuses=_statuses(summary.total),
        endpoints=tuple(
            _endpoint(
                name,
                summary.endpoints[name],
                summary.duration_s,
                slow=summary.slowest.get(name),
            )
            for name in sorted(summary.endpoints)
        ),
        setup=_phase(summary.setup),
        teardown=_phase(summary.teardown),
        generator=_generator(summary.generator, is_open=summary.service is not None),
        host=None if summary.host is None else _host(summary.host),
        postgres=None if summary.postgres is None else _postgres(summary.postgres),
        capacity=summary.findings,
        comparison=summary.comparison,
        journal=tuple(map(_journal_entry, summary.journal)),
        remarks=tuple(map(plain, summary.remarks)),
        prices=tuple(_prices(summary)),
    )


def _run(summary: Summary) -> RunReport:
    started = datetime.fromtimestamp(summary.started_unix_ms / 1000, tz=UTC)
    return RunReport(
        name=plain(summary.plan.name),
        target=plain(summary.plan.target),
        model="closed" if summary.service is None else "open",
        started=started.isoformat(timespec="milliseconds"),
        started_unix_ms=summary.started_unix_ms,
        stop=summary.stop,
        workers=summary.plan.workers,
        vus_max=summary.vus_max,
        scenarios=tuple(map(_scenario, summary.plan.scenarios)),
    )


def _scenario(scenario: Scenario) -> ScenarioReport:
    load = scenario.load
    weights = _weights(scenario)
    return ScenarioReport(
        name=plain(scenario.name),
        executor=load.executor,
        vus=load.vus,
        rate_per_s=load.rate_per_s,
        iterations=load.iterations,
        duration_s=load.duration_s,
        requests=tuple(
            RequestReport(
                name=plain(request.name),
                method=plain(request.method),
                url=plain(request.url),
                weight=weight,
            )
            for request, weight in zip(scenario.requests, weights, strict=True)
        ),
    )


def _weights(scenario: Scenario) -> list[float | None]:
    """How often each request is drawn, where an iteration is one draw of one request."""
    match scenario:
        case Scenario(steps=[Pick(choices=choices)], on_start=(), on_stop=()) if all(
            len(choice.steps) == 1 and isinstance(choice.steps[0], Request) for choice in choices
        ):
            return [choice.weight for choice in choices]
        case Scenario(steps=[Request()], on_start=(), on_stop=()):
            return [1.0]
        case _:
            return [None for _ in scenario.requests]


def _threshold(it: Verdict) -> ThresholdReport:
    second = it.first_failed_second
    return ThresholdReport(
        metric=plain(it.threshold.metric),
        expression=plain(it.threshold.expression),
        abort_on_fail=it.threshold.abort_on_fail,
        verdict=it.standing,
        observed=None if it.observed is None else _rounded(it.observed, 6),
        limit=it.limit,
        unit=it.unit,
        # What a second held is known when it has ended.
        first_failed_s=None if second is None else second + 1,
        crossings=it.crossings,
    )


def _metric(it: MetricTotal) -> MetricReport:
    return MetricReport(
        name=plain(it.name),
        kind=it.kind,
        unit=it.unit,
        values={aggregate: _rounded(value, 6) for aggregate, value in it.values.items()},
    )


def _alert(it: AlertState) -> AlertReport:
    return AlertReport(
        name=plain(it.name),
        level=it.level,
        metric=plain(it.metric),
        expression=plain(it.expression),
        firings=it.firings,
        firing_s=_rounded(it.firing_s),
        first_fired_s=None if it.first_fired_s is None else _rounded(it.first_fired_s),
        fires_at_end=it.is_firing,
        worst=None if it.worst is None else _rounded(it.worst, 6),
        limit=it.limit,
        unit=it.unit,
    )


def _run_totals(summary: Summary) -> RunTotals:
    iterations = summary.iterations
    return RunTotals(
        **msgspec.structs.asdict(_request_totals(summary.total)),
        dropped=iterations.dropped,
        iterations=iterations.done,
        iterations_due=None if summary.service is None else iterations.due,
        iterations_started=iterations.started,
        iterations_interrupted=iterations.interrupted,
        script_errors=iterations.script_errors,
    )


def _request_totals(figures: Figures) -> RequestTotals:
    return RequestTotals(
        requests=figures.requests,
        errors=figures.errors,
        error_ratio=_rounded(figures.error_ratio, 6) if figures.requests else None,
        sent_bytes=figures.sent_bytes,
        received_bytes=figures.received_bytes,
    )


def _endpoint(
    name: str, figures: Figures, duration_s: float, *, slow: Slow | None = None
) -> EndpointReport:
    return EndpointReport(
        name=plain(name),
        totals=_request_totals(figures),
        rps=_rps(figures, duration_s),
        latency_ms=latency_ms_if_any(figures.latency),
        errors=_errors(figures),
        statuses=_statuses(figures),
        slowest=None if slow is None else _slow(slow),
    )


def _slow(slow: Slow) -> SlowReport:
    phases = ("blocked", "connecting", "handshaking", "sending", "waiting", "receiving")
    return SlowReport(
        took_ms=slow.service_us / 1000,
        at_s=slow.at_ms / 1000,
        status=slow.status or None,
        error=slow.error,
        received_bytes=slow.received_bytes,
        vu=slow.vu,
        iteration=slow.iteration,
        trace_id=slow.trace_id or None,
        request_id=slow.request_id or None,
        **{f"{phase}_ms": getattr(slow, f"{phase}_us") / 1000 for phase in phases},
    )


def _checks(checks: Mapping[str, tuple[int, int]]) -> tuple[CheckReport, ...]:
    return tuple(
        CheckReport(name=plain(name), passed=passed, failed=failed)
        for name, (passed, failed) in sorted(checks.items())
    )


def _phase(it: PhaseState | None) -> PhaseReport | None:
    if it is None:
        return None
    return PhaseReport(
        outcome=it.standing,
        problem=plain(it.problem) or None,
        duration_s=_rounded(it.elapsed_s),
        timeout_s=it.timeout_s,
        totals=_request_totals(it.total),
        errors=_errors(it.total),
        statuses=_statuses(it.total),
        checks=_checks(it.checks),
        endpoints=tuple(
            _endpoint(name, it.endpoints[name], it.elapsed_s) for name in sorted(it.endpoints)
        ),
    )


def _rps(figures: Figures, duration_s: float) -> float | None:
    return _rounded(figures.requests_per_s) if duration_s > 0 else None


def _errors(figures: Figures) -> dict[str, int]:
    return {kind.value: figures.errors_by_kind[kind] for kind in sorted(figures.errors_by_kind)}


def _statuses(figures: Figures) -> dict[str, int]:
    return {str(status): figures.statuses[status] for status in sorted(figures.statuses)}


def _corrected_ms(summary: Summary) -> LatencyMs | None:
    """What has nothing to be corrected is as it should be; an open model never has."""
    if summary.service is not None:
        return None
    corrected = summary.total.latency if summary.stalls is None else summary.stalls.corrected
    return latency_ms_if_any(corrected)


def _stalls(it: Stalls) -> StallsReport:
    return StallsReport(longest_ms=it.longest_us / 1000, requests=it.requests, unsent=it.unsent)


def _generator(it: GeneratorSummary, *, is_open: bool) -> GeneratorReport:
    # A process that takes no memory cannot be: no worker was ever heard in time.
    was_heard = it.rss_bytes_max > 0
    return GeneratorReport(
        verdict=verdict(it),
        seconds=it.seconds,
        limited_seconds=it.limited_seconds,
        cpu_percent=_cpu_percent(it.cpu_percent_mean, it.cpu_percent_max) if was_heard else None,
        tick_lag_ms=LagMs(p99=it.tick_lag_p99_us / 1000, max=it.tick_lag_max_us / 1000)
        if was_heard
        else None,
        late_start_ratio=_rounded(it.late_start_ratio, 6) if was_heard and is_open else None,
        rss_bytes_max=it.rss_bytes_max or None,
        reasons=tuple(map(plain, it.reasons)),
    )


def _host(it: HostSummary) -> HostReport:
    return HostReport(
        cpu_percent=_cpu_percent(it.cpu_percent_mean, it.cpu_percent_max),
        memory_used_bytes_max=it.memory_used_bytes_max,
        memory_total_bytes=it.memory_total_bytes,
        swap_used_bytes_max=it.swap_used_bytes_max,
        load_1m_max=_rounded(it.load_1m_max),
        network_received_bytes_per_s_max=_rounded(it.network_received_bytes_per_s_max),
        network_sent_bytes_per_s_max=_rounded(it.network_sent_bytes_per_s_max),
    )


def _cpu_percent(mean: float, maximum: float) -> CpuPercent:
    return CpuPercent(mean=_rounded(mean, 1), max=_rounded(maximum, 1))


def _postgres(it: PostgresSummary) -> PostgresReport:
    fields = msgspec.structs.asdict(it)
    fields["server_version"] = plain(it.server_version) or None
    fields["remark"] = plain(it.remark) or None
    return PostgresReport(**fields)


def _prices(summary: Summary) -> Iterator[PriceReport]:
    """Yield what the plan's instances cost; a million iterations on one that is used in full."""
    rates = [it.sustainable for it in summary.findings if it.lever is Lever.RATE and it.sustainable]
    prices = summary.plan.prices or Prices(currency="", types=())
    for it in prices.types:
        reserved, on_demand = it.reserved_per_h, it.on_demand_per_h
        yield PriceReport(
            name=plain(it.name),
            currency=plain(prices.currency),
            on_demand_per_h=on_demand,
            reserved_per_h=reserved,
            spot_per_h=it.spot_per_h,
            capacity_ratio=it.capacity_ratio,
            per_million=per_million(on_demand, rates[-1] * it.capacity_ratio) if rates else None,
            break_even_ratio=None if reserved is None else break_even_ratio(reserved, on_demand),
        )


def _journal_entry(entry: JournalEntry) -> JournalReport:
    command = entry.command
    return JournalReport(
        id=entry.id,
        at_s=_rounded(entry.second),
        at_unix_ms=entry.at_unix_ms,
        author=plain(command.author),
        kind=command.kind,
        scenario=None if command.scenario is None else plain(command.scenario),
        lever=command.lever,
        value=command.value,
        ramp_s=command.ramp_s,
        note=plain(command.note),
        accepted=entry.accepted,
        effect=plain(entry.effect),
        acknowledged_s=None if entry.acknowledged_s is None else _rounded(entry.acknowledged_s),
    )


def _rounded(value: float, digits: int = 3) -> float:
    """To µs or a thousandth: what follows is noise of floating point."""
    return round(value, digits)
