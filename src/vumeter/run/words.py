"""How targets and their changes read in outcomes, in the journal and in the event log."""

from vumeter.model.throttle import Lever
from vumeter.units import duration_text

_ONE_MINUTE_S = 60.0


def number(value: float) -> str:
    """
    Return *value* with at most six digits and no needless zeros.

    >>> number(12.0), number(1250000), number(0.1 + 0.2)
    ('12', '1250000', '0.3')
    """
    return str(int(value)) if value == int(value) else f"{value:.6g}"


def bare(lever: Lever, value: float) -> str:
    """Return the value alone, in the lever's unit: "12", "450/s"."""
    return number(value) if lever is Lever.VUS else f"{number(value)}/s"


def amount(lever: Lever, value: float) -> str:
    """Return the value with its lever: "VU 12", "rate 450/s"."""
    return f"{name(lever)} {bare(lever, value)}"


def change(lever: Lever, before: float | None, after: float | None) -> str:
    """
    Return a change in words; `None` stands for the closed model, which has no rate.

    >>> change(Lever.VUS, 10, 12), change(Lever.RATE, None, 500), change(Lever.RATE, 500, None)
    ('VU 10 → 12', 'rate → 500/s', 'rate 500/s → closed')
    """
    if after is None:
        return f"{amount(lever, before or 0.0)} → closed"
    if before is None:
        return f"{name(lever)} → {bare(lever, after)}"
    if before == after:
        return f"{name(lever)} stays at {bare(lever, after)}"
    return f"{name(lever)} {bare(lever, before)} → {bare(lever, after)}"


def over(ramp_s: float) -> str:
    """
    Return the ramp's part of a sentence, with its leading space; empty without a ramp.

    >>> over(5), over(90), over(0)
    (' over 5 s', ' over 1m30s', '')
    """
    if ramp_s <= 0:
        return ""
    return f" over {ramp_s:.3g} s" if ramp_s < _ONE_MINUTE_S else f" over {duration_text(ramp_s)}"


def name(lever: Lever) -> str:
    """Return what people call the lever."""
    return "VU" if lever is Lever.VUS else "rate"
