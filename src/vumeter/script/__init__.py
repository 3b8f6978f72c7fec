"""Scenarios in Python: `from vumeter.script import Vu, scenario`, see docs/scripts.md."""

from vumeter.script.metrics import Counter, Gauge, Rate, Trend
from vumeter.script.once import setup, teardown
from vumeter.script.response import RequestFailed, Response
from vumeter.script.scenario import Scenario, scenario
from vumeter.script.vu import Vu

__all__ = [
    "Counter",
    "Gauge",
    "Rate",
    "RequestFailed",
    "Response",
    "Scenario",
    "Trend",
    "Vu",
    "scenario",
    "setup",
    "teardown",
]
