"""The open model: whether requests start when they are due, and what that costs."""

import statistics
from array import array
from dataclasses import dataclass

from benchmarks.cost import Cost
from benchmarks.exact_target import exact_target
from benchmarks.generators import K6, K9, VUMETER, Errand, Generator, installed, missing_notes
from benchmarks.results import Bar, Column, Part, Row, Spread, at_least, at_most, spread
from benchmarks.rounds import Bench

_NS_PER_S = 1_000_000_000
_LATE_NS = 1_000_000
_MOST_CONNECTIONS = 1000
_GENERATORS = (VUMETER, K9, K6)
_KEPT_UP_RATIO = 0.005
"""A generator that is further off its rate has dropped starts, and no due times to be late for."""

_COLUMNS = (
    Column(key="rate_per_s", heading="starts/s", form=",.1f"),
    Column(key="rate_error", heading="off the rate", form=".3%", shows_spread=True),
    Column(key="punctual", heading="within 1 ms of due", form=".2%", shows_spread=True),
    Column(key="p50_us", heading="late, p50, µs", form=",.0f"),
    Column(key="p99_us", heading="late, p99, µs", form=",.0f"),
    Column(key="busy_ratio", heading="of a core", form=".0%", shows_spread=True),
    Column(key="own_punctual", heading="within 1 ms, its own word", form=".2%"),
)


@dataclass(frozen=True)
class Punctuality:
    """How the starts of one run lie to the times at which they were due."""

    rate_per_s: float
    lateness_ns: "array[int]"
    """Of each start, sorted; the most punctual one is taken for punctual."""

    @property
    def within_1_ms_ratio(self) -> float:
        """Share of starts that were at most a millisecond late."""
        return sum(each <= _LATE_NS for each in self.lateness_ns) / len(self.lateness_ns)

    def percentile_us(self, percent: float) -> float:
        """Return how late *percent* of the starts were at most."""
        return statistics.quantiles(self.lateness_ns, n=1000)[round(percent * 10) - 1] / 1000


def punctuality(arrivals_ns: "array[int]", *, rate_per_s: float) -> Punctuality:
    """
    Return how punctual arrivals were that were due at even distances.

    Start number i is due at t0 + i / rate. What t0 was no target can know: the latest one for
    which no start was early is taken, so that of each start what it took to get to the target at
    least is no lateness.

    >>> found = punctuality(array("q", [1_000_000, 3_000_000, 3_000_000]), rate_per_s=1000)
    >>> [late_ns for late_ns in found.lateness_ns], found.rate_per_s
    ([0, 0, 1000000], 1000.0)
    """
    spacing_ns = _NS_PER_S / rate_per_s
    offsets_ns = [came_ns - index * spacing_ns for index, came_ns in enumerate(arrivals_ns)]
    first_ns = min(offsets_ns)
    return Punctuality(
        rate_per_s=(len(arrivals_ns) - 1) * _NS_PER_S / (arrivals_ns[-1] - arrivals_ns[0]),
        lateness_ns=array("q", sorted(round(offset_ns - first_ns) for offset_ns in offsets_ns)),
    )


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """The open model at one rate."""

    key: str
    rate_per_s: int
    has_bars: bool

    def measured(self, bench: Bench) -> Part:
        """Return the answer."""
        present = installed(_GENERATORS)
        figures: dict[str, list[dict[str, float]]] = {each.name: [] for each in present}
        for _ in range(bench.rounds):
            for generator in present:
                found = self._figures(generator, bench)
                figures[generator.name].append(found)
                bench.say(f"{generator.name:24}{found['rate_per_s']:10,.0f} starts/s")
        rows = tuple(Row(name=name, figures=_spreads(runs)) for name, runs in figures.items())
        return Part(
            key=self.key,
            title=f"Open model, {self.rate_per_s:,} starts a second",
            how="GETs that are due at even distances, over at most 1,000 connections, against a "
            "target whose kernel stamps each when it comes in (benchmarks/exact_server.py). What "
            "the most punctual start took to get there counts as nothing. A generator that is "
            "more than 0.5 % off the rate has left starts out; nothing says what they were due.",
            columns=_COLUMNS,
            rows=rows,
            bars=self._bars(rows[0]) if self.has_bars else (),
            notes=missing_notes(_GENERATORS),
            rounds=bench.rounds,
        )

    def _figures(self, generator: Generator, bench: Bench) -> dict[str, float]:
        def attempt() -> tuple[Cost, "array[int]"]:
            with exact_target("none", core=bench.target_core) as target:
                errand = Errand(
                    url=target.url,
                    seconds=bench.window.told_s,
                    connections=_MOST_CONNECTIONS,
                    rate_per_s=self.rate_per_s,
                )
                return bench.run(generator, errand, target=target), target.arrivals_ns()

        cost, arrivals_ns = bench.undisturbed(attempt)
        # The first second is for connecting, and what is in flight at the end for nobody.
        last_ns = arrivals_ns[-1] - _NS_PER_S // 10
        first_ns = last_ns - round(bench.seconds * _NS_PER_S)
        window_ns = array("q", (each for each in arrivals_ns if first_ns <= each <= last_ns))
        return self._compared(cost, punctuality(window_ns, rate_per_s=self.rate_per_s))

    def _compared(self, cost: Cost, found: Punctuality) -> dict[str, float]:
        error = found.rate_per_s / self.rate_per_s - 1
        figures = {
            "rate_per_s": found.rate_per_s,
            "rate_error": error,
            "busy_ratio": cost.busy_ratio,
        }
        if abs(error) <= _KEPT_UP_RATIO:
            figures["punctual"] = found.within_1_ms_ratio
            figures["p50_us"] = found.percentile_us(50)
            figures["p99_us"] = found.percentile_us(99)
        if "late_ratio" in cost.own_words:
            figures["own_punctual"] = 1 - cost.own_words["late_ratio"]
        return figures

    def _bars(self, ours: Row) -> tuple[Bar, ...]:
        error = ours.figures["rate_error"]
        furthest = max(abs(error.lowest), abs(error.highest))
        # Where the rate was missed there is no share that was punctual.
        punctual = ours.figures.get("punctual", Spread(0.0, 0.0, 0.0))
        return (
            at_most("vumeter, off the rate in the worst round", furthest, 0.005, form=".3%"),
            at_least("vumeter, starts within 1 ms of due", punctual.median, 0.99, form=".2%"),
        )


def _spreads(runs: list[dict[str, float]]) -> dict[str, Spread]:
    keys = set.intersection(*(set(run) for run in runs))
    return {key: spread(run[key] for run in runs) for key in sorted(keys)}


ARRIVALS = (
    Arrivals(key="open", rate_per_s=20_000, has_bars=True),
    Arrivals(key="open-5k", rate_per_s=5_000, has_bars=False),
)
