"""The benchmark's arithmetic; what it measures is measured by running it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def throughput(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    # A script finds its neighbours because it is started from its own folder.
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    names = ("throughput", "cost", "peers", "target")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    import throughput

    yield throughput
    for name in names:
        sys.modules.pop(name, None)


def cost(throughput: ModuleType, *, requests: int, cpu_s: float, first_s: float = 0.0) -> object:
    return throughput.Cost(
        requests=requests,
        window_s=10.0,
        cpu_s=cpu_s,
        first_process_cpu_s=first_s,
        start_up_cpu_s=0.5,
        target_busy_ratio=0.5,
    )


def table(throughput: ModuleType, *, wrk: int, k6: int) -> list[object]:
    """Return two rounds in which vumeter makes 1,000, then 3,000 requests a CPU-second."""
    costs = {
        "vumeter": [
            cost(throughput, requests=10_000, cpu_s=10, first_s=2),
            cost(throughput, requests=30_000, cpu_s=10, first_s=2),
        ],
        # The second round is three times as fast for all: a noisy machine.
        "wrk": [cost(throughput, requests=wrk * n, cpu_s=1) for n in (1, 3)],
        "k6": [cost(throughput, requests=k6 * n, cpu_s=1) for n in (1, 3)],
    }
    return throughput.rows(costs)


def test_workers_are_counted_apart_from_the_whole_tree(throughput: ModuleType) -> None:
    by_name = {row.name: row for row in table(throughput, wrk=1000, k6=100)}
    assert by_name["vumeter, whole process tree"].per_cpu_s == [1000, 3000]
    assert by_name["vumeter, workers only"].per_cpu_s == [1250, 3750]
    assert by_name["vumeter, workers only"].wall_rates == [1000, 3000]


def test_a_ratio_is_taken_within_each_round_so_that_noise_cancels(throughput: ModuleType) -> None:
    text = throughput.markdown(table(throughput, wrk=2000, k6=100))
    [ours] = [line for line in text.splitlines() if "whole process tree" in line]
    assert "| 0.50 | 10.00 |" in ours


@pytest.mark.parametrize(
    ("wrk", "k6", "met"),
    [(2000, 200, [True, True]), (2001, 200, [False, True]), (2000, 201, [True, False])],
)
def test_the_bars_hold_for_the_whole_tree_and_without_rounding(
    throughput: ModuleType, wrk: int, k6: int, met: list[bool]
) -> None:
    verdicts = throughput.judged(table(throughput, wrk=wrk, k6=k6))
    assert [is_met for _, is_met in verdicts] == met


def test_the_fastest_stands_first(throughput: ModuleType) -> None:
    lines = throughput.markdown(table(throughput, wrk=9000, k6=100)).splitlines()[2:]
    assert [line.split("|")[1].strip() for line in lines] == [
        "wrk",
        "vumeter, workers only",
        "vumeter, whole process tree",
        "k6",
    ]
