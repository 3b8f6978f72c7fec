"""What a second worker is worth."""

from benchmarks.cost import Cost
from benchmarks.generators import VUMETER, Errand
from benchmarks.nginx import nginx
from benchmarks.results import Column, Part, Row, Spread, at_least, ratios, spread
from benchmarks.rounds import Bench

_COLUMNS = (
    Column(key="per_cpu_s", heading="requests per CPU-second", form=",.0f", shows_spread=True),
    Column(key="cpu_us", heading="CPU per request, µs", form=",.1f"),
    Column(key="worth", heading="× one worker", form=".2f", shows_spread=True),
)


def measured(bench: Bench) -> Part:
    """Return the answer."""
    costs: dict[int, list[Cost]] = {1: [], 2: []}
    with nginx(core=bench.target_core) as target:
        for number in range(1, bench.rounds + 1):
            for workers, runs in costs.items():
                errand = Errand(url=target.url, seconds=bench.window.told_s, workers=workers)
                runs.append(bench.cost(VUMETER, errand, target=target, is_pinned=False))
                bench.say(
                    f"{number}/{bench.rounds}  {_name(workers):24}"
                    f"{runs[-1].per_cpu_s:10,.0f} per CPU-second"
                )
    per_cpu_s = {workers: [run.per_cpu_s for run in runs] for workers, runs in costs.items()}
    worth = {
        workers: ratios([workers * each for each in figures], per_cpu_s[1])
        for workers, figures in per_cpu_s.items()
    }
    return Part(
        key="workers",
        title="Two workers",
        how="Bare GETs over 64 connections, nginx beside the workers on the same two cores: what "
        "they reach together says more about nginx there. What two cores of their own would give "
        "follows from the CPU that a request costs: twice the requests per CPU-second of two "
        "workers, over those of one.",
        columns=_COLUMNS,
        rows=tuple(_row(workers, per_cpu_s[workers], worth[workers]) for workers in costs),
        bars=(at_least("two workers × one worker", worth[2].median, 1.7),),
        rounds=bench.rounds,
    )


def _name(workers: int) -> str:
    return "one worker" if workers == 1 else f"{workers} workers"


def _row(workers: int, per_cpu_s: list[float], worth: Spread) -> Row:
    return Row(
        name=_name(workers),
        figures={
            "per_cpu_s": spread(per_cpu_s),
            "cpu_us": spread(1e6 / each for each in per_cpu_s),
            "worth": worth,
        },
    )
