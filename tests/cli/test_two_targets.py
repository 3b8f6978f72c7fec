"""Two real servers in one run: each counts what the report says, and the slower one is found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

Vumeter = Callable[..., Any]


def requests_of(report: Path) -> dict[str, int]:
    """How many there were, by name."""
    endpoints = json.loads(report.read_bytes())["endpoints"]
    return {each["name"]: each["totals"]["requests"] for each in endpoints}


def test_the_slower_one_of_two_is_found_and_both_counted_what_the_report_says(
    vumeter: Vumeter, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    flags = ("-c", "24", "-z", "18s", "--headless", "--name", "two", "-o", str(report))
    # Slow enough that the machine's own noise is far below the difference.
    with ServerProcess("--law", "fixed:200ms") as a, ServerProcess("--law", "fixed:260ms") as b:
        ended = vumeter(
            "run", a.url, "--against", b.url, *flags,
            "--budget", "p50 +10%",
            "--threshold", "http_req_duration{variant:a}: med < 2s",
            "--threshold", "http_reqs{variant:b}: count > 10",
        )  # fmt: skip
        served = {"a / GET /": a.truth()["requests"], "b / GET /": b.truth()["requests"]}
    assert ended.returncode == 99, ended.stderr
    assert requests_of(report) == served
    assert f"COMPARED  a {a.url.rstrip('/')} → b {b.url.rstrip('/')}" in ended.stdout

    comparison = json.loads(report.read_bytes())["comparison"]
    # Each has one request, which is all of them: no figure is said twice.
    assert {line["name"] for line in comparison["lines"]} == {""}
    found = {line["metric"]: line for line in comparison["lines"]}
    assert found["p50"]["verdict"] == "worse"
    # 260 ms are 30 % more than 200 ms; a busy machine adds some milliseconds to both.
    assert found["p50"]["change"] == pytest.approx(0.3, abs=0.08)
    assert found["rate"]["change"] == pytest.approx(200 / 260 - 1, abs=0.06)
    assert found["errors"]["verdict"] == "same"

    # Asked for later, with another budget: the same figures, and another exit code.
    again = vumeter("compare", "two", "--format", "json", "--budget", "p50 +10%")
    assert again.returncode == 99
    assert json.loads(again.stdout) == [comparison]
    lenient = [f"--budget={metric} +90%" for metric in ("p50", "p95", "p99")]
    assert vumeter("compare", "two", *lenient, "--budget", "rate -90%").returncode == 0
    assert "COMPARED  a " in vumeter("show", "two").stdout


def test_by_turns_each_has_all_of_the_load_in_its_own_time(
    vumeter: Vumeter, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    profile = tmp_path / "turns.toml"
    with ServerProcess("--law", "fixed:20ms") as a, ServerProcess("--law", "fixed:20ms") as b:
        profile.write_text(
            f'target = "{a.url.rstrip("/")}"\n'
            '[scenarios.main]\nrate = "50/s"\nduration = "8s"\nsteps = ["/"]\n'
            f'[against]\ntarget = "{b.url}"\nalternate = "2s"\nwarm_up = "0s"\n'
        )
        ended = vumeter("run", str(profile), "--headless", "-o", str(report))
        served = {"a / GET /": a.truth()["requests"], "b / GET /": b.truth()["requests"]}
        arrivals = sorted(
            [(at_ns, "a") for at_ns in a.arrivals_ns()]
            + [(at_ns, "b") for at_ns in b.arrivals_ns()]
        )
    assert ended.returncode == 0, ended.stderr
    assert served == requests_of(report)
    # A b b A: four seconds of 50 for each; what is due at a border may be of either.
    assert all(number == pytest.approx(200, abs=2) for number in served.values())
    order = [which for _, which in arrivals]
    assert [order[at] for at in (50, 150, 250, 350)] == ["a", "b", "b", "a"]
    comparison = json.loads(report.read_bytes())["comparison"]
    rates = {(line["a"], line["b"]) for line in comparison["lines"] if line["metric"] == "rate"}
    # Of a turn's own seconds, and not of the whole run.
    assert all(rate == pytest.approx(50, rel=0.06) for pair in rates for rate in pair)
    assert any("Too short to be tested" in remark for remark in comparison["remarks"])


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--against", "127.0.0.1:9", "-c", "4"), "has no scheme"),
        (("--against", "http://127.0.0.1:9", "-c", "3"), "3 VUs cannot be halved"),
        (("--alternate", "5s"), "Name the other: --against URL"),
        (("--against", "http://127.0.0.1:9", "--alternate", "5s"), "constant load that has an end"),
        (("--against", "http://192.0.2.1/"), "192.0.2.1"),
    ],
)
def test_what_two_targets_cannot_be_is_said_before_there_is_any_load(
    vumeter: Vumeter, server: ServerProcess, flags: tuple[str, ...], words: str
) -> None:
    ended = vumeter("run", server.url, "--headless", *flags)
    assert ended.returncode == 2 and words in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr and server.truth()["requests"] == 0
