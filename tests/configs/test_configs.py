"""Every profile that comes along can be run, and runs against the demo shop."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vumeter.cli.check import preview
from vumeter.cli.profiled import profile_plan
from vumeter.demo.binaries import NoPostgresError, found_binaries
from vumeter.demo.shop import DemoShop
from vumeter.link.folders import RUNS_VARIABLE

CONFIGS = Path(__file__).parents[2] / "configs"
PROFILES = sorted(CONFIGS.glob("*.toml"))
PROGRAM = Path(sys.executable).parent / "vumeter"
GENEROUS_S = 100.0
# A soak of hours and a day of trading take minutes even at a hundredth of their time.
MORE = {"soak": ["-e", "SOAK_FOR=5m"], "trading-day": ["--time-scale", "0.0004"]}
# What is slow in the shop is so on purpose, and these look whether it is.
MAY_FAIL = {"load", "stress", "spike", "capacity", "breakpoint", "trading-day", "personas"}


@pytest.fixture(scope="module")
def shop() -> Iterator[DemoShop]:
    try:
        found_binaries()
    except NoPostgresError as error:
        pytest.skip(error.message)
    with DemoShop.open() as opened:
        yield opened


def run_against(shop: DemoShop, path: Path) -> tuple[int, str, dict[str, Any]]:
    url = shop.door.status().url
    with tempfile.TemporaryDirectory(prefix="vu") as folder:
        report = Path(folder) / "report.json"
        ended = subprocess.run(
            [
                *(PROGRAM, "run", path, "--headless", "--time-scale", "0.01", "-o", report),
                *MORE.get(path.stem, []),
            ],
            env=os.environ | {"VUMETER_TARGET": url, RUNS_VARIABLE: folder},
            capture_output=True,
            text=True,
            timeout=GENEROUS_S,
            check=False,
        )
        assert report.exists(), ended.stderr
        return ended.returncode, ended.stderr, json.loads(report.read_text())


def test_there_is_a_profile_for_every_kind_of_run() -> None:
    assert {path.stem for path in PROFILES} == {
        *("smoke", "baseline", "load", "stress", "spike", "soak", "capacity", "breakpoint"),
        *("trading-day", "personas", "login-journey"),
    }


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_profile_is_sound_and_commented(path: Path) -> None:
    plan = profile_plan(path, variables={}, environment={}, time_scale=1.0)
    assert plan.target == "http://127.0.0.1:8000"
    assert plan.has_end
    assert plan.thresholds
    assert "warnings" not in preview(plan)
    assert path.read_text().startswith("# ")


def test_the_personas_are_the_load_that_their_comment_works_out() -> None:
    plan = profile_plan(CONFIGS / "personas.toml", variables={}, environment={}, time_scale=1.0)
    rates = [scenario.load.rate_per_s for scenario in plan.scenarios]
    assert sum(rate or 0 for rate in rates) == pytest.approx(41.65, rel=0.001)


@pytest.mark.slow
@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_profile_runs_against_the_shop(shop: DemoShop, path: Path) -> None:
    code, said, report = run_against(shop, path)
    assert code in ({0, 99} if path.stem in MAY_FAIL else {0}), said
    assert report["totals"]["requests"] > 0
    assert "Traceback" not in said


@pytest.mark.slow
def test_the_script_runs_against_the_shop(shop: DemoShop) -> None:
    url = shop.door.status().url
    with tempfile.TemporaryDirectory(prefix="vu") as folder:
        report = Path(folder) / "report.json"
        ended = subprocess.run(
            [PROGRAM, "run", CONFIGS / "shop.py", url, "-c", "5", "-n", "50", "-o", report],
            env=os.environ | {RUNS_VARIABLE: folder},
            capture_output=True,
            text=True,
            timeout=GENEROUS_S,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        told = json.loads(report.read_text())
    assert told["errors"] == {}
    assert set(told["statuses"]) == {"200", "201"}
    checks = {check["name"]: (check["passed"], check["failed"]) for check in told["checks"]}
    assert checks == {"the share that was asked for": (40, 0), "logged in": (10, 0)}


@pytest.mark.slow
def test_a_login_journey_gets_only_200s(shop: DemoShop) -> None:
    code, said, report = run_against(shop, CONFIGS / "login-journey.toml")
    assert code == 0, said
    assert report["errors"] == {}
    assert set(report["statuses"]) == {"200"}
    assert report["checks"]
    assert all(check["failed"] == 0 for check in report["checks"])
    logins = [each for each in report["endpoints"] if each["name"] == "POST /login"]
    assert logins[0]["totals"]["requests"] == 10
    assert report["totals"]["requests"] > 20


@pytest.mark.slow
def test_a_wrong_token_counts_as_failed_checks(shop: DemoShop, tmp_path: Path) -> None:
    text = (CONFIGS / "login-journey.toml").read_text()
    path = tmp_path / "journey.toml"
    path.write_text(text.replace("Bearer {{token}}", "Bearer {{token}}x"))
    (tmp_path / "shares.csv").write_bytes((CONFIGS / "shares.csv").read_bytes())
    code, said, report = run_against(shop, path)
    assert code == 99, said
    failed = {check["name"]: check["failed"] for check in report["checks"]}
    assert failed["it works"] > 0
    assert report["statuses"]["401"] == failed["it works"]
