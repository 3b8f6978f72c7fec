"""The whole run as one value, gathered second by second in constant memory."""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from vumeter.model.comparison import Comparison
from vumeter.model.frame import PhaseState, StopCause
from vumeter.model.measure import Added, Reading, ScenarioCounts, Slow, Tally
from vumeter.model.pilot import Finding
from vumeter.model.plan import Plan
from vumeter.model.summary import Summary
from vumeter.model.throttle import JournalEntry
from vumeter.model.verdict import AlertState, Verdict
from vumeter.stats import custom, histogram
from vumeter.stats.extremes import GeneratorExtremes, HostExtremes, PostgresExtremes
from vumeter.stats.histogram import latency
from vumeter.stats.redaction import Redactor
from vumeter.stats.remarks import Coverage, remarks_on
from vumeter.stats.slowness import slower
from vumeter.stats.stalls import StallLog
from vumeter.stats.tally import figures, merge, service_figures
from vumeter.stats.timings import latencies
from vumeter.stats.totals import iterations_of

NO_METRICS: Mapping[str, Added] = {}

SHORTEST_SECOND_S = 0.5
"""A last second that was cut shorter by the end of the run is not judged."""


class SummaryBuilder(Struct):
    """
    Takes every reading of a run, and makes its summary at the end.

    The newest reading is held back: only the end of the run tells whether it is a second
    or a stump of one, whose CPU share and rates are noise and which would make six seconds
    of a run of five.

    A struct, so that a store can put it away and go on from there.
    """

    _generator: GeneratorExtremes = field(default_factory=GeneratorExtremes)
    _host: HostExtremes = field(default_factory=HostExtremes)
    _postgres: PostgresExtremes = field(default_factory=PostgresExtremes)
    _coverage: Coverage = field(default_factory=Coverage)
    _vus_max: int = 0
    _late_snapshots: int = 0
    _slowest: dict[str, Slow] = {}
    _newest: Reading | None = None
    outage_s: float = 0.0
    """For how long the target has been away so far."""

    def add(self, reading: Reading) -> None:
        """Take *reading*, which is newer than all before it, into account."""
        if self._newest is not None:
            self._take(self._newest)
        self._newest = reading
        self._late_snapshots += reading.late_snapshots
        self.outage_s += reading.outage_us / 1e6
        self._slowest = slower((self._slowest, reading.slowest))
        vus = sum(counts.vus_active for counts in reading.scenarios.values())
        self._vus_max = max(self._vus_max, vus)

    def build(
        self,
        *,
        plan: Plan,
        started_unix_ms: int,
        duration_s: float,
        stop: StopCause | None,
        totals: Mapping[str, Tally],
        scenario_totals: Mapping[str, ScenarioCounts],
        journal: Iterable[JournalEntry],
        remarks: Iterable[str],
        verdicts: Iterable[Verdict] = (),
        metric_totals: Mapping[str, Added] = NO_METRICS,
        alerts: Iterable[AlertState] = (),
        stalls: StallLog | None = None,
        setup: PhaseState | None = None,
        teardown: PhaseState | None = None,
        findings: Iterable[Finding] = (),
        comparison: Comparison | None = None,
    ) -> Summary:
        """
        Return the summary so far, without any of the plan's secrets.

        Args:
            plan: With its secrets: only who knows them can take them out of other text.
            started_unix_ms: When second 0 began.
            duration_s: Of the load, from second 0 to the last answer; rates are over it.
            stop: Why the run ended; `None`: it goes on.
            totals: The aggregator's, late snapshots included.
            scenario_totals: Likewise.
            journal: Every command that was given.
            remarks: What others want said; what the readings say is added.
            verdicts: On the plan's thresholds.
            metric_totals: What scripts added to metrics of their own.
            alerts: What has become of the plan's, as it may be shown.
            stalls: What the closed model did not see of the target's; `None`: nobody looked.
            setup: Without secrets; `None`: the plan has none.
            teardown: Likewise.
            findings: Of searches for the capacity.
            comparison: With what the run was held to.
        """
        self._take_newest(duration_s)
        redactor = Redactor(plan)
        named = by_shown_name(totals, redactor.text)
        total = merge(named.values())
        iterations = iterations_of(scenario_totals.values())
        generator = self._generator.summary()
        postgres = self._postgres.summary()
        is_closed = total.response is None
        stood_still = stalls.result(total.service) if stalls and is_closed else None
        own_remarks = remarks_on(
            total,
            stalls=stood_still,
            iterations=iterations,
            generator=generator,
            coverage=self._coverage,
            outage_s=self.outage_s,
            duration_s=duration_s,
            late_snapshots=self._late_snapshots,
        )
        return Summary(
            plan=redactor.plan,
            started_unix_ms=started_unix_ms,
            duration_s=duration_s,
            stop=stop,
            total=figures(total, duration_s),
            service=None if is_closed else service_figures(total, duration_s),
            endpoints={name: figures(tally, duration_s) for name, tally in named.items()},
            iterations=iterations,
            vus_max=self._vus_max,
            generator=generator,
            host=self._host.summary(),
            postgres=postgres and replace(postgres, remark=redactor.text(postgres.remark)),
            journal=tuple(shown_entry(entry, redactor) for entry in journal),
            remarks=tuple(redactor.text(remark) for remark in (*remarks, *own_remarks)),
            verdicts=tuple(shown_verdict(verdict, redactor) for verdict in verdicts),
            alerts=tuple(alerts),
            slowest=slower({redactor.text(name): it} for name, it in self._slowest.items()),
            timings=latencies(total),
            iteration_duration=latency(
                histogram.merge(each.iteration_duration for each in scenario_totals.values())
            ),
            checks=total.checks,
            metrics=custom.totals(plan.metrics, metric_totals, duration_s),
            stalls=stood_still,
            findings=tuple(findings),
            comparison=comparison,
            outage_s=self.outage_s,
            setup=setup,
            teardown=teardown,
        )

    def _take_newest(self, duration_s: float) -> None:
        newest, self._newest = self._newest, None
        if newest is None:
            return
        # Of a run of half a second, the stump is all there is.
        is_only = self._coverage.seconds == 0
        if is_only or duration_s - newest.second >= SHORTEST_SECOND_S:
            self._take(newest)

    def _take(self, reading: Reading) -> None:
        self._generator.add(reading)
        self._host.add(reading.host)
        self._postgres.add(reading.postgres)
        self._coverage.add(reading)


def by_shown_name(
    totals: Mapping[str, Tally], shown_name: Callable[[str], str]
) -> dict[str, Tally]:
    """Return *totals* under names of requests and checks that may be shown to anybody."""
    shown: dict[str, list[Tally]] = {}
    for name, tally in totals.items():
        # Two names may differ by a secret alone: what then has one name is one endpoint.
        checked = replace(tally, checks=_checks_by_shown_name(tally, shown_name))
        shown.setdefault(shown_name(name), []).append(checked)
    return {name: merge(tallies) for name, tallies in shown.items()}


def _checks_by_shown_name(
    tally: Tally, shown_name: Callable[[str], str]
) -> dict[str, tuple[int, int]]:
    shown: dict[str, tuple[int, int]] = {}
    for name, (passed, failed) in tally.checks.items():
        before = shown.get(shown_name(name), (0, 0))
        shown[shown_name(name)] = (before[0] + passed, before[1] + failed)
    return shown


def shown_verdict(verdict: Verdict, redactor: Redactor) -> Verdict:
    """Return *verdict* as it may be shown."""
    # A filter names a request, whose name may have what looks like a secret in it.
    metric = redactor.text(verdict.threshold.metric)
    return replace(verdict, threshold=replace(verdict.threshold, metric=metric))


def shown_entry(entry: JournalEntry, redactor: Redactor) -> JournalEntry:
    """Return *entry* as it may be shown."""
    command = replace(
        entry.command,
        note=redactor.text(entry.command.note),
        author=redactor.text(entry.command.author),
    )
    return replace(entry, command=command, effect=redactor.text(entry.effect))
