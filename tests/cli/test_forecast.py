"""`vumeter forecast`, `risk` and `roi` as typed: answers, and what is missing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

Vumeter = Callable[..., Any]
GIVEN = ("--capacity", "180/s", "--rate", "4k/s")
SHAPE = """
target = "http://127.0.0.1:1"
[scenarios.main]
start_rate = "10/s"
stages = [{ duration = "1h", target = "10/s" }, { duration = "10m", target = "100/s" }]
steps = ["/"]
"""


def test_a_capacity_that_is_given_becomes_instances_and_money(vumeter: Vumeter, runs: Any) -> None:
    shape = runs / "day.toml"
    shape.write_text(SHAPE)
    flags = ("--capacity", "170/s..190/s", "--users", "20k", "--rate-per-user", "0.2/s")
    flags += ("--growth", "5%/month", "--price", "m=0.096 USD/h", "--price", "m:reserved=0.06USD/h")
    flags += ("--shape", str(shape))
    found = vumeter("forecast", *flags, "--format", "json")
    assert found.returncode == 0, found.stderr
    answer = json.loads(found.stdout)
    assert answer["now"]["instances"] == 32 and len(answer["months"]) == 12
    assert answer["advice"]["hint"] == "mixed"
    assert answer["costs"][0]["mix"]["per_month"] < answer["costs"][0]["on_demand_per_month"]
    text = vumeter("forecast", *flags)
    assert "instances needed            32" in text.stdout
    assert "| instances needed | 32 |" in vumeter("forecast", *flags, "--format=markdown").stdout


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("forecast",), "No run is stored"),
        (("forecast", "--capacity", "180/s"), "What load is to be borne?"),
        (("forecast", *GIVEN, "--utilisation", "0%"), "above 0"),
        (("forecast", *GIVEN, "--growth", "5%"), "of what time"),
        (("forecast", *GIVEN, "--shape", "no.toml"), "no.toml"),
        (("forecast", *GIVEN, "--growth", "99999%/month"), "is the most that is forecast"),
        (("forecast", *GIVEN, "--months", "3"), "without --growth"),
        (("forecast", *GIVEN, "--interruptible"), "give --shape, too"),
        (("forecast", "shop", "--capacity", "180/s"), "instead of a run"),
        (("roi", "--cost", "5"), "--gain, --months are missing"),
        (("roi", "--cost", "5 EUR", "--gain", "1 USD/month", "--months", "9"), "currencies"),
        (("risk", "--downtime", "1h", "--rate", "9/s"), "--conversion, --order-value are missing"),
        (("risk", "--conversion", "2"), "are missing"),
    ],
)
def test_what_is_missing_or_cannot_be_meant_is_said(
    vumeter: Vumeter, flags: tuple[str, ...], words: str
) -> None:
    found = vumeter(*flags)
    assert found.returncode in (2, 104)
    assert words in found.stderr
    assert "Traceback" not in found.stderr


def test_a_risk_has_the_share_of_errors_that_a_run_had(
    vumeter: Vumeter, server: ServerProcess
) -> None:
    run = ("run", server.url, "-n", "40", "--headless", "--name", "shop")
    assert vumeter(*run).returncode == 0
    trade = ("--rate", "10/s", "--conversion", "2%", "--order-value", "40 EUR")
    answer = json.loads(vumeter("risk", "shop", *trade, "--format", "json").stdout)
    assert answer["error_ratio"] == 0 and answer["revenue_at_risk"] == 0
    # Wilson's: after 40 requests without an error up to 8.8 % may fail.
    assert answer["error_high_ratio"] == pytest.approx(0.0876, abs=0.0001)
    assert answer["revenue_at_risk_high"] == pytest.approx(
        answer["error_high_ratio"] * 10 * 3600 * 730 * 0.02 * 40
    )
