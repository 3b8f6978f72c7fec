"""`vumeter probe`, and the finder in the middle of a run."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from vumeter.cli.planning import Wishes, plan
from vumeter.cli.probe import probed
from vumeter.errors import ExitCode, ProfileError, UsageError
from vumeter.link.folders import RUNS_VARIABLE
from vumeter.model.plan import Arrivals
from vumeter.testing.server_process import ServerProcess

URL = "http://127.0.0.1:8000/"


def test_a_url_is_probed_by_the_rate_with_arrivals_at_random_and_all_vus_as_its_pool() -> None:
    found = probed(plan(Wishes(url=URL)), slos=("p95 < 300ms",))
    load = found.scenarios[0].load

    assert (load.rate_per_s, load.arrivals, load.vus) == (20.0, Arrivals.POISSON, 1000)
    assert found.duration_s is None
    assert found.probe is not None
    assert [each.expression for each in found.probe.slos] == ["p(95) < 300ms"]


def test_by_vus_the_model_is_closed() -> None:
    load = probed(plan(Wishes(url=URL)), slos=("p95 < 1s",), by_vus=True, start="5")
    assert load.scenarios[0].load.rate_per_s is None
    assert load.scenarios[0].load.vus == 5


def test_without_an_slo_there_is_nothing_to_probe() -> None:
    with pytest.raises(ProfileError, match="--slo: Nothing to hold"):
        probed(plan(Wishes(url=URL)), slos=())


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"start": "0"}, "above 0"),
        ({"start": "200k"}, "--max-rate"),
        ({"within": "10s"}, "at least 60 s"),
        ({"scenario": "checkout"}, 'no "checkout"'),
        ({"by_vus": True, "start": "2k"}, "--max-vus"),
    ],
)
def test_flags_that_cannot_be_meant_are_refused(flags: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        probed(plan(Wishes(url=URL)), slos=("p95 < 300ms",), **flags)  # type: ignore[arg-type] # flags of each kind


def probe(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Probe to the end, which takes some 30 s on a machine with nothing else to do."""
    program = Path(sys.executable).parent / "vumeter"
    return subprocess.run(
        [program, "probe", *arguments, "--slo", "p95 < 2s", "--slo", "errors < 1%", "--headless"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.usefixtures("runs")
def test_a_probe_holds_its_guard_rail_and_journals_every_move(
    tmp_path: Path,
) -> None:
    report = tmp_path / "report.json"
    with ServerProcess("--law", "mm1:500") as server:
        # Two seconds: what a busy machine adds of its own stays far below.
        ended = probe(server.url, "--max-rate", "40", "--start", "40", "-o", str(report))
    assert ended.returncode == ExitCode.OK, ended.stderr
    it = json.loads(report.read_text())
    (found,) = it["capacity"]
    assert found["outcome"] == "guard-rail"
    assert found["sustainable"] == 40
    assert found["is_confirmed"]
    assert found["recovered_s"] is not None
    assert "at least 40/s: a guard rail is the limit" in ended.stdout
    moves = [each for each in it["journal"] if each["author"] == "finder"]
    assert [each["value"] for each in moves][:3] == [40, 40, 20]
    assert all(each["note"] for each in moves)
    assert max(each["value"] or 0 for each in moves) == 40


@pytest.mark.slow
def test_whoever_moves_the_throttle_has_it_from_the_finder(
    vumeter: Callable[..., "subprocess.CompletedProcess[str]"],
    eventually: Callable[[Callable[[], object]], None],
) -> None:
    with ServerProcess("--law", "mm1:500") as server:
        vumeter("run", server.url, "-q", "10", "--detach", "--name", "shop")
        begun = vumeter("ctl", "shop", "probe", "p95 < 2s")
        again = vumeter("ctl", "shop", "probe", "p95 < 2s")
        vumeter("ctl", "shop", "set", "rate", "5")
        nobody = vumeter("ctl", "shop", "manual")
        cruise = vumeter("ctl", "shop", "cruise", "p95", "250ms")
        vumeter("stop", "shop")
        eventually(lambda: "CAPACITY" in vumeter("show", "shop").stdout)
    assert "looks for the most that holds p95<2s, from 10" in begun.stdout
    assert "at work already" in again.stderr
    assert "Nobody drives but you" in nobody.stderr
    assert "cruise: keeps p95 250ms by moving RPS" in cruise.stdout
    # On a busy machine its first load was held before the next command came.
    assert re.search(
        r"interrupted before anything was held|at least .{1,12}, interrupted",
        " ".join(vumeter("show", "shop").stdout.split()),
    )


@pytest.mark.slow
def test_what_a_search_had_found_outlives_the_run_process(
    runs: Path,
    vumeter: Callable[..., "subprocess.CompletedProcess[str]"],
    eventually: Callable[[Callable[[], object]], None],
) -> None:
    with ServerProcess("--law", "mm1:500") as server:
        vumeter("run", server.url, "-q", "10", "--detach", "--name", "shop")
        vumeter("ctl", "shop", "probe", "p95 < 2s")
        (store,) = runs.rglob("*.sqlite")
        eventually(lambda: _has_findings(store))
        (process,) = [
            each
            for each in psutil.process_iter(["cmdline", "environ"])
            if "vumeter.cli.conduct" in (each.info["cmdline"] or [])
            and (each.info["environ"] or {}).get(RUNS_VARIABLE) == str(runs)
        ]
        process.kill()
        process.wait(30)
    shown = vumeter("show", "shop").stdout
    assert "CAPACITY" in shown
    assert "interrupted: the run ended before the search did" in shown


def _has_findings(store: Path) -> bool:
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT count(*) FROM standings WHERE name = 'findings'")
        return found.fetchone() == (1,)
