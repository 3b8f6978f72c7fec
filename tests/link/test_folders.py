"""Where runs live, and which of them are alive."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from vumeter.errors import LinkError
from vumeter.link import folders
from vumeter.link.folders import RunFolder


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="vu"))
    monkeypatch.setenv(folders.RUNS_VARIABLE, str(path))
    yield path
    shutil.rmtree(path)


def listening(stack: ExitStack, name: str, **options: bool) -> RunFolder:
    """Claim a folder and open a socket in it, as a run does."""
    folder = stack.enter_context(folders.create(name, **options))
    listener = stack.enter_context(socket.socket(socket.AF_UNIX))
    listener.bind(str(folder.socket))
    return folder


def test_a_run_is_live_from_its_socket_to_its_end(runs: Path) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(folders.create("one"))
        assert folders.live() == []
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder.socket))
            assert folders.live() == [folder]
            assert folders.is_live(folder)
    assert folders.live() == []
    assert not folders.is_live(folder)
    assert folder.path.is_dir()
    assert not folder.socket.exists()


def test_a_runs_folder_is_its_owners_alone_whatever_the_umask(runs: Path) -> None:
    before = os.umask(0)
    try:
        with folders.create("one") as folder:
            assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    finally:
        os.umask(before)


def test_the_newest_run_is_found_without_a_name_and_any_by_its_name(runs: Path) -> None:
    with ExitStack() as stack:
        old, new = listening(stack, "old"), listening(stack, "new")
        os.utime(old.path / "lock", (1, 1))
        assert folders.find() == new
        assert folders.find("old") == old
        assert folders.live() == [new, old]


def test_what_is_not_there_is_not_found_and_what_is_there_is_named(runs: Path) -> None:
    with pytest.raises(LinkError, match="No run is going on"):
        folders.find()
    with ExitStack() as stack:
        listening(stack, "one")
        listening(stack, "two")
        with pytest.raises(LinkError, match='No run "three"') as missing:
            folders.find("three")
        assert "one" in missing.value.hint
        assert "two" in missing.value.hint


def test_two_runs_cannot_have_one_name_unless_the_second_may_be_numbered(runs: Path) -> None:
    with folders.create("one"):
        with pytest.raises(LinkError, match='"one" is going on already'), folders.create("one"):
            pass
        with (
            folders.create("one", or_numbered=True) as second,
            folders.create("one", or_numbered=True) as third,
        ):
            assert [second.name, third.name] == ["one-2", "one-3"]


def test_a_name_is_free_again_when_its_run_has_ended_and_what_it_left_stays(runs: Path) -> None:
    with folders.create("one") as folder:
        folder.log.write_text("old")
    with folders.create("one") as again:
        assert again.name == folder.name == "one"
        assert again.id != folder.id
        assert folders.newest_first("one") == [again, folder]
    assert folder.log.read_text() == "old"


def test_a_folder_is_called_like_its_run_and_the_time_of_its_start(runs: Path) -> None:
    before = datetime.now().replace(microsecond=0)
    with folders.create("a-20260101-000000") as folder:
        name, _, stamp = folder.id.partition("-20260101-000000-")
        assert (name, folder.name) == ("a", "a-20260101-000000")
        assert before <= datetime.strptime(stamp, "%Y%m%d-%H%M%S") <= datetime.now()


def test_many_runs_that_begin_at_once_have_a_name_and_a_folder_each(runs: Path) -> None:
    claims = (
        "import sys\n"
        "from vumeter.link import folders\n"
        "with folders.create('same', or_numbered=True) as folder:\n"
        "    print(folder.id, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", claims], stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            )
            for _ in range(6)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline()
        names = {run.name for run in folders.newest_first() if folders.is_live(run)}
        assert names == {"same", *(f"same-{number}" for number in range(2, 7))}


def test_of_runs_that_were_not_stored_only_so_many_are_kept_and_no_live_one_is_swept(
    runs: Path,
) -> None:
    with ExitStack() as stack:
        alive = listening(stack, "alive")
        os.utime(alive.path / "lock", (1, 1))
        for number in range(folders.KEPT_UNSTORED + 5):
            with folders.create(f"ended-{number}") as folder:
                pass
            os.utime(folder.path / "lock", (1000 + number, 1000 + number))
        for number in range(3):
            with folders.create(f"stored-{number}") as folder:
                folder.store.touch()
            os.utime(folder.path / "lock", (2 + number, 2 + number))
        with folders.create("newest"):
            kept = {run.name for run in folders.newest_first()}
        ended = {f"ended-{number}" for number in range(5, folders.KEPT_UNSTORED + 5)}
        assert kept == ended | {"alive", "newest", "stored-0", "stored-1", "stored-2"}
        assert folders.live() == [alive]


def test_a_run_that_was_killed_is_dead_at_once_and_its_socket_is_swept(runs: Path) -> None:
    claims = (
        "import socket, sys, time\n"
        "from vumeter.link import folders\n"
        "with folders.create('killed') as folder:\n"
        "    listener = socket.socket(socket.AF_UNIX)\n"
        "    listener.bind(str(folder.socket))\n"
        "    print(folder.path, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", claims], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        folder = RunFolder(Path(process.stdout.readline().decode().strip()))
        assert folders.live() == [folder]
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert folder.socket.exists()
    assert folders.live() == []
    with folders.create("next"):
        assert not folder.socket.exists()


def test_what_a_run_left_half_made_when_it_was_killed_is_swept(runs: Path) -> None:
    (runs / "one-20260101-000000").mkdir()
    kept = runs / "two-20260101-000000"
    kept.mkdir()
    (kept / "notes.txt").write_text("mine")
    with folders.create("one") as killed:
        write_half = killed.path / f".{killed.summary.name}.4711.partial"
        write_half.write_bytes(b"half")
        killed.token.write_text("secret")
    with folders.create("next"):
        assert not (runs / "one-20260101-000000").exists()
        assert not write_half.exists()
        assert not killed.token.exists()
        assert (kept / "notes.txt").read_text() == "mine"


def test_a_path_that_no_socket_could_have_is_refused_with_a_way_out(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(folders.RUNS_VARIABLE, str(runs / ("x" * 100)))
    with pytest.raises(LinkError, match="longer than the system allows") as refused:
        folders.create("one").__enter__()
    assert folders.RUNS_VARIABLE in refused.value.hint


def test_a_place_that_cannot_be_written_is_refused_with_a_way_out(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (runs / "file").touch()
    monkeypatch.setenv(folders.RUNS_VARIABLE, str(runs / "file" / "runs"))
    with pytest.raises(LinkError, match="Cannot make a folder for the run"):
        folders.create("one").__enter__()
    assert folders.live() == []


def test_strange_things_in_the_folder_are_passed_over(runs: Path) -> None:
    (runs / "note.txt").write_text("hello")
    (runs / "empty").mkdir()
    with ExitStack() as stack:
        folder = listening(stack, "one")
        assert folders.live() == [folder]
    assert (runs / "note.txt").exists()


def test_a_relative_place_stays_where_it_is_when_the_process_moves(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs)
    monkeypatch.setenv(folders.RUNS_VARIABLE, "here")
    with folders.create("one") as folder:
        assert folder.path.parent == runs / "here"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_place_that_is_another_users_is_refused(runs: Path) -> None:
    os.chown(runs, 65534, 65534)
    with pytest.raises(LinkError, match="belongs to another user"):
        folders.create("one").__enter__()


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, runs: Path) -> Iterator[Path]:
    """A state folder that cannot be made, and a place for temporary files."""
    (runs / "file").touch()
    monkeypatch.delenv(folders.RUNS_VARIABLE)
    monkeypatch.setenv("XDG_STATE_HOME", str(runs / "file" / "state"))
    monkeypatch.setattr(tempfile, "tempdir", str(runs))
    return runs


def test_where_the_state_folder_cannot_be_written_a_run_goes_elsewhere_and_is_found(
    nowhere: Path,
) -> None:
    with ExitStack() as stack:
        folder = listening(stack, "one")
        assert folder.path.parent == nowhere / f"vumeter-{os.getuid()}"
        assert stat.S_IMODE(folder.path.parent.stat().st_mode) == 0o700
        assert folders.find("one") == folder
        assert "cannot be written" in folder.reservation
        with pytest.raises(LinkError, match="going on already"), folders.create("one"):
            pass


def test_a_run_in_the_usual_place_is_told_of_without_reservation(runs: Path) -> None:
    with folders.create("one") as folder:
        assert folder.reservation == ""


def test_no_link_of_anybodys_is_followed_to_a_spare_place(nowhere: Path) -> None:
    elsewhere = nowhere / "elsewhere"
    elsewhere.mkdir()
    (nowhere / f"vumeter-{os.getuid()}").symlink_to(elsewhere)
    with pytest.raises(LinkError, match="belongs to another user"):
        folders.create("one").__enter__()
    assert list(elsewhere.iterdir()) == []
