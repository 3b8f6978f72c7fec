"""How targets and their changes read in outcomes, in the journal and in the event log."""

from vumeter.model.plan import Load, Plan
from vumeter.model.throttle import Lever
from vumeter.units import duration_text

NAMES = {Lever.VUS: "VU", Lever.RATE: "RPS"}
"""How levers are called on screens and in outcomes."""

_ONE_MINUTE_S = 60.0


def number(value: float) -> str:
    """
    Return *value* with at most six digits and no needless zeros.

    >>> number(12.0), number(1250000), number(0.1 + 0.2)
    ('12', '1250000', '0.3')
    """
    return str(int(value)) if value == int(value) else f"{value:.6g}"


def amount(lever: Lever, value: float) -> str:
    """Return the value with its lever: "VU 12", "RPS 450"."""
    return f"{NAMES[lever]} {number(value)}"


def change(lever: Lever, before: float | None, after: float | None) -> str:
    """
    Return a change in words; `None` stands for the closed model, which has no rate.

    >>> change(Lever.VUS, 10, 12), change(Lever.RATE, None, 500), change(Lever.RATE, 500, None)
    ('VU 10 → 12', 'RPS → 500', 'RPS 500 → closed')
    """
    if after is None:
        return f"{amount(lever, before or 0.0)} → closed"
    if before is None:
        return f"{NAMES[lever]} → {number(after)}"
    if before == after:
        return f"{NAMES[lever]} stays at {number(after)}"
    return f"{NAMES[lever]} {number(before)} → {number(after)}"


def over(ramp_s: float) -> str:
    """
    Return the ramp's part of a sentence, with its leading space; empty without a ramp.

    >>> over(5), over(90), over(0)
    (' over 5 s', ' over 1m30s', '')
    """
    return f" over {span(ramp_s)}" if ramp_s > 0 else ""


def span(seconds: float) -> str:
    """
    Return a span of time in words.

    >>> span(5), span(90)
    ('5 s', '1m30s')
    """
    return f"{seconds:.3g} s" if seconds < _ONE_MINUTE_S else duration_text(seconds)


def stage(number: int, stages: int) -> str:
    """
    Return which stage it is; number 0 is the wait before the first.

    >>> stage(2, 5), stage(0, 5)
    ('stage 2/5', 'the wait')
    """
    return f"stage {number}/{stages}" if number else "the wait"


def load(plan: Plan) -> str:
    """Return what *plan* begins with: "10 VUs, no end", "500 RPS on up to 500 VUs, for 30s"."""
    return "; ".join(
        f"{f'{number(rate)} RPS on up to ' if (rate := each.load.rate_per_s) is not None else ''}"
        f"{each.load.vus} VU{'s' if each.load.vus != 1 else ''}, {_course(each.load)}"
        for each in plan.scenarios
    )


def _course(load: Load) -> str:
    ends = []
    if load.iterations is not None:
        ends.append(f"{load.iterations} iterations{' each' if load.per_vu else ''}")
    if load.end_s is not None:
        ends.append(f"for {duration_text(load.end_s - load.start_s)}")
    stages = f"in {len(load.stages)} stage{'s' * (len(load.stages) > 1)} " if load.stages else ""
    begin = f", from {duration_text(load.start_s)} on" if load.start_s > 0 else ""
    return stages + (" or ".join(ends) or "no end") + begin
