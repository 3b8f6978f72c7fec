"""A temporary PostgreSQL comes up by itself and leaves nothing, whoever is killed."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from vumeter.demo.cluster import Cluster
from vumeter.errors import VumeterError

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.usefixtures("postgres")]

Eventually = Callable[[Callable[[], object]], None]
Holder = Callable[[str], subprocess.Popen[str]]

_HOLD = """
import sys
from vumeter.demo.cluster import Cluster
cluster = Cluster.start()
print(cluster.folder, cluster.server_pid, cluster.keeper_pid, flush=True)
sys.stdin.read()
"""


def _held(holder: Holder, traces: type) -> tuple[subprocess.Popen[str], object, list[int]]:
    process = holder(_HOLD)
    assert process.stdout is not None
    folder, server_pid, keeper_pid = process.stdout.readline().split()
    pids = [int(server_pid), int(keeper_pid)]
    return process, traces(folder=Path(folder), pids=pids), pids


def test_it_accepts_connections_and_then_leaves_nothing(traces: type) -> None:
    with Cluster.start() as cluster:
        left = traces(folder=cluster.folder, pids=[cluster.server_pid, cluster.keeper_pid])
        assert left.all_there()
        with psycopg.connect(cluster.dsn()) as session:
            row = session.execute("SHOW server_version").fetchone()
        assert row is not None
        assert row[0].startswith(cluster.version)
    assert left.gone()


def test_over_tcp_it_asks_for_the_password() -> None:
    with Cluster.start(tcp=True) as cluster:
        with psycopg.connect(cluster.tcp_dsn()) as session:
            assert session.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(
                host="127.0.0.1", port=cluster.port, user="postgres", password="guessed"
            )


def test_it_refuses_ordinary_users_beyond_its_slots_but_the_reserved() -> None:
    with Cluster.start(max_connections=5) as cluster:
        with psycopg.connect(cluster.dsn(), autocommit=True) as chief:
            chief.execute("CREATE ROLE clerk LOGIN")
            clerk = [psycopg.connect(cluster.dsn("clerk", database="postgres"))]
            with pytest.raises(psycopg.OperationalError, match=r"slots are reserved|too many"):
                clerk += [psycopg.connect(cluster.dsn("clerk")) for _ in range(2)]
        for session in clerk:
            session.close()


def test_pg_stat_statements_is_loaded_where_it_is_there() -> None:
    with Cluster.start() as cluster:
        if not cluster.has_pg_stat_statements:
            pytest.skip("this PostgreSQL comes without pg_stat_statements")
        with psycopg.connect(cluster.dsn(), autocommit=True) as session:
            session.execute("CREATE EXTENSION pg_stat_statements")
            assert session.execute("SELECT count(*) FROM pg_stat_statements").fetchone()


def test_somebodys_own_cluster_in_the_environment_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGDATA": str(tmp_path), "PGPORT": "1", "PGHOST": "nowhere"}.items():
        monkeypatch.setenv(name, value)
    with Cluster.start() as cluster, psycopg.connect(cluster.dsn()) as session:
        assert session.execute("SHOW data_directory").fetchone() == (str(cluster.folder / "data"),)
    assert list(tmp_path.iterdir()) == []


def test_only_the_servers_user_may_enter_its_folder() -> None:
    with Cluster.start() as cluster:
        status = cluster.folder.stat()
        assert stat.S_IMODE(status.st_mode) == 0o700
        assert status.st_uid == psutil.Process(cluster.server_pid).uids().real


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for the server")
def test_as_root_the_server_runs_as_another_user_and_no_parent_changes() -> None:
    before = stat.S_IMODE(Path("/tmp").stat().st_mode)
    with Cluster.start() as cluster:
        user = psutil.Process(cluster.server_pid).username()
        assert user in {"postgres", "nobody"}
        groups = os.getgrouplist(user, pwd.getpwnam(user).pw_gid)
        assert 0 not in groups
        assert stat.S_IMODE(cluster.folder.parent.stat().st_mode) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for the server")
def test_a_temporary_folder_that_the_server_could_not_enter_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setenv("TMPDIR", str(private))
    with Cluster.start() as cluster:
        assert private not in cluster.folder.parents
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_a_temporary_folder_too_long_for_a_socket_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    with Cluster.start() as cluster:
        assert long not in cluster.folder.parents


def test_a_server_that_does_not_come_up_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    before = set(Path("/tmp").glob("vumeter-demo-*"))
    with pytest.raises(VumeterError, match="max_connections"):
        Cluster.start(settings={"max_connections": "plenty"})
    assert all(_is_somebody_elses(folder) for folder in _appeared(before))


def _appeared(before: set[Path]) -> set[Path]:
    return set(Path("/tmp").glob("vumeter-demo-*")) - before


def _is_somebody_elses(folder: Path) -> bool:
    # Tests run side by side: a folder with a server in it is another test's.
    return (folder / "data" / "postmaster.pid").exists() or not folder.exists()


def test_a_killed_holder_leaves_nothing(
    holder: Holder, traces: type, eventually: Eventually
) -> None:
    process, left, _ = _held(holder, traces)
    assert left.all_there()
    process.kill()
    eventually(left.gone)


def test_a_killed_keeper_takes_the_server_with_it_and_the_holder_tidies_up(
    traces: type, eventually: Eventually
) -> None:
    with Cluster.start() as cluster:
        left = traces(folder=cluster.folder, pids=[cluster.server_pid, cluster.keeper_pid])
        os.kill(cluster.keeper_pid, signal.SIGKILL)
        eventually(lambda: not psutil.pid_exists(cluster.server_pid))
        assert not cluster.is_up
    assert left.gone()


@pytest.fixture
def out_of_the_way(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep temporary folders where no other test's cluster sweeps."""
    # Open to all, as tmp_path is not: the server may run as another user.
    folder = Path(tempfile.mkdtemp(prefix="vu-"))
    folder.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    shutil.rmtree(folder)


def test_what_a_killed_holder_and_keeper_left_goes_with_the_next_cluster(
    out_of_the_way: None, holder: Holder, traces: type, eventually: Eventually
) -> None:
    process, left, (server_pid, keeper_pid) = _held(holder, traces)
    # The keeper first: it would tidy up within milliseconds of the holder's end.
    os.kill(keeper_pid, signal.SIGKILL)
    process.kill()
    eventually(lambda: not psutil.pid_exists(server_pid))
    assert left.folder.exists()
    Cluster.start().stop()
    assert left.gone()


def test_the_next_cluster_leaves_a_living_one_alone() -> None:
    with Cluster.start() as cluster:
        Cluster.start().stop()
        with psycopg.connect(cluster.dsn()) as session:
            assert session.execute("SELECT 1").fetchone() == (1,)


def test_a_killed_server_takes_its_keeper_and_folder_with_it(
    traces: type, eventually: Eventually
) -> None:
    with Cluster.start() as cluster:
        left = traces(folder=cluster.folder, pids=[cluster.server_pid, cluster.keeper_pid])
        os.kill(cluster.server_pid, signal.SIGKILL)
        eventually(lambda: not cluster.is_up)
        eventually(left.gone)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_keeper_that_is_asked_to_end_tidies_up_to_the_end(
    traces: type, eventually: Eventually, number: signal.Signals
) -> None:
    with Cluster.start() as cluster:
        left = traces(folder=cluster.folder, pids=[cluster.server_pid, cluster.keeper_pid])
        os.kill(cluster.keeper_pid, number)
        os.kill(cluster.keeper_pid, number)
        eventually(lambda: not cluster.is_up)
        assert left.gone()
