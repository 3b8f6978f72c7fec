"""[[monitors.…]]: what is watched, and what is said of one that cannot be meant."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tomli_w

from vumeter.model.plan import Plan
from vumeter.model.watched import (
    AgentMonitor,
    ProcessMonitor,
    PrometheusMonitor,
    RedisMonitor,
)
from vumeter.profiles.monitors import monitors_written

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


def test_servers_are_watched_by_their_urls_and_written_as_they_were(
    loaded: Loaded, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("")
    monitors = """
[[monitors.redis]]
name = "cache"
url = "redis://:hunter2@127.0.0.1:6379/1"

[[monitors.prometheus]]
name = "node"
url = "http://127.0.0.1:9100/metrics"
series = { load_1m = "node_load1", errors_per_s = 'rate(http_requests_total{status=~"5.."})' }
every = "2s"
token = "s3cret"
authorities = "ca.pem"

[[monitors.agent]]
name = "db-host"
url = "https://127.0.0.1:9647"
token = "t0ken"
"""
    plan = loaded(SIMPLE + monitors)
    assert plan.monitors == (
        RedisMonitor(name="cache", url="redis://:hunter2@127.0.0.1:6379/1"),
        PrometheusMonitor(
            name="node",
            url="http://127.0.0.1:9100/metrics",
            series=(
                ("load_1m", "node_load1"),
                ("errors_per_s", 'rate(http_requests_total{status=~"5.."})'),
            ),
            every_s=2,
            token="s3cret",
            authorities=str(tmp_path / "ca.pem"),
        ),
        AgentMonitor(name="db-host", url="https://127.0.0.1:9647", token="t0ken"),
    )
    written = tomli_w.dumps({"monitors": monitors_written(plan.monitors)})
    assert loaded(SIMPLE + written).monitors == plan.monitors


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
        pytest.param(
            'redis = [{ name = "a", url = "http://:hunter2@x" }]',
            'monitors.redis[0].url: is no URL that begins with "redis://", "rediss://", "unix://".',
            id="no-redis",
        ),
        pytest.param(
            'prometheus = [{ name = "a", url = "http://x", series = { b = "rate(b" } }]',
            'monitors.prometheus[0].series.b: "rate(b" is no selector.',
            id="no-selector",
        ),
        pytest.param(
            'prometheus = [{ name = "a", url = "http://x", series = { b = "b{c=1}" } }]',
            '"b{c=1}": "c=1" is no matcher of a label.',
            id="no-matcher",
        ),
        pytest.param(
            'agent = [{ name = "a", url = "http://192.0.2.1:1", token = "t" }]',
            "monitors.agent[0].url: others on the way could read the token: there is no TLS.",
            id="no-tls",
        ),
        pytest.param(
            'prometheus = [{ name = "a", url = "http://x", series = {} }]',
            "monitors.prometheus[0].series:",
            id="no-series",
        ),
        pytest.param(
            'prometheus = [{ name = "a", url = "http://x", series = { b = "b" },'
            ' authorities = "gone.pem" }]',
            'monitors.prometheus[0].authorities: there is no file "gone.pem".',
            id="no-file",
        ),
    ],
)
def test_what_cannot_be_watched_is_said_with_its_place(
    complaint: Complaint, table: str, said: str
) -> None:
    assert said in complaint(SIMPLE + f"[monitors]\n{table}\n")
