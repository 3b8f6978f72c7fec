"""`vumeter report`, `baseline`, `compare` and `drift`, after runs of the real program."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from vumeter.link import baselines
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

Vumeter = Callable[..., Any]


def test_a_run_is_reported_kept_compared_and_looked_at_for_drift(
    vumeter: Vumeter, server: ServerProcess, tmp_path: Path
) -> None:
    headless = ("--headless", "--name", "shop", "--threshold", "http_req_failed: rate < 1%")
    assert vumeter("run", server.url, "-z", "3s", *headless).returncode == 0

    printed = vumeter("report", "shop").stdout
    assert printed == vumeter("show", "shop").stdout.removesuffix("\n")
    for name in ("report.html", "report.md", "report.json", "report.xml", "report.csv"):
        assert vumeter("report", "-o", str(tmp_path / name)).returncode == 0
    written = json.loads((tmp_path / "report.json").read_bytes())
    assert JUnitXml.fromfile(str(tmp_path / "report.xml")).tests == 1
    assert f">{written['totals']['requests']:,}</data>" in (tmp_path / "report.html").read_text()
    assert f"| {written['totals']['requests']:,} |" in (tmp_path / "report.md").read_text()
    wrong = vumeter("report", "-o", str(tmp_path / "report.doc"))
    assert wrong.returncode == 2 and "does not say what to write" in wrong.stderr
    nowhere = vumeter("report", "-o", str(tmp_path / "nowhere" / "report.md"))
    assert nowhere.returncode == 2 and "No such file or directory" in nowhere.stderr

    assert "There is no baseline" in vumeter("baseline", "list").stdout
    assert "as baseline main:" in vumeter("baseline", "save", "main").stdout
    head, kept = vumeter("baseline", "list").stdout.splitlines()
    assert head.startswith("BASELINE ") and kept.startswith("main ")
    assert kept.split()[-1].startswith("http://127.0.0.1:")
    assert baselines.path_of("main").stat().st_mode & 0o777 == 0o600
    assert vumeter("baseline", "save", "../main").returncode == 2
    # A run is like itself.
    same = vumeter("compare", "main", "shop", "--format", "json")
    assert same.returncode == 0
    assert all(line["change"] == 0 for line in json.loads(same.stdout)[0]["lines"])
    # What is worse than a file says is 99: this one was twice as fast.
    for of in (written, *written["endpoints"]):
        of["latency_ms"] = {name: ms / 2 for name, ms in of["latency_ms"].items()}
    (tmp_path / "fast.json").write_text(json.dumps(written))
    worse = vumeter("compare", str(tmp_path / "fast.json"), "main")
    assert worse.returncode == 99 and "✗ worse (allowed +5.0%)" in worse.stdout
    generous = [f"--budget=p{percent} +150%" for percent in (50, 95, 99)]
    assert vumeter("compare", str(tmp_path / "fast.json"), "main", *generous).returncode == 0
    missing = vumeter("compare", "main", "nobody")
    assert (
        missing.returncode == 2 and 'No run, baseline or file is called "nobody"' in missing.stderr
    )
    assert vumeter("prune", "--keep", "0s").returncode == 0
    assert vumeter("compare", "main", "main").returncode == 0

    assert vumeter("baseline", "rm", "main").returncode == 0
    gone = vumeter("baseline", "rm", "main")
    assert gone.returncode == 2 and 'There is no baseline "main"' in gone.stderr


def test_a_short_run_is_too_short_for_drift(vumeter: Vumeter, server: ServerProcess) -> None:
    assert vumeter("run", server.url, "-n", "5", "--headless").returncode == 0
    told = vumeter("drift")
    assert told.returncode == 0 and "too short to tell a drift" in told.stdout
    assert json.loads(vumeter("drift", "--format", "json").stdout) == []
