"""
Why seconds were slow, or failed: the series whose change goes with it best. Pure.

Rank correlation with lags, behind guards. Nothing is said of too few seconds, or where what is
to be explained hardly changed; a series counts only where it changed by an amount that matters, in
the direction that does harm. docs/measurement.md, "Why", says what each of them is for.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from msgspec.structs import replace

from vumeter.model.explanation import Confidence, Explanation, Finding, Question
from vumeter.model.metric import Unit
from vumeter.stats.correlation import (
    Lagged,
    Values,
    best_lag,
    chance,
    independent_points,
    pairs_at,
)
from vumeter.stats.series import shown_value, unit_of
from vumeter.stats.subjects import Subject, subject_of

LEAST_POINTS = 20
"""With fewer nothing is said."""

MOST_LAG_S = 10
"""How far apart cause and effect are looked for; at least one value."""

MOST_FINDINGS = 8

LEAST_RHO = 0.35
"""A weaker correlation is not worth a line."""

_LEAST_KNOWN_RATIO = 0.6
"""Of the seconds, a series has to have a value in so many."""

_WORST_PART = 6
_LEAST_WORST = 4
"""The worst sixth of the seconds, and no fewer than so many, is compared with the better half."""

_LEAST_LATENCY_RATIO = 1.2
_LEAST_ERROR_POINTS = 0.2
"""By how much the worst sixth has to differ, or there is nothing to explain."""

_BEHIND_WEIGHT = 0.85
_BEHIND_FROM_S = 2
"""
Of what changes only after the effect: most likely another effect. A second is nothing: the
database counts what happened up to a second late.
"""

_TOLD_LATE = ".deadlocks"
"""No effect of slowness, and counted up to ten seconds late: when its session works again."""

_FAR_WEIGHT = 0.02
"""Less for each second of lag: shifted far enough, any step fits any other."""

_SIZE_WEIGHT = 0.25
"""Of how much it changed. To ranks a third more is as much as nothing that becomes something."""

_LEAST_RATIO = 0.2
_LEAST_CHANGE = {Unit.PERCENT: 5.0, Unit.RATIO: 0.02, Unit.COUNT: 0.5, Unit.MS: 5.0}
"""A change is told where it is a fifth of the value, and at least so much in the series' unit."""
_LEAST_OF: tuple[tuple[str, float], ...] = (
    # The longest of many statements is now and then a little longer.
    (".longest_", 100.0),
    # What servers read and write for themselves, and the probe for itself.
    (".rows_read_per_request", 100.0),
    (".rows_written_per_s", 100.0),
    (".rows_read_per_s", 10_000.0),
    (".disk_read_bytes_per_s", 1e6),
    (".disk_write_bytes_per_s", 1e6),
    ("_bytes_per_s", 50_000.0),
)
"""Of series with this in their names the change has to be larger than their unit tells."""

_SURE, _LIKELY = 0.01, 0.05
_STRONG_RHO = 0.6
"""How rarely chance alone may bring it, and how close it must be, to be called sure."""

_ABSOLUTE = (Unit.PERCENT, Unit.RATIO)
"""Of these the amount alone decides: 99 % to 97 % of hits is three times the misses."""

_COUNTED = (".deadlocks", ".checkpoints_timed", ".checkpoints_requested", ".temporary_files")
"""Series that count since the run began: what matters is when they grow."""

Row = Mapping[str, float]
"""One second's value of each series; an empty one is a gap."""


class _Candidate(NamedTuple):
    """A series that goes with it."""

    series: str
    subject: Subject
    lagged: Lagged
    lag_s: int
    levels: "_Levels"

    @property
    def score(self) -> float:
        """What it is ranked by."""
        is_late = self.lag_s < 0 and self.series.endswith(_TOLD_LATE)
        is_behind = self.lag_s <= -_BEHIND_FROM_S and not is_late
        weight = self.subject.weight * (_BEHIND_WEIGHT if is_behind else 1.0)
        near = 1.0 if is_late else 1 - _FAR_WEIGHT * abs(self.lag_s)
        size = 1 - _SIZE_WEIGHT * (1 - _size(self.series, self.levels))
        return abs(self.lagged.rho) * weight * near * size


def explanation(
    rows: Sequence[Row], question: Question, *, from_second: int, span_s: int = 1
) -> Explanation:
    """
    Return what may explain the latency or the errors in *rows*.

    Args:
        rows: What there was in each span of *span_s* seconds, in order and without a gap: where
            nothing is known, an empty row.
        question: What is to be explained.
        from_second: When the first row begins.
        span_s: Of how many seconds each row is.
    """
    blank = Explanation(
        question=question,
        from_second=from_second,
        to_second=from_second + len(rows) * span_s,
        span_s=span_s,
    )
    effect = [row.get(question.series) for row in rows]
    known = [at for at, value in enumerate(effect) if value is not None]
    if len(known) < LEAST_POINTS:
        return replace(blank, problem=f"only {len(known)} values of {question.words}")
    peak = max(known, key=lambda at: effect[at] or 0.0)
    levels = _levels(effect, effect)
    told = replace(
        blank,
        typical=levels.typical,
        worst=levels.worst,
        worst_second=from_second + peak * span_s,
    )
    if not _is_bent(question, levels):
        return replace(told, problem=f"{question.words} hardly changed")
    columns = _columns(rows)
    candidates = sorted(
        _candidates(columns, effect, span_s), key=lambda each: each.score, reverse=True
    )
    by_subject: dict[str, list[_Candidate]] = {}
    for each in candidates:
        by_subject.setdefault(each.subject.name, []).append(each)
    findings = tuple(
        replace(
            _finding(several, columns, effect, question),
            worst_second=from_second + _worst_at(several[0], columns, effect) * span_s,
        )
        for several in list(by_subject.values())[:MOST_FINDINGS]
    )
    problem = "" if findings else f"nothing that is watched changes with {question.words}"
    return replace(told, compared=len(columns), findings=findings, problem=problem)


class _Levels(NamedTuple):
    """What a series is like in the better half of the time, and in its worst sixth."""

    typical: float
    worst: float


def _levels(values: Values, effect: Values) -> _Levels:
    """Return the medians of *values* where *effect* is low, and where it is highest."""
    pairs = [pair for pair in zip(effect, values, strict=True) if None not in pair]
    pairs.sort(key=lambda pair: pair[0] or 0.0)
    ordered = [value for _, value in pairs if value is not None]
    worst = max(_LEAST_WORST, len(ordered) // _WORST_PART)
    return _Levels(median(ordered[: len(ordered) // 2]), median(ordered[-worst:]))


def _is_bent(question: Question, levels: _Levels) -> bool:
    if question is Question.ERRORS:
        return levels.worst - levels.typical >= _LEAST_ERROR_POINTS
    return levels.worst >= _LEAST_LATENCY_RATIO * levels.typical


def _columns(rows: Sequence[Row]) -> dict[str, list[float | None]]:
    """Return the values of each series that can be a reason."""
    names = sorted(set().union(*rows))
    columns = {
        name: [_value(row, name) for row in rows] for name in names if subject_of(name) is not None
    }
    return {
        name: _steps(values) if name.endswith(_COUNTED) else values
        for name, values in columns.items()
    }


def _steps(values: Values) -> list[float | None]:
    """Return by how much each value is above the one before; the first has none before it."""
    return [
        None,
        *(
            None if later is None or earlier is None else max(0.0, later - earlier)
            for earlier, later in pairwise(values)
        ),
    ]


def _value(row: Row, name: str) -> float | None:
    value = row.get(name)
    if value is None:
        prefix, waits, _ = name.partition(".active_by_wait.")
        # A wait that nobody had has no value where the database was looked at: it is zero.
        return 0.0 if waits and f"{prefix}.active_sessions" in row else None
    return value


def _candidates(columns: Mapping[str, Values], effect: Values, span_s: int) -> Iterator[_Candidate]:
    least = max(LEAST_POINTS // 2, round(_LEAST_KNOWN_RATIO * len(effect)))
    for series, values in columns.items():
        if len({*values} - {None}) < 2:
            continue
        subject = subject_of(series)
        assert subject is not None, "chosen so"
        most = min(max(1, MOST_LAG_S // span_s), len(effect) // 4)
        lagged = best_lag(values, effect, most=most, least_points=least - most, sign=subject.sign)
        if lagged is None or abs(lagged.rho) < LEAST_RHO:
            continue
        pairs = pairs_at(values, effect, lagged.lag)
        levels = _levels(*pairs)
        if _matters(series, levels):
            yield _Candidate(series, subject, lagged, lagged.lag * span_s, levels)


def _matters(series: str, levels: _Levels) -> bool:
    """Whether the series changed by an amount that a person would call a change."""
    unit = unit_of(series)
    typical, worst = (shown_value(series, value) for value in levels)
    change = abs(worst - typical)
    if not change or change < _least_change(series, unit):
        return False
    return unit in _ABSOLUTE or change >= _LEAST_RATIO * max(abs(typical), abs(worst))


def _least_change(series: str, unit: Unit) -> float:
    own = (least for part, least in _LEAST_OF if part in series)
    return next(own, _LEAST_CHANGE.get(unit, 0.0))


def _size(series: str, levels: _Levels) -> float:
    """Return how much of the larger level is change, 0 to 1; where hits fall, of the misses."""
    unit, (typical, worst) = unit_of(series), levels
    if unit in _ABSOLUTE and worst < typical:
        whole = 100.0 if unit is Unit.PERCENT else 1.0
        typical, worst = whole - typical, whole - worst
    larger = max(abs(typical), abs(worst))
    return min(1.0, abs(worst - typical) / larger) if larger else 0.0


def _finding(
    several: Sequence[_Candidate],
    columns: Mapping[str, Values],
    effect: Values,
    question: Question,
) -> Finding:
    """Return *several* candidates of one subject, the best first, as one finding."""
    best = several[0]
    independent = independent_points(*pairs_at(columns[best.series], effect, best.lagged.lag))
    p = chance(best.lagged.rho, independent=independent, trials=len(columns))
    return Finding(
        series=best.series,
        sentence=_sentence(best, question),
        rho=best.lagged.rho,
        lag_s=best.lag_s,
        confidence=_confidence(p, best.lagged.rho),
        points=best.lagged.points,
        independent_points=independent,
        typical=best.levels.typical,
        worst=best.levels.worst,
        also=tuple(each.series for each in several[1:]),
    )


def _worst_at(each: _Candidate, columns: Mapping[str, Values], effect: Values) -> int:
    """Return where the series was worst, of where it goes with the worst of *effect*."""
    values, lag = columns[each.series], each.lagged.lag
    pairs = [
        (behind, math.copysign(1, each.lagged.rho) * value, at)
        for at, value in enumerate(values)
        if value is not None
        and 0 <= at + lag < len(effect)
        and (behind := effect[at + lag]) is not None
    ]
    pairs.sort()
    worst = pairs[-max(_LEAST_WORST, len(pairs) // _WORST_PART) :]
    return max(worst, key=lambda pair: pair[1])[2]


def _confidence(p: float, rho: float) -> Confidence:
    if p < _SURE and abs(rho) >= _STRONG_RHO:
        return Confidence.HIGH
    return Confidence.FAIR if p < _LIKELY else Confidence.LOW


def _sentence(each: _Candidate, question: Question) -> str:
    """Return "lock waits rise 4 s before p95 (ρ 0.91)"."""
    verb = "rise" if each.lagged.rho > 0 else "fall"
    ending = "s" if each.subject.is_one else ""
    lag_s = each.lag_s
    when = f"{abs(lag_s)} s {'before' if lag_s > 0 else 'after'}" if lag_s else "with"
    return f"{each.subject.words} {verb}{ending} {when} {question.words} (ρ {each.lagged.rho:.2f})"
