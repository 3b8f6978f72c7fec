"""A plan with one request, for rules to be held against."""

from typing import Any

from vumeter.model.flow import Request
from vumeter.model.plan import Load, Plan, Scenario


def plan(**fields: Any) -> Plan:
    request = Request(name="GET /", url="http://127.0.0.1/")
    scenario = Scenario(name="main", steps=(request,), load=Load(vus=100, rate_per_s=20.0))
    return Plan(**{"name": "test", "scenarios": (scenario,)} | fields)
