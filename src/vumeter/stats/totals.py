"""What a run came to so far: every count and every time since its start."""

from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from vumeter.model.measure import Added, ScenarioCounts, Tally
from vumeter.model.summary import Iterations
from vumeter.stats import custom, histogram
from vumeter.stats.histogram import HistogramSum
from vumeter.stats.tally import TallySum


class ScenarioSums:
    """
    Adds up what VUs did, scenario by scenario.

    Durations are kept packed: as values they would be taken apart and put together again with
    each second, 1 ms where they lie far apart.
    """

    def __init__(self) -> None:
        self._durations: dict[str, HistogramSum] = {}
        self.numbers: dict[str, ScenarioCounts] = {}
        """All but the durations."""

    def add(self, scenarios: Mapping[str, ScenarioCounts]) -> None:
        """Count these."""
        for name, counts in scenarios.items():
            self.numbers[name] = numbers_of(self.numbers.get(name, ScenarioCounts()), counts)
            self._durations.setdefault(name, HistogramSum()).add(counts.iteration_duration)

    def counts(self) -> dict[str, ScenarioCounts]:
        """Return everything, as values that nothing changes any more."""
        return {
            name: replace(numbers, iteration_duration=self._durations[name].histogram())
            for name, numbers in self.numbers.items()
        }


class Totals:
    """Adds up what snapshots, or the readings made of them, have counted."""

    def __init__(self) -> None:
        self.sums: dict[str, TallySum] = {}
        """By request name; they change with what is added next."""
        self.metrics: dict[str, Added] = {}
        """Everything that scripts ever added, by metric."""
        self._scenarios = ScenarioSums()

    def add(
        self,
        tallies: Mapping[str, Tally],
        scenarios: Mapping[str, ScenarioCounts],
        metrics: Mapping[str, Added],
    ) -> None:
        """Count all of these."""
        for name, tally in tallies.items():
            self.sums.setdefault(name, TallySum()).add(tally)
        self.amend(scenarios)
        if metrics:
            self.metrics = custom.merge_by_name((self.metrics, metrics))

    def amend(self, scenarios: Mapping[str, ScenarioCounts]) -> None:
        """Count these iterations."""
        self._scenarios.add(scenarios)

    @property
    def tallies(self) -> dict[str, Tally]:
        """The sums as values, which nothing changes any more."""
        return {name: total.tally() for name, total in self.sums.items()}

    @property
    def iterations(self) -> dict[str, ScenarioCounts]:
        """Iterations, by scenario, without their durations. VUs are a state, no count: 0 here."""
        return _without_vus(self._scenarios.numbers)

    @property
    def scenarios(self) -> dict[str, ScenarioCounts]:
        """The same with durations, which are the dear part of it."""
        return _without_vus(self._scenarios.counts())


def _without_vus(scenarios: Mapping[str, ScenarioCounts]) -> dict[str, ScenarioCounts]:
    return {name: replace(counts, vus_active=0, vus_busy=0) for name, counts in scenarios.items()}


def count_scenarios(
    counts: dict[str, ScenarioCounts], more: Iterable[tuple[str, ScenarioCounts]]
) -> None:
    """Add *more* to *counts*, scenario by scenario."""
    for name, added in more:
        counts[name] = sum_of(counts.get(name, ScenarioCounts()), added)


def iterations_of(counts: Collection[ScenarioCounts]) -> Iterations:
    """Return what *counts*, of all scenarios, come to together."""
    return Iterations(
        due=sum(each.iterations_due for each in counts),
        started=sum(each.iterations_started for each in counts),
        done=sum(each.iterations_done for each in counts),
        dropped=sum(each.iterations_dropped for each in counts),
        interrupted=sum(each.iterations_interrupted for each in counts),
        script_errors=sum(each.script_errors for each in counts),
    )


def sum_of(first: ScenarioCounts, second: ScenarioCounts) -> ScenarioCounts:
    """Return the two added up, field by field."""
    durations = (first.iteration_duration, second.iteration_duration)
    return replace(numbers_of(first, second), iteration_duration=histogram.merge(durations))


def numbers_of(first: ScenarioCounts, second: ScenarioCounts) -> ScenarioCounts:
    """Return the same without durations."""
    return ScenarioCounts(
        **{
            field: getattr(first, field) + getattr(second, field)
            for field in ScenarioCounts.__struct_fields__
            if field != "iteration_duration"
        }
    )
