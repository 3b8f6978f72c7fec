"""
`GET /metrics`: a run as Prometheus scrapes it. docs/control-api.md has the names.

Everything is since the run's start, so that whoever scrapes makes windows of their own.
"""

from collections.abc import Callable, Iterable, Mapping

from vumeter import __version__
from vumeter.model.frame import Frame, RunState
from vumeter.model.measure import Histogram, ScenarioCounts, Tally
from vumeter.model.probes import PostgresState
from vumeter.model.throttle import Lever
from vumeter.stats.exposition import Family, Kind, Sample, histogram_samples

_Tallies = Mapping[str, Tally]
_Counts = Mapping[str, ScenarioCounts]

_ITERATIONS: dict[str, str] = {
    "due": "Iterations that the schedule asked for; only in the open model.",
    "started": "Iterations that VUs have begun.",
    "done": "Iterations that VUs have come to the end of.",
    "dropped": "Iterations that were due when every allowed VU was busy.",
    "interrupted": "Iterations that were cut off.",
}


def families(frame: Frame, *, totals: _Tallies, scenario_totals: _Counts) -> list[Family]:
    """
    Return the run as Prometheus has it.

    Args:
        frame: The newest.
        totals: Everything that was counted, by the request's name as it may be shown.
        scenario_totals: Iterations, by scenario.
    """
    return [
        *_of_run(frame),
        *_of_requests(totals),
        *_of_scenarios(frame, scenario_totals),
        *_of_rules(frame),
        *_of_generator(frame),
        *_of_monitors(frame),
    ]


def _of_run(frame: Frame) -> list[Family]:
    info = {"run": frame.run, "target": frame.target, "version": __version__}
    states = tuple(
        Sample(int(state is frame.state), {"state": state.value.replace(" ", "_")})
        for state in RunState
    )
    return [
        _gauge("run_info", "What runs.", Sample(1, info)),
        _gauge("run_state", "1 for the state that the run is in.", *states),
        _gauge(
            "run_start_time_seconds",
            "When run time 0 was, by the wall clock.",
            Sample(frame.started_unix_ms / 1000),
        ),
        _gauge("run_elapsed_seconds", "Run time.", Sample(frame.elapsed_s)),
        _gauge("viewers", "Open streams of the control API.", Sample(frame.viewers)),
    ]


def _of_requests(totals: _Tallies) -> list[Family]:
    def by_request(count: Callable[[Tally], int]) -> tuple[Sample, ...]:
        return tuple(Sample(count(it), {"request": name}) for name, it in totals.items())

    open_totals = {name: it for name, it in totals.items() if it.response is not None}
    return [
        _counter(
            "requests",
            "Every attempt that ended, answered or failed.",
            by_request(lambda it: it.requests),
        ),
        _counter(
            "request_errors",
            "Attempts that failed, each once.",
            tuple(
                Sample(number, {"request": name, "kind": kind.value})
                for name, tally in totals.items()
                for kind, number in tally.errors.items()
            ),
        ),
        _counter(
            "responses",
            "Complete answers.",
            tuple(
                Sample(number, {"request": name, "status": str(status)})
                for name, tally in totals.items()
                for status, number in tally.statuses.items()
            ),
        ),
        _counter("sent_bytes", "Bytes of requests.", by_request(lambda it: it.sent_bytes)),
        _counter("received_bytes", "Bytes of answers.", by_request(lambda it: it.received_bytes)),
        _counter("checks", "Answers that were checked.", _checks(totals)),
        _histogram(
            "service_time_seconds",
            "From sending a request to the last byte of its answer.",
            {name: it.service for name, it in totals.items()},
            label="request",
        ),
        _histogram(
            "response_time_seconds",
            "From when a request was due to the last byte of its answer; only in the open model.",
            {name: it.response for name, it in open_totals.items() if it.response is not None},
            label="request",
        ),
    ]


def _checks(totals: _Tallies) -> tuple[Sample, ...]:
    counts: dict[tuple[str, str], int] = {}
    for tally in totals.values():
        for check, (passed, failed) in tally.checks.items():
            for outcome, number in (("passed", passed), ("failed", failed)):
                counts[check, outcome] = counts.get((check, outcome), 0) + number
    return tuple(
        Sample(number, {"check": check, "outcome": outcome})
        for (check, outcome), number in counts.items()
    )


def _of_scenarios(frame: Frame, counts: _Counts) -> list[Family]:
    def by_scenario(field: str) -> tuple[Sample, ...]:
        return tuple(
            Sample(getattr(each, field), {"scenario": name}) for name, each in counts.items()
        )

    def by_lever(lever: Lever, field: str) -> tuple[Sample, ...]:
        return tuple(
            Sample(getattr(state, field), {"scenario": state.scenario})
            for state in frame.throttles
            if state.lever is lever
        )

    return [
        *(
            _counter(f"iterations_{name}", text, by_scenario(f"iterations_{name}"))
            for name, text in _ITERATIONS.items()
        ),
        _counter(
            "script_errors", "Exceptions that scripts let through.", by_scenario("script_errors")
        ),
        _histogram(
            "iteration_duration_seconds",
            "Of the iterations that were done.",
            {name: each.iteration_duration for name, each in counts.items()},
            label="scenario",
        ),
        _gauge("vus", "VUs that exist.", *by_lever(Lever.VUS, "actual")),
        _gauge("vus_target", "VUs that are wanted now.", *by_lever(Lever.VUS, "target")),
        _gauge(
            "rate_target_per_second",
            "Arrivals that are wanted now; only in the open model.",
            *by_lever(Lever.RATE, "target"),
        ),
        _gauge("vus_busy", "VUs within an iteration.", Sample(frame.in_flight)),
    ]


def _of_rules(frame: Frame) -> list[Family]:
    rules = [
        ({"metric": it.threshold.metric, "rule": it.threshold.expression}, it)
        for it in frame.verdicts
    ]
    alerts = [({"alert": it.name, "level": it.level.value}, it) for it in frame.alerts]
    metrics = [
        Sample(value, {"metric": row.name, "aggregate": aggregate, "unit": row.unit.value})
        for row in frame.metrics
        for aggregate, value in row.total.items()
    ]
    return [
        _gauge(
            "threshold_failing",
            "1 while a threshold is not kept.",
            *(Sample(int(it.is_failing), labels) for labels, it in rules),
        ),
        _counter(
            "threshold_crossings",
            "How often a threshold began to fail.",
            [Sample(it.crossings, labels) for labels, it in rules],
        ),
        _gauge(
            "alert_firing",
            "1 while an alert fires.",
            *(Sample(int(it.is_firing), labels) for labels, it in alerts),
        ),
        _counter(
            "alert_firings",
            "How often an alert began to fire.",
            [Sample(it.firings, labels) for labels, it in alerts],
        ),
        _gauge("script_metric", "What scripts measure of their own, since the start.", *metrics),
    ]


def _of_generator(frame: Frame) -> list[Family]:
    it = frame.generator
    if it is None:
        return []
    return [
        _gauge(
            "generator_limited",
            "1 when the generator, and not the target, was the limit of the newest second.",
            Sample(int(it.limited)),
        ),
        _gauge("generator_cpu_ratio", "The busiest worker's, of one core.", _part(it.cpu_percent)),
        _gauge(
            "generator_tick_lag_max_seconds",
            "How late the generator's own clock ticked in the newest second.",
            Sample(it.tick_lag_max_us / 1_000_000),
        ),
        _gauge("generator_resident_memory_bytes", "Of all workers.", Sample(it.rss_bytes)),
        _gauge("workers", "Workers that reported the newest second.", Sample(frame.workers_heard)),
        _gauge("workers_expected", "Workers that should.", Sample(frame.workers_expected)),
    ]


def _of_monitors(frame: Frame) -> list[Family]:
    found: list[Family] = []
    if (host := frame.host) is not None:
        found += [
            _gauge(
                "host_cpu_ratio", "Of all cores of the generator's host.", _part(host.cpu_percent)
            ),
            _gauge("host_memory_used_bytes", "Of that host.", Sample(host.memory_used_bytes)),
        ]
    if (database := frame.postgres) is not None:
        is_up = database.state is PostgresState.UP
        found.append(_gauge("postgres_up", "1 while the database answers.", Sample(int(is_up))))
        for name, text, value in (
            ("connections", "Client backends.", database.connections_used),
            ("sessions_active", "Sessions at work.", database.sessions_active),
            ("sessions_blocked", "Sessions that wait for a lock.", database.blocked_sessions),
        ):
            if value is not None:
                found.append(_gauge(f"postgres_{name}", text, Sample(value)))
    return found


def _part(percent: float) -> Sample:
    return Sample(percent / 100)


def _gauge(name: str, text: str, *samples: Sample) -> Family:
    return Family(f"vumeter_{name}", Kind.GAUGE, text, samples)


def _counter(name: str, text: str, samples: Iterable[Sample]) -> Family:
    return Family(f"vumeter_{name}_total", Kind.COUNTER, text, tuple(samples))


def _histogram(name: str, text: str, by_name: Mapping[str, Histogram], *, label: str) -> Family:
    samples = tuple(
        sample
        for each, histogram in by_name.items()
        for sample in histogram_samples(histogram, {label: each})
    )
    return Family(f"vumeter_{name}", Kind.HISTOGRAM, text, samples)
