"""Generators taking turns, so that what disturbs the machine disturbs them all alike."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.cost import Cost, Target, Window, measure
from benchmarks.generators import Errand, Generator


@dataclass(kw_only=True)
class Bench:
    """How thoroughly to measure, and on which cores."""

    rounds: int
    seconds: float
    """Of each window."""
    retries: int
    """How often a run in which others had the machine is repeated."""
    target_core: int
    generator_core: int
    disturbed_runs: int = field(default=0, init=False)
    """How many stayed disturbed although they were repeated."""

    @property
    def window(self) -> Window:
        """The window where nothing asks for another one."""
        return Window(seconds=self.seconds)

    def alternate(
        self, generators: Sequence[Generator], errand: Errand, *, target: Target
    ) -> dict[str, list[Cost]]:
        """Let *generators* take turns, round by round, and return the costs of each by name."""
        costs: dict[str, list[Cost]] = {each.name: [] for each in generators}
        for number in range(1, self.rounds + 1):
            for generator in generators:
                cost = self.undisturbed(generator, errand, target=target, window=self.window)
                costs[generator.name].append(cost)
                self.say(
                    f"{number}/{self.rounds}  {generator.name:24}"
                    f"{cost.per_cpu_s:10,.0f} per CPU-second {cost.rate_per_s:10,.0f}/s"
                    f"{'  disturbed' if cost.was_disturbed else ''}"
                )
        return costs

    def say(self, line: str) -> None:
        """Tell how it goes."""
        print(f"  {line}", file=sys.stderr, flush=True)

    def undisturbed(
        self,
        generator: Generator,
        errand: Errand,
        *,
        target: Target,
        window: Window,
        is_pinned: bool = True,
    ) -> Cost:
        """Return one run's cost: the first in which no other had the machine, or the best."""
        core = self.generator_core if is_pinned else None
        costs: list[Cost] = []
        while len(costs) <= self.retries:
            cost = measure(generator, errand, target=target, window=window, core=core)
            if not cost.was_disturbed:
                return cost
            costs.append(cost)
        self.disturbed_runs += 1
        return min(costs, key=lambda cost: cost.disturbance_ratio)
