"""`vumeter runs`, `show`, `rm` and `prune`, after runs of the real program."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vumeter.link import folders
from vumeter.store.reader import open_run
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

Vumeter = Callable[..., Any]


def test_a_run_is_listed_shown_as_it_was_printed_and_removed(
    vumeter: Vumeter, server: ServerProcess
) -> None:
    canary = "canary-0d9e8f7a"
    headless = ("--headless", "-H", f"Authorization: Bearer {canary}", "--name")
    printed = vumeter("run", server.url, "-z", "2s", *headless, "shop")
    assert vumeter("run", server.url, "-n", "5", *headless, "other").returncode == 0

    listed = vumeter("runs").stdout.splitlines()
    assert len(listed) == 3
    assert re.match(r"other-\d{8}-\d{6} +ended ", listed[1])
    assert re.match(r"shop-\d{8}-\d{6} +ended ", listed[2])
    assert [
        line.split("-")[0] for line in vumeter("runs", "--sort", "length").stdout.split("\n")[1:3]
    ] == ["shop", "other"]
    assert len(vumeter("runs", "sh*", "--state", "ended", "--newer", "1h").stdout.splitlines()) == 2
    assert "No such run" in vumeter("runs", "--target", "elsewhere").stdout

    assert vumeter("show", "shop").stdout == printed.stdout
    assert "other · " in vumeter("show").stdout

    folder = folders.newest_first("shop")[0]
    for file in folder.path.iterdir():
        assert canary.encode() not in file.read_bytes()
    assert stat.S_IMODE(folder.store.stat().st_mode) == 0o600
    with open_run(folder.store) as run:
        assert run.summary is not None
        requests = sum(it.requests for each in run.readings() for it in each.tallies.values())
        late = sum(it.requests for each in run.late_snapshots for it in each.tallies.values())
        assert requests + late == run.summary.total.requests == server.truth()["requests"] - 5

    assert vumeter("rm", "shop", "nix").returncode == 2
    assert vumeter("rm", "shop").stdout == f"Removed {folder.id}.\n"
    assert not folder.path.exists()
    assert "Nothing is that old" in vumeter("prune", "--keep", "30d").stdout
    assert "Would remove other-" in vumeter("prune", "--keep", "0s", "--dry-run").stdout
    assert "1 run, " in vumeter("prune", "--keep", "0s").stdout
    assert "No such run is stored" in vumeter("runs").stdout
    missing = vumeter("show")
    assert missing.returncode == 2
    assert "No run is stored" in missing.stderr


def test_a_run_that_nobody_wants_kept_leaves_nothing_to_be_shown(
    vumeter: Vumeter, server: ServerProcess
) -> None:
    run = vumeter("run", server.url, "-n", "5", "--headless", "--no-store")
    assert run.returncode == 0
    assert "No such run is stored" in vumeter("runs").stdout


def modes(folder: Path) -> dict[str, str]:
    """Return the rights on a folder and on everything in it."""
    found = (folder, *folder.iterdir())
    return {path.name: oct(stat.S_IMODE(path.lstat().st_mode)) for path in found}


def test_what_a_run_leaves_in_its_folder_nobody_else_can_read(
    vumeter: Vumeter, server: ServerProcess, runs: Path
) -> None:
    listen = ("--listen", "127.0.0.1:0")
    started = vumeter("run", server.url, "--detach", *listen, "--name", "shop")
    assert started.returncode == 0
    folder = folders.find("shop")
    # The socket, the lock, the log, the address, the token and the store with its journal.
    while_it_goes_on = modes(folder.path)
    assert len(while_it_goes_on) >= 8
    assert vumeter("stop", "shop").returncode == 0
    after_its_end = modes(folder.path)
    assert "summary.msgpack" in after_its_end
    for found in (while_it_goes_on, after_its_end):
        assert found.pop(folder.path.name) == "0o700"
        assert set(found.values()) == {"0o600"}, found
    assert modes(runs)[runs.name] == "0o700"


def test_the_end_of_a_run_says_by_what_name_it_is_found_again(
    vumeter: Vumeter, server: ServerProcess
) -> None:
    ended = vumeter("run", server.url, "-n", "5", "--headless", "--name", "shop")
    named = re.search(r"Stored as (shop-\d{8}-\d{6}): vumeter show", ended.stderr)
    assert named is not None
    assert vumeter("show", named[1]).stdout == ended.stdout
    unstored = vumeter("run", server.url, "-n", "5", "--headless", "--no-store")
    assert "Stored as" not in unstored.stderr


def test_a_state_folder_that_cannot_be_written_keeps_nobody_from_putting_load_on(
    vumeter: Vumeter, server: ServerProcess, runs: Path
) -> None:
    (runs / "file").touch()
    elsewhere = {
        folders.RUNS_VARIABLE: "",
        "XDG_STATE_HOME": str(runs / "file" / "state"),
        "TMPDIR": str(runs),
    }
    run = vumeter("run", server.url, "-n", "5", "--headless", env_of=elsewhere)
    assert run.returncode == 0
    assert "cannot be written. This run, and what is stored of it, is in" in run.stderr
    assert "may not outlast a restart" in " ".join(run.stdout.split())
    spare = runs / f"vumeter-{os.getuid()}"
    assert stat.S_IMODE(spare.stat().st_mode) == 0o700
    assert len(vumeter("runs", env_of=elsewhere).stdout.splitlines()) == 2


def test_a_calm_run_has_no_reason_and_says_so(vumeter: Vumeter, server: ServerProcess) -> None:
    assert vumeter("run", server.url, "-z", "2s", "--headless").returncode == 0
    found = vumeter("why")
    assert (found.returncode, "only " in found.stdout) == (0, True)
    assert "seconds 0 to " in found.stdout
    assert "LITTLE'S LAW" in found.stdout
    assert "LITTLE'S LAW" not in vumeter("why", "--from", "1").stdout
    assert vumeter("why", "--from", "end", "--to", "start").returncode == 2
    assert "1:20:00" in vumeter("why", "--from", "1:99").stderr
