"""What a cruise control keeps, and by what."""

from typing import NamedTuple

from vumeter.model.throttle import Lever
from vumeter.thresholds.rule import Rule


class Course(NamedTuple):
    """What is kept, and by what."""

    rule: Rule
    """Its limit is the set point: below it the load may go up."""
    scenario: str
    lever: Lever
    load: float
    floor: float
    top: float
