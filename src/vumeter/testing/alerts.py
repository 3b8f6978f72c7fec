"""An alert that fires, made up: for screens and notices whose subject is something else."""

from typing import Any

from msgspec.structs import replace

from vumeter.model.alert import AlertLevel
from vumeter.model.metric import Unit
from vumeter.model.verdict import AlertState

_FIRING = AlertState(
    name="slow",
    level=AlertLevel.WARNING,
    metric="http_req_duration",
    expression="p(95) > 400ms over 10s",
    bell=True,
    is_firing=True,
    is_acknowledged=False,
    observed=512.3,
    limit=400.0,
    unit=Unit.MS,
    firings=1,
    firing_s=0.0,
    first_fired_s=71.0,
    fired_s=71.0,
    worst=512.3,
)


def firing(**changes: Any) -> AlertState:
    """
    Return an alert on slow answers that has just fired, with *changes*.

    >>> firing(name="slower").name
    'slower'
    """
    return replace(_FIRING, **changes)
