"""Where the capacity of one instance comes from: a search, or a run that met its thresholds."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from msgspec import Struct

from vumeter.errors import UsageError
from vumeter.link import archive
from vumeter.link.folders import RunFolder
from vumeter.model.measure import Reading
from vumeter.model.pilot import Finding, Outcome, StepVerdict
from vumeter.model.plan import Plan, Threshold
from vumeter.model.throttle import Lever
from vumeter.pilot.slo import slo_rules, slos_of
from vumeter.pilot.window import figure, second_of
from vumeter.report.forecast.schema import Capacity, LoadUnit
from vumeter.stats.plaintext import plain
from vumeter.store.reader import StoredRun
from vumeter.thresholds.rule import Rule

WINDOW_S = 10
"""What thresholds are judged by in a run that was no search."""

LEAST_S = 30
"""So long they have to hold without a pause at a load that counts as borne."""


class Measured(Struct, frozen=True, kw_only=True):
    """A capacity, and what else the run has for a forecast."""

    capacity: Capacity
    curve: tuple[tuple[float, float], ...] = ()
    """Loads and p95 in ms."""
    doubts: tuple[str, ...] = ()
    """What must be known before any of it is believed."""
    plan: Plan | None = None
    """The run's; `None`: somebody has said what the capacity is."""


def measured(folder: RunFolder, *, slos: Sequence[Threshold] = ()) -> Measured:
    """
    Return what the stored run in *folder* says of its target's capacity.

    That is what its last search has found; without one, the highest load at which its
    thresholds, or *slos* instead of them, held for 30 s.

    Raises:
        UsageError: It says nothing.
        StoreError: It cannot be read.
    """
    summary = archive.summary(folder)
    found = [each for each in summary.findings if each.sustainable is not None]
    if found and not slos:
        return _of_search(found[-1], folder.id, summary.plan)
    if summary.findings and not slos:
        raise UsageError(
            f"{folder.id}: its search for the capacity held nothing: {summary.findings[-1].text}."
        )
    rules = _rules(folder, summary.plan, slos)
    with archive.opened(folder) as stored:
        capacity = _of_run(stored, rules, name=folder.id, duration_s=summary.duration_s)
    return Measured(capacity=capacity, plan=summary.plan)


def _of_search(found: Finding, name: str, plan: Plan) -> Measured:
    assert found.sustainable is not None, "chosen so"
    curve = (
        (each.load, each.p95_ms)
        for each in found.curve
        if each.p95_ms is not None and each.verdict is not StepVerdict.GENERATOR
    )
    return Measured(
        capacity=Capacity(
            source=f"the search in {name}: {found.text}",
            unit=LoadUnit.PER_S if found.lever is Lever.RATE else LoadUnit.USERS,
            load=found.sustainable,
            low=found.low,
            high=found.high,
            is_lower_bound=found.outcome is not Outcome.FOUND,
        ),
        curve=tuple(curve),
        doubts=tuple(plain(each) for each in found.remarks),
        plan=plan,
    )


def _rules(folder: RunFolder, plan: Plan, slos: Sequence[Threshold]) -> tuple[Rule, ...]:
    thresholds = tuple(slos) or slos_of(plan)
    if not thresholds:
        raise UsageError(
            f"{folder.id} was no search, and has no thresholds: nobody says what it has to bear.",
            hint="Give --slo 'p95 < 300ms', probe the target (vumeter probe), or say --capacity.",
        )
    return slo_rules(thresholds, plan)


class _Window(Struct, frozen=True, kw_only=True):
    span_s: int
    rate_per_s: float
    """Of iterations that were done."""
    is_held: bool


def _of_run(stored: StoredRun, rules: Sequence[Rule], *, name: str, duration_s: float) -> Capacity:
    windows = [
        _window(reading, rules)
        for reading in stored.readings(span_s=WINDOW_S)
        if reading.second + reading.span_s <= duration_s
    ]
    load = max(_held(windows), default=None)
    if not load:
        raise UsageError(
            f"{name}: its thresholds never held for {LEAST_S} s without a pause.",
            hint="Find its capacity: vumeter probe. Or say it: --capacity 180/s.",
        )
    return Capacity(
        source=f"{name}: the highest load at which every threshold held for {LEAST_S} s",
        unit=LoadUnit.PER_S,
        load=load,
        low=load,
        high=None,
        is_lower_bound=True,
    )


def _window(reading: Reading, rules: Sequence[Rule]) -> _Window:
    second = second_of(reading, rules)
    figures = [figure(rule, at, [second]) for at, rule in enumerate(rules)]
    counts = reading.scenarios.values()
    return _Window(
        span_s=reading.span_s,
        rate_per_s=sum(it.iterations_done for it in counts) / reading.span_s,
        # What was dropped was not borne, whatever became of the rest.
        is_held=second.is_clean
        and not any(it.iterations_dropped for it in counts)
        and all(
            it is not None and rule.holds(it.value) for it, rule in zip(figures, rules, strict=True)
        ),
    )


def _held(windows: Sequence[_Window]) -> Iterator[float]:
    """Yield the lowest rate of each stretch of `LEAST_S` in which every window held."""
    ends_s = [0, *accumulate(each.span_s for each in windows)]
    for last in range(len(windows)):
        first = next(
            (at for at in range(last, -1, -1) if ends_s[last + 1] - ends_s[at] >= LEAST_S), None
        )
        if first is not None and all(each.is_held for each in windows[first : last + 1]):
            yield min(each.rate_per_s for each in windows[first : last + 1])
