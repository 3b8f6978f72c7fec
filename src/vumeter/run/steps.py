"""How far one press of a key moves a lever, and what counts as a round number for it."""

import math

from vumeter.model.throttle import Lever

_FINE_UP_TO_VUS = 50
_RATE_STEP_RATIO = 0.05
_SMALLEST_RATE_STEP_PER_S = 0.1
_NICE = (1.0, 2.0, 5.0, 10.0)


def step(lever: Lever, value: float) -> float:
    """
    Return what `+` and `-` move a lever by that stands at *value*.

    VUs go one by one up to 50, then by 10. Rates go by about 5 %, rounded to 1, 2 or 5
    times a power of ten.

    >>> step(Lever.VUS, 50), step(Lever.VUS, 60), step(Lever.RATE, 450), step(Lever.RATE, 1e4)
    (1.0, 10.0, 20.0, 500.0)
    """
    if lever is Lever.VUS:
        return 1.0 if value <= _FINE_UP_TO_VUS else 10.0
    if value <= 0:
        return 1.0
    return max(_SMALLEST_RATE_STEP_PER_S, _nice(value * _RATE_STEP_RATIO))


def settled(lever: Lever, value: float) -> float:
    """
    Return the round number nearest to *value*, which a ramp happened to have reached.

    >>> settled(Lever.VUS, 12.4), settled(Lever.RATE, 437.2913)
    (12.0, 437.0)
    """
    return float(round(value)) if lever is Lever.VUS else float(f"{value:.3g}")


def scaled(lever: Lever, value: float, *, percent: float) -> float:
    """
    Return *value* changed by *percent*; VUs by at least one, or the key would do nothing.

    >>> scaled(Lever.VUS, 10, percent=5), scaled(Lever.RATE, 10, percent=5)
    (11.0, 10.5)
    """
    wanted = value * (1 + percent / 100)
    if lever is Lever.RATE:
        return float(f"{wanted:.6g}")
    away = math.ceil(wanted) if percent > 0 else math.floor(wanted)
    return float(round(wanted)) if abs(wanted - value) >= 1 else float(away)


def _nice(value: float) -> float:
    """Return the number of the series 1, 2, 5 × 10ⁿ that is nearest to *value* by ratio."""
    power = 10.0 ** math.floor(math.log10(value))
    nearest = min(_NICE, key=lambda nice: abs(math.log(value / (nice * power))))
    return float(f"{nearest * power:.1g}")
