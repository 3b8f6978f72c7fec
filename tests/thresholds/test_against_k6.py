"""The same thresholds in k6 and here, against the same server: the same verdicts and codes."""

import json
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from vumeter.testing.flight import Flight, Landing
from vumeter.testing.k6 import K6
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

PROFILE = """
target = "%(url)s"
[scenarios.main]
vus = 2
duration = "1s"
[[scenarios.main.steps]]
path = "/status/404"
checks = [{ name = "is found", status = 200 }, { name = "is JSON", contains = "{" }]
[thresholds]
"""

MEASURING = """
import http from 'k6/http';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const took = new Trend('took', true), size = new Trend('size');
const orders = new Counter('orders'), fast = new Rate('fast'), depth = new Gauge('depth');
const never = new Counter('never');
export const options = %(options)s;
export default function () {
  const at = __ITER;
  http.get('%(url)s');
  took.add(10 + at * 10);
  size.add(at * at);
  orders.add(at * 0.5);
  fast.add(at %% 4);
  depth.add(20 - at);
}
export function handleSummary(data) { return { '%(summary)s': JSON.stringify(data.metrics) }; }
"""

MEASURED = """
from vumeter.script import Counter, Gauge, Rate, Trend, Vu, scenario

took, size = Trend("took", unit="ms"), Trend("size")
orders, fast, depth, never = Counter("orders"), Rate("fast"), Gauge("depth"), Counter("never")

@scenario()
async def act(vu: Vu) -> None:
    at = vu.iteration
    await vu.get("/")
    took.add(10 + at * 10)
    size.add(at * at)
    orders.add(at * 0.5)
    fast.add(at % 4)
    depth.add(20 - at)
"""

Thresholds = Mapping[str, list[str]]


def passed(landing: Landing) -> dict[tuple[str, str], bool]:
    """Return what became of each threshold here, by metric and expression."""
    return {
        (each["metric"], each["expression"]): each["verdict"] == "passed"
        for each in landing.report["thresholds"]
    }


def flags(thresholds: Thresholds) -> list[str]:
    return [
        text
        for metric, rules in thresholds.items()
        for rule in rules
        for text in ("--threshold", f"{metric}: {rule}")
    ]


def both(
    folder: Path, url: str, thresholds: Thresholds, *, options: Mapping[str, Any], load: list[str]
) -> tuple[K6, Landing]:
    """Run k6 and vumeter at the same time, and return what came of it."""
    with (
        K6(folder, url, {**options, "thresholds": thresholds}) as k6,
        Flight(url, *load, *flags(thresholds)) as flight,
    ):
        landing = flight.land()
        k6.code()
    return k6, landing


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    with ServerProcess("--law", "bimodal:20ms,100ms,10%") as target:
        yield target


CLOSED = {"options": {"vus": 4, "duration": "2s"}, "load": ["-c", "4", "-z", "2s"]}

HOLD = {
    "http_req_duration": ["p(95)<500", "p(50) < 60", "avg<80", "min>=10", "max<2000", "med<=60"],
    "http_req_failed": ["rate<0.01", "rate==0"],
    "http_reqs": ["count>50", "rate>20"],
    "iterations": ["count>50", "rate > 20"],
    "data_received": ["count>1000"],
    "data_sent": ["rate>100"],
    "vus": ["value>0", "value<=4"],
}

BREAK = {
    "http_req_duration": ["p(95)<50", "p(99.9)<=90", "max<90", "avg<10", "min>90", "med===7"],
    "http_req_failed": ["rate>0.5"],
    "http_reqs": ["count<50", "rate>5000", "count!=0"],
    "iterations": ["count==1"],
    "dropped_iterations": ["count<1"],
}


def test_what_holds_in_k6_holds_here_and_both_end_with_0(
    server: ServerProcess, tmp_path: Path
) -> None:
    k6, landing = both(tmp_path, server.url, HOLD, **CLOSED)
    assert (k6.process.returncode, landing.exit_code) == (0, 0)
    assert passed(landing) == k6.passed()
    assert set(passed(landing).values()) == {True}


def test_what_breaks_in_k6_breaks_here_and_both_end_with_99(
    server: ServerProcess, tmp_path: Path
) -> None:
    k6, landing = both(tmp_path, server.url, BREAK, **CLOSED)
    assert (k6.process.returncode, landing.exit_code) == (99, 99)
    assert passed(landing) == k6.passed()
    # Both kinds, or the comparison would be one of a constant.
    assert set(passed(landing).values()) == {True, False}


def test_errors_and_dropped_iterations_break_the_same_rules(
    server: ServerProcess, tmp_path: Path
) -> None:
    thresholds = {
        "http_req_failed": ["rate<0.01", "rate==1", "rate>0.99"],
        "dropped_iterations": ["count<10", "count>10"],
        "iterations": ["rate<90", "rate>90"],
    }
    arrivals = {
        "executor": "constant-arrival-rate",
        "rate": 100,
        "duration": "1s",
        "preAllocatedVUs": 1,
        "maxVUs": 1,
    }
    k6, landing = both(
        tmp_path,
        f"{server.url.rstrip('/')}/status/503",
        thresholds,
        options={"scenarios": {"main": arrivals}},
        load=["-c", "1", "-q", "100", "-z", "1s"],
    )
    assert (k6.process.returncode, landing.exit_code) == (99, 99)
    assert passed(landing) == k6.passed()


def test_checks_pass_in_the_same_share(server: ServerProcess, tmp_path: Path) -> None:
    url = server.url.rstrip("/")
    thresholds = {
        "checks": ["rate>0.4", "rate==0.5", "rate>0.6"],
        "checks{check:is found}": ["rate>0", "rate==0"],
        "checks{check:is JSON}": ["rate>0.99"],
    }
    profile = tmp_path / "checks.toml"
    rules = "\n".join(f'"{name}" = {json.dumps(rules)}' for name, rules in thresholds.items())
    profile.write_text(PROFILE % {"url": url} + rules)
    options = {"vus": 2, "duration": "1s", "thresholds": thresholds}
    with (
        K6(tmp_path, f"{url}/status/404", options, has_checks=True) as k6,
        Flight(str(profile)) as flight,
    ):
        landing = flight.land()
        assert (k6.code(), landing.exit_code) == (99, 99)
    assert passed(landing) == k6.passed()
    assert landing.report["checks"] == [
        {"name": "is JSON", "passed": landing.requests, "failed": 0},
        {"name": "is found", "passed": 0, "failed": landing.requests},
    ]


KEPT = {
    "http_req_blocked": ["p(50)<0.1", "max<2000"],
    "http_req_connecting": ["med==0", "p(90)==0", "max<1000", "avg>20"],
    "http_req_tls_handshaking": ["max==0"],
    "http_req_sending": ["med<5"],
    "http_req_waiting": ["med>=19", "avg>15", "p(50)<19"],
    "http_req_receiving": ["med<10", "avg>20"],
    "iteration_duration": ["min>=19", "med<60", "avg<10"],
    "iteration_duration{scenario:main}": ["min>=19", "max<1"],
}

CLOSED_EACH_TIME = {
    "http_req_blocked": ["min>0", "avg<1000", "max==0"],
    "http_req_connecting": ["min>0", "max>0", "med==0"],
    "http_req_tls_handshaking": ["max==0"],
    "http_req_waiting": ["min>=19"],
}


@pytest.mark.parametrize("keep_alive", [True, False], ids=["kept", "closed each time"])
def test_phases_and_iterations_take_as_long(tmp_path: Path, keep_alive: bool) -> None:
    thresholds = KEPT if keep_alive else CLOSED_EACH_TIME
    # In shared iterations k6, too, has a VU connect once and then no more.
    scenario = {"executor": "shared-iterations", "vus": 2, "iterations": 60}
    options = {"scenarios": {"main": scenario}, "noConnectionReuse": not keep_alive}
    load = ["-c", "2", "-n", "60"] + ([] if keep_alive else ["--disable-keepalive"])
    with ServerProcess("--law", "fixed:20ms") as target:
        k6, landing = both(tmp_path, target.url, thresholds, options=options, load=load)
    assert (k6.process.returncode, landing.exit_code) == (99, 99)
    assert passed(landing) == k6.passed()
    assert set(passed(landing).values()) == {True, False}


def test_metrics_of_a_script_come_to_the_same(server: ServerProcess, tmp_path: Path) -> None:
    # One VU and 20 iterations, so that every number is known; medians between two samples are
    # nobody's rule to know, so limits keep away from them.
    thresholds = {
        "took": ["avg==105", "min==10", "max<=200.2", "p(95)>180", "med<120", "p(99)<100"],
        "size": ["max>=361", "avg<124", "avg>123", "min==0", "p(50)>120"],
        "orders": ["count==95", "count<95", "rate>0"],
        "fast": ["rate==0.75", "rate>0.8"],
        "depth": ["value==1", "value>1"],
        "never": ["count==0"],
    }
    script = tmp_path / "measured.py"
    script.write_text(MEASURED)
    options = {"vus": 1, "iterations": 20, "thresholds": thresholds}
    with (
        K6(tmp_path, server.url, options, text=MEASURING) as k6,
        Flight(str(script), server.url, "-c", "1", "-n", "20", *flags(thresholds)) as flight,
    ):
        landing = flight.land()
        assert (k6.code(), landing.exit_code) == (99, 99)
    assert passed(landing) == k6.passed()
    assert set(passed(landing).values()) == {True, False}


def test_abort_on_fail_ends_both_long_before_their_time(
    server: ServerProcess, tmp_path: Path
) -> None:
    rule = {"threshold": "med<1", "abortOnFail": True}
    options = {"vus": 2, "duration": "10m", "thresholds": {"http_req_duration": [rule]}}
    flag = "http_req_duration: med<1 abort_on_fail"
    with (
        K6(tmp_path, server.url, options) as k6,
        Flight(server.url, "-c", "2", "-z", "10m", "--threshold", flag) as flight,
    ):
        landing = flight.land()
        assert (k6.code(), landing.exit_code) == (99, 99)
    assert landing.report["run"]["stop"] == "threshold"
    (entry,) = landing.report["journal"]
    assert (entry["author"], entry["kind"]) == ("threshold", "abort")
    assert "http_req_duration: med<1 was 2" in entry["note"]


def test_a_signal_counts_for_more_than_a_threshold_that_failed(
    server: ServerProcess, tmp_path: Path
) -> None:
    thresholds = {"http_req_duration": ["med<1"]}
    options = {"vus": 2, "duration": "10m", "thresholds": thresholds}
    # One after the other: each has sent something by then, so there is something to fail by.
    with Flight(server.url, "-c", "2", "-z", "10m", *flags(thresholds)) as flight:
        server.wait_for_requests(20)
        flight.process.send_signal(signal.SIGINT)
        landing = flight.land()
    with K6(tmp_path, server.url, options) as k6:
        server.wait_for_requests(server.truth()["requests"] + 20)
        k6.process.send_signal(signal.SIGINT)
        assert (k6.code(), landing.exit_code) == (105, 105)
    assert passed(landing) == k6.passed() == {("http_req_duration", "med<1"): False}


@pytest.mark.parametrize(
    ("metric", "expression"),
    [
        ("http_req_duraton", "p(95)<500"),
        ("http_req_duration", "count<500"),
        ("http_req_failed", "rate<"),
    ],
)
def test_what_k6_does_not_understand_is_refused_here_too(
    server: ServerProcess, tmp_path: Path, metric: str, expression: str
) -> None:
    thresholds = {metric: [expression]}
    options = {"vus": 1, "iterations": 1, "thresholds": thresholds}
    with (
        K6(tmp_path, server.url, options) as k6,
        Flight(server.url, "-n", "1", *flags(thresholds)) as flight,
    ):
        landing = flight.land()
        assert (k6.code(), landing.exit_code) == (104, 104)
    assert "--threshold" in landing.complaints
    assert server.truth()["requests"] == 0
