"""The same schedules in k6 and here, at the same time, against the same server: the same work."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from vumeter.testing.disturbance import Disturbance
from vumeter.testing.flight import Flight, Landing
from vumeter.testing.k6 import K6
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

CLOSE = 0.02
CALM_MS = 25.0
"""A machine that made no sleeper wait for longer than this has disturbed nobody."""
ATTEMPTS = 3

PROFILE = """
target = "{url}"
[limits]
max_vus = 300
[scenarios.main]
steps = ["/"]
{body}
[thresholds]
{thresholds}
"""

RAMPS = [(2, 24), (1, 24), (0, 12), (1, 12), (1, 0)]
RATES = [(2, 240), (1, 240), (0, 80), (1, 80)]


def stages(pairs: list[tuple[int, int]]) -> list[dict[str, Any]]:
    return [{"duration": f"{seconds}s", "target": target} for seconds, target in pairs]


def toml_stages(pairs: list[tuple[int, int]], unit: str = "") -> str:
    targets = [f'"{target}{unit}"' if unit else f"{target}" for _, target in pairs]
    tables = (
        f'{{ duration = "{seconds}s", target = {target} }}'
        for (seconds, _), target in zip(pairs, targets, strict=True)
    )
    return f"stages = [{', '.join(tables)}]"


CASES = {
    "ramping-vus": (
        {"executor": "ramping-vus", "startVUs": 2, "stages": stages(RAMPS)},
        f"start_vus = 2\n{toml_stages(RAMPS)}",
    ),
    "constant-vus": (
        {"executor": "constant-vus", "vus": 12, "duration": "4s"},
        'vus = 12\nduration = "4s"',
    ),
    "constant-arrival-rate": (
        {"executor": "constant-arrival-rate", "rate": 150, "duration": "4s",
         "preAllocatedVUs": 60, "maxVUs": 60},
        'rate = "150/s"\nduration = "4s"\nmax_vus = 60',
    ),
    "constant-arrival-rate-with-too-few-vus": (
        {"executor": "constant-arrival-rate", "rate": 150, "duration": "4s",
         "preAllocatedVUs": 8, "maxVUs": 8},
        'rate = "150/s"\nduration = "4s"\nmax_vus = 8',
    ),
    "ramping-arrival-rate": (
        {"executor": "ramping-arrival-rate", "startRate": 40, "timeUnit": "1s",
         "stages": stages(RATES), "preAllocatedVUs": 80, "maxVUs": 80},
        f'start_rate = "40/s"\nmax_vus = 80\n{toml_stages(RATES, "/s")}',
    ),
    "shared-iterations": (
        {"executor": "shared-iterations", "vus": 7, "iterations": 150},
        'executor = "shared-iterations"\nvus = 7\niterations = 150',
    ),
    "per-vu-iterations": (
        {"executor": "per-vu-iterations", "vus": 7, "iterations": 20},
        'executor = "per-vu-iterations"\nvus = 7\niterations = 20',
    ),
}  # fmt: skip

THRESHOLDS = {
    "http_req_failed": ["rate==0"],
    "http_req_duration": ["med>=100", "med<100", "p(95)<1000"],
    "dropped_iterations": ["count<50"],
    "iterations": ["count>130", "rate>2000"],
}


def both(
    folder: Path, url: str, executor: Mapping[str, Any], body: str
) -> tuple[K6, Landing, float]:
    """Run both at the same time; return what came of it, and how disturbed the machine was."""
    thresholds = "\n".join(f"{name} = {json.dumps(rules)}" for name, rules in THRESHOLDS.items())
    profile = folder / "profile.toml"
    profile.write_text(PROFILE.format(url=url, body=body, thresholds=thresholds))
    options = {"scenarios": {"main": dict(executor)}, "thresholds": THRESHOLDS}
    with (
        Disturbance() as disturbance,
        K6(folder, url, options) as k6,
        Flight(str(profile), "--workers", "2") as flight,
    ):
        landing = flight.land()
        k6.code()
    return k6, landing, disturbance.max_ms


def verdicts(landing: Landing) -> dict[tuple[str, str], bool]:
    return {
        (each["metric"], each["expression"]): each["verdict"] == "passed"
        for each in landing.report["thresholds"]
    }


def off(k6: K6, landing: Landing) -> float:
    """Return by what part of all that was due the two are apart, in what they did and dropped."""
    totals = landing.report["totals"]
    theirs = (k6.count("iterations"), k6.count("dropped_iterations"))
    ours = (totals["iterations"], totals["dropped"])
    return max(abs(one - other) for one, other in zip(theirs, ours, strict=True)) / sum(theirs)


@pytest.mark.parametrize("case", CASES)
def test_the_same_schedule_is_the_same_work_and_the_same_verdicts(
    case: str, tmp_path: Path
) -> None:
    with ServerProcess("--law", "fixed:100ms") as server:
        for _ in range(ATTEMPTS):
            k6, landing, disturbed_ms = both(tmp_path, server.url, *CASES[case])
            # Only a machine that was seen to hold processes up is a reason to ask again.
            if off(k6, landing) <= CLOSE or disturbed_ms <= CALM_MS:
                break
        else:
            pytest.skip(f"processes were held up {ATTEMPTS} times, the last {disturbed_ms:.0f} ms")
    assert off(k6, landing) <= CLOSE, (k6.count("iterations"), landing.report["totals"])
    assert verdicts(landing) == k6.passed()
    assert set(k6.passed().values()) == {True, False}
    assert (k6.process.returncode, landing.exit_code) == (99, 99)
