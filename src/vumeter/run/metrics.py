"""
`GET /metrics`: a run as Prometheus scrapes it. docs/control-api.md has the names.

Everything is since the run's start, so that whoever scrapes makes windows of their own.
"""

from collections.abc import Mapping

from vumeter import __version__
from vumeter.model.frame import Frame, RunState
from vumeter.model.measure import ScenarioCounts, Tally
from vumeter.model.throttle import Lever
from vumeter.stats.exposition import Family, Sample
from vumeter.stats.families import (
    counter,
    gauge,
    of_databases,
    of_generator,
    of_host,
    of_iterations,
    of_requests,
    of_watched,
)

_Tallies = Mapping[str, Tally]
_Counts = Mapping[str, ScenarioCounts]


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
        *of_requests(totals),
        *_of_scenarios(frame, scenario_totals),
        *_of_rules(frame),
        *_of_generator(frame),
        *of_host(frame.host),
        *of_databases(frame.postgres, frame.postgres_more),
        *of_watched(frame.watched),
    ]


def _of_run(frame: Frame) -> list[Family]:
    info = {"run": frame.run, "target": frame.target, "version": __version__}
    states = tuple(
        Sample(int(state is frame.state), {"state": state.value.replace(" ", "_")})
        for state in RunState
    )
    return [
        gauge("run_info", "What runs.", Sample(1, info)),
        gauge("run_state", "1 for the state that the run is in.", *states),
        gauge(
            "run_start_time_seconds",
            "When run time 0 was, by the wall clock.",
            Sample(frame.started_unix_ms / 1000),
        ),
        gauge("run_elapsed_seconds", "Run time.", Sample(frame.elapsed_s)),
        gauge("viewers", "Open streams of the control API.", Sample(frame.viewers)),
    ]


def _of_scenarios(frame: Frame, counts: _Counts) -> list[Family]:
    def by_lever(lever: Lever, field: str) -> tuple[Sample, ...]:
        return tuple(
            Sample(getattr(state, field), {"scenario": state.scenario})
            for state in frame.throttles
            if state.lever is lever
        )

    return [
        *of_iterations(counts),
        gauge("vus", "VUs that exist.", *by_lever(Lever.VUS, "actual")),
        gauge("vus_target", "VUs that are wanted now.", *by_lever(Lever.VUS, "target")),
        gauge(
            "rate_target_per_second",
            "Arrivals that are wanted now; only in the open model.",
            *by_lever(Lever.RATE, "target"),
        ),
        gauge("vus_busy", "VUs within an iteration.", Sample(frame.in_flight)),
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
        gauge(
            "threshold_failing",
            "1 while a threshold is not kept.",
            *(Sample(int(it.is_failing), labels) for labels, it in rules),
        ),
        counter(
            "threshold_crossings",
            "How often a threshold began to fail.",
            [Sample(it.crossings, labels) for labels, it in rules],
        ),
        gauge(
            "alert_firing",
            "1 while an alert fires.",
            *(Sample(int(it.is_firing), labels) for labels, it in alerts),
        ),
        counter(
            "alert_firings",
            "How often an alert began to fire.",
            [Sample(it.firings, labels) for labels, it in alerts],
        ),
        gauge("script_metric", "What scripts measure of their own, since the start.", *metrics),
    ]


def _of_generator(frame: Frame) -> list[Family]:
    if frame.generator is None:
        return []
    return [
        *of_generator(frame.generator),
        gauge("workers", "Workers that reported the newest second.", Sample(frame.workers_heard)),
        gauge("workers_expected", "Workers that should.", Sample(frame.workers_expected)),
    ]
