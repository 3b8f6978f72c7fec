"""[[monitors.…]]: what is watched, and what is said of one that cannot be meant."""

from collections.abc import Callable

import pytest

from vumeter.model.plan import Plan
from vumeter.model.watched import ProcessMonitor

Loaded = Callable[..., Plan]
Complaint = Callable[..., str]

SIMPLE = """
target = "http://127.0.0.1:8000"
[scenarios.main]
steps = ["/"]
"""


def test_monitors_are_in_the_order_of_the_profile(loaded: Loaded) -> None:
    plan = loaded(
        SIMPLE
        + """
[[monitors.process]]
name = "api"
port = 8000

[[monitors.process]]
name = "jobs"
pattern = "celery .*shop"
children = false
"""
    )
    assert plan.monitors == (
        ProcessMonitor(name="api", port=8000),
        ProcessMonitor(name="jobs", pattern="celery .*shop", children=False),
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        pytest.param(
            'process = [{ name = "api" }]',
            "p.toml:6: monitors.process[0]: says neither pid, pattern nor port.",
            id="nothing",
        ),
        pytest.param(
            'process = [{ name = "api", pid = 1, port = 2 }]',
            "monitors.process[0]: says pid and port.",
            id="two-ways",
        ),
        pytest.param(
            'process = [{ name = "api", pattern = "(" }]',
            'monitors.process[0].pattern: "(" is no regular expression: missing )',
            id="no-pattern",
        ),
        pytest.param(
            'process = [{ name = "a", pid = 1 }, { name = "a", pid = 2 }]',
            'monitors.process[1].name: there is another monitor "a".',
            id="one-name-twice",
        ),
        pytest.param(
            'process = [{ name = "a.b", pid = 1 }]', "monitors.process[0].name:", id="a-dot"
        ),
        pytest.param(
            'process = [{ name = "a", port = 70000 }]', "monitors.process[0].port:", id="no-port"
        ),
    ],
)
def test_what_cannot_be_watched_is_said_with_its_place(
    complaint: Complaint, table: str, said: str
) -> None:
    assert said in complaint(SIMPLE + f"[monitors]\n{table}\n")
