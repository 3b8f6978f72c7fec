"""Generators taking turns, so that what disturbs the machine disturbs them all alike."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from benchmarks.cost import Cost, Target, Window, measure
from benchmarks.generators import Errand, Generator, GeneratorError

Found = TypeVar("Found")


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
    runs: int = field(default=0, init=False)
    """How many there were, those repeated counted once."""
    disturbed_runs: int = field(default=0, init=False)
    """How many of them stayed disturbed although they were repeated."""

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
                cost = self.cost(generator, errand, target=target)
                costs[generator.name].append(cost)
                self.say(
                    f"{number}/{self.rounds}  {generator.name:24}"
                    f"{cost.per_cpu_s:10,.0f} per CPU-second {cost.rate_per_s:10,.0f}/s"
                    f"{'  disturbed' if cost.was_disturbed else ''}"
                )
        return costs

    def cost(
        self, generator: Generator, errand: Errand, *, target: Target, is_pinned: bool = True
    ) -> Cost:
        """Return what a run costs on a target that runs on from one attempt to the next."""
        run = partial(self.run, generator, errand, target=target, is_pinned=is_pinned)
        cost, _ = self.undisturbed(lambda: (run(), None))
        return cost

    def undisturbed(self, attempt: Callable[[], tuple[Cost, Found]]) -> tuple[Cost, Found]:
        """
        Return what is found in the first attempt that no other disturbed, or in the best.

        Raises:
            GeneratorError: None came to anything. Where others have the machine, a run may be
                over before its window is.
        """
        self.runs += 1
        attempts: list[tuple[Cost, Found]] = []
        failures: list[GeneratorError] = []
        for _ in range(1 + self.retries):
            try:
                cost, found = attempt()
            except GeneratorError as error:
                self.say(f"failed: {str(error).splitlines()[0]}")
                failures.append(error)
                continue
            if not cost.was_disturbed:
                return cost, found
            attempts.append((cost, found))
        if not attempts:
            raise failures[-1]
        self.disturbed_runs += 1
        return min(attempts, key=lambda each: each[0].disturbance_ratio)

    def run(
        self,
        generator: Generator,
        errand: Errand,
        *,
        target: Target,
        window: Window | None = None,
        is_pinned: bool = True,
    ) -> Cost:
        """Return what one run costs, disturbed or not."""
        return measure(
            generator,
            errand,
            target=target,
            window=window or self.window,
            core=self.generator_core if is_pinned else None,
        )

    def say(self, line: str) -> None:
        """Tell how it goes."""
        print(f"  {line}", file=sys.stderr, flush=True)
