"""`vumeter ps`: what is listed, for people and for scripts."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from vumeter.link import folders
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

Vumeter = Callable[..., "subprocess.CompletedProcess[str]"]


def listed(vumeter: Vumeter) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(vumeter("ps", "--json").stdout)
    return rows


def test_runs_are_listed_with_their_verdicts_the_newest_first(
    runs: Path, vumeter: Vumeter, server: ServerProcess, eventually: Any
) -> None:
    assert listed(vumeter) == []
    vumeter("run", server.url, "--detach", "--name", "night", "-c", "2")
    thresholds = (
        "--threshold",
        "http_req_duration: p(95) < 1us",
        "--threshold",
        "http_reqs: count > 0",
    )
    vumeter("run", server.url, "--detach", "--name", "day", "-q", "40", *thresholds)
    taken = vumeter("run", server.url, "--detach", "--name", "night")
    assert taken.returncode == 2
    assert 'A run "night" is going on already.' in taken.stderr
    eventually(lambda: listed(vumeter)[0]["verdicts"] == {"failed": 1, "passed": 1})
    day, night = listed(vumeter)
    assert (day["name"], day["state"], day["rate_requested_per_s"]) == ("day", "running", 40)
    assert (night["name"], night["vus_requested"], night["rate_requested_per_s"]) == (
        "night",
        2,
        None,
    )
    assert night["verdicts"] == {}
    assert night["p95_us"] > 20_000
    table = vumeter("ps").stdout.splitlines()
    assert table[0].split()[:4] == ["RUN", "STATE", "AGE", "VUS"]
    assert "1/2 failed" in table[1]
    assert table[2].startswith("night")


def test_a_run_that_hangs_is_listed_and_said_to_hang(
    runs: Path, vumeter: Vumeter, server: ServerProcess
) -> None:
    vumeter("run", server.url, "--detach", "--name", "night")
    (process,) = [
        each
        for each in psutil.process_iter(["environ", "cmdline"])
        if (each.info["environ"] or {}).get(folders.RUNS_VARIABLE) == str(runs)
        and "vumeter.cli.conduct" in each.info["cmdline"]
    ]
    process.send_signal(signal.SIGSTOP)
    try:
        (row,) = listed(vumeter)
        assert (row["name"], row["state"], row["vus"]) == ("night", "no answer", None)
        assert "no answer" in vumeter("ps").stdout
    finally:
        process.send_signal(signal.SIGCONT)
