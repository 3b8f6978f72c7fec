"""What of a run has which name in Prometheus: for its scrapers, and for exports."""

from collections.abc import Callable, Iterable, Mapping

from vumeter.model.measure import GeneratorReading, Histogram, ScenarioCounts, Tally
from vumeter.model.probes import HostReading, PostgresReading, PostgresState
from vumeter.model.watched import Watched, WatchedState
from vumeter.stats.exposition import Family, Kind, Sample, histogram_samples

_ITERATIONS: dict[str, str] = {
    "due": "Iterations that the schedule asked for; only in the open model.",
    "started": "Iterations that VUs have begun.",
    "done": "Iterations that VUs have come to the end of.",
    "dropped": "Iterations that were due when every allowed VU was busy.",
    "interrupted": "Iterations that were cut off.",
}


def of_requests(totals: Mapping[str, Tally]) -> list[Family]:
    """Return what was counted of requests, by their name as it may be shown."""

    def by_request(count: Callable[[Tally], int]) -> tuple[Sample, ...]:
        return tuple(Sample(count(it), {"request": name}) for name, it in totals.items())

    open_totals = {name: it for name, it in totals.items() if it.response is not None}
    return [
        counter(
            "requests",
            "Every attempt that ended, answered or failed.",
            by_request(lambda it: it.requests),
        ),
        counter(
            "request_errors",
            "Attempts that failed, each once.",
            tuple(
                Sample(number, {"request": name, "kind": kind.value})
                for name, tally in totals.items()
                for kind, number in tally.errors.items()
            ),
        ),
        counter(
            "responses",
            "Complete answers.",
            tuple(
                Sample(number, {"request": name, "status": str(status)})
                for name, tally in totals.items()
                for status, number in tally.statuses.items()
            ),
        ),
        counter("sent_bytes", "Bytes of requests.", by_request(lambda it: it.sent_bytes)),
        counter("received_bytes", "Bytes of answers.", by_request(lambda it: it.received_bytes)),
        counter("checks", "Answers that were checked.", _checks(totals)),
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


def _checks(totals: Mapping[str, Tally]) -> tuple[Sample, ...]:
    counts: dict[tuple[str, str], int] = {}
    for tally in totals.values():
        for check, (passed, failed) in tally.checks.items():
            for outcome, number in (("passed", passed), ("failed", failed)):
                counts[check, outcome] = counts.get((check, outcome), 0) + number
    return tuple(
        Sample(number, {"check": check, "outcome": outcome})
        for (check, outcome), number in counts.items()
    )


def of_iterations(counts: Mapping[str, ScenarioCounts]) -> list[Family]:
    """Return what was counted of iterations, by scenario."""

    def by_scenario(field: str) -> tuple[Sample, ...]:
        return tuple(
            Sample(getattr(each, field), {"scenario": name}) for name, each in counts.items()
        )

    return [
        *(
            counter(f"iterations_{name}", text, by_scenario(f"iterations_{name}"))
            for name, text in _ITERATIONS.items()
        ),
        counter(
            "script_errors", "Exceptions that scripts let through.", by_scenario("script_errors")
        ),
        _histogram(
            "iteration_duration_seconds",
            "Of the iterations that were done.",
            {name: each.iteration_duration for name, each in counts.items()},
            label="scenario",
        ),
    ]


def of_generator(it: GeneratorReading) -> list[Family]:
    """Return how the generator itself is."""
    return [
        gauge(
            "generator_limited",
            "1 when the generator, and not the target, was the limit of the newest second.",
            Sample(int(it.limited)),
        ),
        gauge("generator_cpu_ratio", "The busiest worker's, of one core.", _part(it.cpu_percent)),
        gauge(
            "generator_tick_lag_max_seconds",
            "How late the generator's own clock ticked in the newest second.",
            Sample(it.tick_lag_max_us / 1_000_000),
        ),
        gauge("generator_resident_memory_bytes", "Of all workers.", Sample(it.rss_bytes)),
    ]


def of_host(host: HostReading | None) -> list[Family]:
    """Return what was seen of the generator's host."""
    if host is None:
        return []
    return [
        gauge("host_cpu_ratio", "Of all cores of the generator's host.", _part(host.cpu_percent)),
        gauge("host_memory_used_bytes", "Of that host.", Sample(host.memory_used_bytes)),
    ]


def of_databases(
    first: PostgresReading | None, more: Mapping[str, PostgresReading]
) -> list[Family]:
    """Return what was seen of the databases; those but the *first* have their names as a label."""
    seen: list[tuple[dict[str, str], PostgresReading]] = [] if first is None else [({}, first)]
    seen += [({"database": name}, it) for name, it in more.items()]
    found = [
        gauge(
            "postgres_up",
            "1 while the database answers.",
            *(Sample(int(it.state is PostgresState.UP), labels) for labels, it in seen),
        )
    ]
    for name, text, field in (
        ("connections", "Client backends.", "connections_used"),
        ("sessions_active", "Sessions at work.", "sessions_active"),
        ("sessions_blocked", "Sessions that wait for a lock.", "blocked_sessions"),
    ):
        values = ((labels, getattr(it, field)) for labels, it in seen)
        samples = (Sample(value, labels) for labels, value in values if value is not None)
        found.append(gauge(f"postgres_{name}", text, *samples))
    return [family for family in found if family.samples]


def of_watched(watched: Iterable[Watched]) -> list[Family]:
    """Return what was seen of each watched thing: its series keep their names, as a label."""
    seen = tuple(watched)
    if not seen:
        return []
    return [
        gauge(
            "watched_up",
            "1 while a watched thing answers its probe.",
            *(Sample(int(it.state is WatchedState.UP), _of(it)) for it in seen),
        ),
        gauge(
            "watched",
            "What was seen of it in the newest look; the unit is at the end of a series' name.",
            *(
                Sample(value, {**_of(it), "series": series})
                for it in seen
                for series, value in it.series.items()
            ),
        ),
    ]


def _of(watched: Watched) -> dict[str, str]:
    return {"name": watched.name, "kind": watched.kind.value}


def _part(percent: float) -> Sample:
    return Sample(percent / 100)


def gauge(name: str, text: str, *samples: Sample) -> Family:
    """Return a family of values as they stand."""
    return Family(f"vumeter_{name}", Kind.GAUGE, text, samples)


def counter(name: str, text: str, samples: Iterable[Sample]) -> Family:
    """Return a family of counts since the start."""
    return Family(f"vumeter_{name}_total", Kind.COUNTER, text, tuple(samples))


def _histogram(name: str, text: str, by_name: Mapping[str, Histogram], *, label: str) -> Family:
    samples = tuple(
        sample
        for each, histogram in by_name.items()
        for sample in histogram_samples(histogram, {label: each})
    )
    return Family(f"vumeter_{name}", Kind.HISTOGRAM, text, samples)
