"""What is done about a run that was disturbed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from benchmarks.cost import Cost
from benchmarks.generators import GeneratorError
from benchmarks.rounds import Bench

QUIET = Cost(
    requests=1000,
    window_s=2.0,
    kernel_s=0.5,
    cpu_s=0.5,
    memory_bytes=0,
    target_busy_ratio=0.2,
    others_busy_ratio=0.05,
    steal_ratio=0.04,
    own_words={},
)
NOISY = replace(QUIET, others_busy_ratio=0.5)
NOISIER = replace(QUIET, steal_ratio=0.9)


def bench(retries: int) -> Bench:
    return Bench(rounds=1, seconds=1.0, retries=retries, target_core=0, generator_core=1)


def attempts(*costs: Cost) -> Iterator[tuple[Cost, int]]:
    return ((cost, number) for number, cost in enumerate(costs, 1))


def test_costs_are_per_second_of_cpu_and_of_the_clock() -> None:
    assert (QUIET.per_cpu_s, QUIET.rate_per_s, QUIET.busy_ratio) == (2000, 500, 0.25)


@pytest.mark.parametrize("cost", [NOISY, NOISIER], ids=["by others", "by the host"])
def test_a_run_is_disturbed_when_others_had_the_machine(cost: Cost) -> None:
    assert cost.was_disturbed
    assert not QUIET.was_disturbed


def test_a_disturbed_run_is_repeated_until_one_is_quiet() -> None:
    measuring = bench(retries=2)
    found = measuring.undisturbed(attempts(NOISY, QUIET, NOISY).__next__)
    assert found == (QUIET, 2)
    assert (measuring.runs, measuring.disturbed_runs) == (1, 0)


def test_when_none_is_quiet_the_least_disturbed_is_taken_and_counted() -> None:
    measuring = bench(retries=2)
    found = measuring.undisturbed(attempts(NOISIER, NOISY, NOISIER).__next__)
    assert found == (NOISY, 2)
    assert (measuring.runs, measuring.disturbed_runs) == (1, 1)


def test_a_run_that_fails_is_repeated_and_only_the_last_failure_counts() -> None:
    outcomes = iter([GeneratorError("over before its window"), QUIET])

    def attempt() -> tuple[Cost, None]:
        outcome = next(outcomes)
        if isinstance(outcome, GeneratorError):
            raise outcome
        return outcome, None

    assert bench(retries=1).undisturbed(attempt) == (QUIET, None)
    outcomes = iter([GeneratorError("once"), GeneratorError("and again")])
    with pytest.raises(GeneratorError, match="and again"):
        bench(retries=1).undisturbed(attempt)
