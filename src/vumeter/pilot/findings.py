"""What a search has found, put together and into words."""

from vumeter.model.pilot import Finding, LoadPoint, Outcome, StepVerdict
from vumeter.model.throttle import Lever
from vumeter.pilot.knee import knee
from vumeter.pilot.saturation import first_saturated, saturated
from vumeter.pilot.scalability import fitted_usl
from vumeter.pilot.search import Finder, Record
from vumeter.pilot.window import sums

# Student's t, two-sided 95 %, by degrees of freedom from 2 on.
_TWO_SIDED = (4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)


def finding(
    finder: Finder, *, author: str, started_s: float, at_s: float, why: str = ""
) -> Finding:
    """
    Return what *finder* has come to at run time *at_s*.

    Args:
        finder: One that is over, or is interrupted now.
        author: Who asked for it.
        started_s: When, in run time.
        at_s: Now.
        why: What interrupted it; empty: nothing.
    """
    search = finder.search
    outcome = finder.outcome or Outcome.INTERRUPTED
    curve = tuple(sorted(map(_point, finder.records), key=lambda each: each.load))
    low, high = _interval(finder, outcome)
    sustainable = finder.sustainable
    return Finding(
        outcome=outcome,
        text=_text(finder, outcome, low, high, why),
        scenario=search.scenario,
        lever=search.lever,
        slos=tuple(rule.threshold for rule in search.rules),
        author=author,
        started_s=started_s,
        took_s=at_s - started_s,
        sustainable=sustainable,
        limit=finder.crossing.load if outcome is Outcome.FOUND and finder.crossing else None,
        low=low,
        high=high,
        is_confirmed=finder.is_confirmed,
        recovered_s=finder.recovered_s,
        knee=knee(curve),
        saturated=first_saturated(curve),
        curve=curve,
        usl=fitted_usl(curve),
        remarks=_remarks(finder),
    )


def load_text(load: float, lever: Lever) -> str:
    """
    Return a load with its unit.

    >>> load_text(370.02, Lever.RATE), load_text(12.0, Lever.VUS)
    ('370/s', '12 VUs')
    """
    if lever is Lever.VUS:
        return f"{load:.0f} VU{'s' * (round(load) != 1)}"
    return f"{load:.0f}/s" if load >= 100 else f"{load:.3g}/s"


def _interval(finder: Finder, outcome: Outcome) -> tuple[float | None, float | None]:
    sustainable = finder.sustainable
    if sustainable is None:
        return None, finder.high
    if outcome is not Outcome.FOUND:
        return sustainable, None
    found = finder.crossing
    if found is None:
        return finder.low, finder.high
    # Each step is one of the curve's; two go for its height and its slope.
    degrees = min(max(2, found.trials - 2), len(_TWO_SIDED) + 1)
    around = _TWO_SIDED[degrees - 2] * found.error
    # What was held is no guess, however the line lies.
    lowest = min(found.load - around, sustainable)
    return max(0.0, lowest), max(found.load + around, sustainable)


def _text(finder: Finder, outcome: Outcome, low: float | None, high: float | None, why: str) -> str:
    lever, sustainable = finder.search.lever, finder.sustainable
    why = why or finder.why
    if sustainable is None:
        if outcome is Outcome.GENERATOR:
            return "no answer: the generator was the limit from the first step on"
        if outcome is Outcome.INTERRUPTED:
            return f"interrupted before anything was held: {why}"
        return f"nothing was held, down to {load_text(finder.load, lever)}: {why}".rstrip(": ")
    load = load_text(sustainable, lever)
    if outcome is Outcome.FOUND:
        between = " and ".join(
            "?" if each is None else load_text(each, lever) for each in (low, high)
        )
        sure = "" if finder.is_confirmed else ", not confirmed by a hold"
        near = "" if finder.crossing is None else f"near {load_text(finder.crossing.load, lever)}, "
        return f"{load} sustained{sure}; the limit is {near}between {between}"
    words = {
        Outcome.GENERATOR: f"at least {load}: the generator is the limit",
        Outcome.GUARD_RAIL: f"at least {load}: a guard rail is the limit",
        Outcome.BROKEN: f"{load} was held, and the target did not recover from more: {why}",
    }
    return words.get(outcome, f"at least {load}, interrupted: {why}".rstrip(": "))


def _remarks(finder: Finder) -> tuple[str, ...]:
    remarks = []
    limited = sum(each.limited_seconds for each in finder.records)
    if limited:
        remarks.append(f"the generator was the limit in {limited} s, which were not judged")
    marginal = sum(each.judged.is_marginal for each in finder.records)
    if marginal:
        remarks.append(
            f"{marginal} of {len(finder.records)} steps were within their noise of the limit"
        )
    return tuple(remarks)


def _point(record: Record) -> LoadPoint:
    judged = record.judged
    total = sums(judged.seconds)
    return LoadPoint(
        load=record.load,
        verdict=judged.verdict,
        why=judged.why,
        is_steady=judged.is_steady,
        is_marginal=judged.is_marginal,
        second=judged.seconds[0].reading.second if judged.seconds else -1,
        seconds=len(judged.seconds),
        generator_limited_seconds=record.limited_seconds,
        requests_per_s=total.requests_per_s,
        in_flight=total.in_flight,
        mean_ms=total.mean_ms,
        p50_ms=total.p50_ms,
        p95_ms=total.p95_ms,
        p99_ms=total.p99_ms,
        error_ratio=total.error_ratio,
        saturated=saturated(judged.seconds) if judged.verdict is StepVerdict.FAILED else (),
    )
