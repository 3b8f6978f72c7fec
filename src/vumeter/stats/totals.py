"""What a run came to so far: every count and every time since its start."""

from collections.abc import Collection, Iterable, Mapping

from vumeter.model.measure import Added, ScenarioCounts, Tally
from vumeter.model.summary import Iterations
from vumeter.stats import custom, histogram
from vumeter.stats.tally import TallySum


class Totals:
    """Adds up what snapshots, or the readings made of them, have counted."""

    def __init__(self) -> None:
        self.sums: dict[str, TallySum] = {}
        """By request name; they change with what is added next."""
        self.metrics: dict[str, Added] = {}
        """Everything that scripts ever added, by metric."""
        self._scenarios: dict[str, ScenarioCounts] = {}

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
        count_scenarios(self._scenarios, scenarios.items())

    @property
    def tallies(self) -> dict[str, Tally]:
        """The sums as values, which nothing changes any more."""
        return {name: total.tally() for name, total in self.sums.items()}

    @property
    def scenarios(self) -> dict[str, ScenarioCounts]:
        """Iterations, by scenario. VUs are a state, no count: 0 here."""
        return {
            name: ScenarioCounts(
                iterations_due=counts.iterations_due,
                iterations_started=counts.iterations_started,
                iterations_done=counts.iterations_done,
                iterations_dropped=counts.iterations_dropped,
                iterations_interrupted=counts.iterations_interrupted,
                script_errors=counts.script_errors,
                iteration_duration=counts.iteration_duration,
            )
            for name, counts in self._scenarios.items()
        }


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
    return ScenarioCounts(
        **{
            field: getattr(first, field) + getattr(second, field)
            for field in ScenarioCounts.__struct_fields__
            if field != "iteration_duration"
        },
        iteration_duration=histogram.merge((first.iteration_duration, second.iteration_duration)),
    )
