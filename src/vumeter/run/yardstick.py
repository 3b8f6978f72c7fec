"""
What a run is held to: a baseline, read as far as the run has gone.

Imports numpy, and works on a thread: only a run that is compared pays for either.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from vumeter.model.comparison import Comparison, Metric
from vumeter.model.frame import Figures
from vumeter.model.measure import Reading
from vumeter.model.plan import Load, Plan
from vumeter.model.summary import Summary
from vumeter.run.party import Party, is_steered, load_remark
from vumeter.stats.numeric.differences import FEWEST_WINDOWS, figures
from vumeter.stats.verdict import Verdict, verdict
from vumeter.stats.windows import Windows
from vumeter.store.reader import StoredRun, open_run
from vumeter.thresholds.budgets import Budget
from vumeter.thresholds.comparing import Side, lines


class Yardstick:
    """
    The stored run at *path*, which may be removed meanwhile: it stays open.

    Raises:
        StoreError: It cannot be read.
    """

    def __init__(self, path: Path, title: str, *, plan: Plan, budgets: tuple[Budget, ...]) -> None:
        self._stored = open_run(path)
        self._title = title
        self._plan = plan
        self._budgets = budgets
        stored = self._stored
        self._summary = stored.summary or stored.so_far(None)
        self._has_same_load = _loads(stored.plan) == _loads(plan) and not is_steered(stored.journal)
        self._party = Party()
        self._unread = _readings(stored, self._summary.duration_s)

    def close(self) -> None:
        """Let go of the file."""
        self._stored.close()

    def beside(self, own: Party, *, is_steered: bool) -> Comparison:
        """Return how the run stands beside as much of the baseline as it has had time for."""
        upto_s = own.seconds
        self._read(upto_s)
        return self._compared(own, None, is_steered=is_steered)

    def concluded(self, own: Party, summary: Summary, *, is_steered: bool) -> Comparison:
        """Return how the run, of which that is the end, stands beside the whole baseline."""
        self._read(float("inf"))
        return self._compared(own, summary, is_steered=is_steered)

    def _read(self, upto_s: float) -> None:
        while self._party.seconds < upto_s and (found := next(self._unread, None)) is not None:
            self._party.add(found, end_s=self._summary.duration_s)

    def _compared(self, own: Party, summary: Summary | None, *, is_steered: bool) -> Comparison:
        length_s = max(own.log.length_s, self._party.log.length_s)
        sides = []
        for party, whole in ((self._party.copy(), self._summary), (own, summary)):
            party.log.lengthen(length_s)
            windows = party.log.windows()
            known = _of_windows(windows) if summary is None else _of_summary(whole, windows)
            sides.append(Side(figures=known, windows=windows))
        a, b = sides
        is_paired = self._has_same_load and not is_steered
        return Comparison(
            a=self._title,
            b=self._plan.name,
            lines=lines(a, b, budgets=self._budgets, is_paired=is_paired),
            is_paired=is_paired,
            window_s=length_s,
            windows=(len(a.windows[""].requests), len(b.windows[""].requests)),
            remarks=tuple(self._remarks(a, b, own, is_over=summary is not None)),
            only_a=tuple(sorted(a.figures.keys() - b.figures.keys())),
            only_b=tuple(sorted(b.figures.keys() - a.figures.keys())),
        )

    def _remarks(self, a: Side, b: Side, own: Party, *, is_over: bool) -> Iterator[str]:
        windows = min(len(side.windows[""].requests) for side in (a, b))
        # While it goes on, "not enough yet" is beside each change, and told of once is enough.
        if is_over and windows < FEWEST_WINDOWS:
            yield f"Too short to be tested: {windows} of the {FEWEST_WINDOWS} windows it takes."
        if differs := load_remark(self._party, own):
            yield differs
        if verdict(self._summary.generator) is Verdict.GENERATOR_LIMITED:
            yield f"In {self._title} vumeter itself was the limit."
        if self._stored.plan.target != self._plan.target:
            yield f"Two targets: {self._stored.plan.target} and {self._plan.target}."
        for title, one, other in ((self._title, a, b), ("this run", b, a)):
            if names := sorted(one.figures.keys() - other.figures.keys()):
                yield f"Only in {title}: {', '.join(names)}."
        if own.log.left_out:
            more = "" if is_over else " once it is over"
            yield (
                f"{own.log.left_out} requests more are in the whole only: "
                f"vumeter compare has them all{more}."
            )


def _loads(plan: Plan) -> tuple[Load, ...]:
    return tuple(scenario.load for scenario in plan.scenarios)


def _readings(stored: StoredRun, duration_s: float) -> Iterator[Reading]:
    return (each for each in stored.readings() if each.second < duration_s)


def _of_windows(windows: Mapping[str, Windows]) -> dict[str, dict[Metric, float]]:
    return {name: found for name, each in windows.items() if (found := figures(each))}


def _of_summary(
    summary: Summary | None, windows: Mapping[str, Windows]
) -> dict[str, dict[Metric, float]]:
    """Return what the run's own summary says of those names that were kept apart."""
    if summary is None:
        return {}
    everything = {"": summary.total, **summary.endpoints}
    return {name: _figures(everything[name]) for name in windows if name in everything}


def _figures(it: Figures) -> dict[Metric, float]:
    found: dict[Metric, float] = {}
    if it.latency is not None:
        found[Metric.P50] = it.latency.p50_us / 1000
        found[Metric.P95] = it.latency.p95_us / 1000
        found[Metric.P99] = it.latency.p99_us / 1000
    if it.requests:
        found[Metric.RATE] = it.requests_per_s
        found[Metric.ERRORS] = it.error_ratio
    return found
