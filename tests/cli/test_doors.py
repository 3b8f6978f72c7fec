"""`--listen`, and `vumeter attach` and `vumeter ctl` at an address."""

import json
from pathlib import Path
from typing import Any

import psutil
import pytest
import trustme

from vumeter.testing.server_process import ServerProcess


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[str, str]:
    """The file of a certificate for 127.0.0.1 with its key, and that of who vouches for it."""
    ca = trustme.CA()
    certificate, authorities = tmp_path / "server.pem", tmp_path / "ca.pem"
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    ca.cert_pem.write_to_path(str(authorities))
    return str(certificate), str(authorities)


def address(runs: Path) -> tuple[str, Path]:
    """Return where the only run listens, and the file of its token."""
    [found] = runs.glob("*/address")
    return found.read_text().strip(), found.with_name("token")


@pytest.mark.slow
def test_a_run_is_watched_and_steered_at_its_address(
    runs: Path,
    vumeter: Any,
    server: ServerProcess,
    certificates: tuple[str, str],
    at_a_terminal: Any,
    eventually: Any,
) -> None:
    certificate, authorities = certificates
    listen = ("--listen", "127.0.0.1:0", "--listen-cert", certificate)
    started = vumeter("run", server.url, "--detach", "--name", "night", *listen)
    assert started.returncode == 0, started.stderr
    url, token = address(runs)
    assert url.startswith("https://127.0.0.1:")

    doors = ("--token-file", str(token), "--cacert", authorities)
    steered = vumeter("ctl", url, "set", "vus", "3", *doors)
    assert (steered.returncode, steered.stdout.strip()) == (0, "VU 10 → 3"), steered.stderr
    by_environment = vumeter(
        *("ctl", url, "mark", "here", "--cacert", authorities),
        env_of={"VUMETER_TOKEN": token.read_text().strip()},
    )
    assert by_environment.returncode == 0, by_environment.stderr

    with at_a_terminal("attach", url, *doors) as screen:
        eventually(lambda: "night" in screen.read())
        screen.type("d")
        eventually(screen.has_ended)
        assert screen.exit_code == 0
        assert f"vumeter attach {url}" in screen.shown

    secret = token.read_text().strip()
    arguments = [" ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])]
    assert not [line for line in arguments if secret in line]
    summary_of_the_end_is_printed_afar(vumeter, at_a_terminal, eventually, url, doors)


def summary_of_the_end_is_printed_afar(
    vumeter: Any, at_a_terminal: Any, eventually: Any, url: str, doors: tuple[str, ...]
) -> None:
    """Whoever sees the end from another machine reads there what is read on the run's own."""
    with at_a_terminal("attach", url, *doors) as screen:
        eventually(lambda: "night" in screen.read())
        assert vumeter("ctl", url, "stop", *doors).returncode == 0
        eventually(lambda: "RUN ENDED" in screen.read())
        screen.type("q")
        eventually(screen.has_ended)
        there = screen.shown.split("RUN ENDED")[-1]
    here = vumeter("show", "night")
    assert screen.exit_code == here.returncode == 0, here.stderr
    assert "http_req_duration" in there
    lines = [line.strip() for line in here.stdout.splitlines() if "http_req_duration" in line]
    assert lines and all(line in there for line in lines)


@pytest.mark.slow
def test_without_the_right_token_or_trust_it_is_said_what_is_missing(
    runs: Path,
    vumeter: Any,
    server: ServerProcess,
    certificates: tuple[str, str],
    tmp_path: Path,
) -> None:
    certificate, authorities = certificates
    listen = ("--listen", "127.0.0.1:0", "--listen-cert", certificate)
    vumeter("run", server.url, "--detach", "--name", "night", *listen)
    url, token = address(runs)
    wrong = tmp_path / "wrong"
    wrong.write_text(token.read_text()[:-2])

    for doors, words in (
        ((), "there is none"),
        (("--token-file", str(tmp_path / "none")), "cannot be read"),
        (("--token-file", str(wrong), "--cacert", authorities), "not its token"),
        (("--token-file", str(token)), "certificate cannot be verified"),
        (("--token-file", str(token), "--cacert", str(wrong)), "holds no certificates"),
    ):
        refused = vumeter("ctl", url, "abort", *doors)
        assert (refused.returncode, words in refused.stderr) == (2, True), refused.stderr
        assert "Traceback" not in refused.stderr
    assert vumeter("ctl", "night", "mark", "it goes on").returncode == 0


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--listen", "0.0.0.0:9646"), "without TLS"),
        (("--listen", "9646"), "not host and port"),
        (("--listen-cert", "x.pem"), "which is not given"),
        (("--listen", "127.0.0.1:1", "--listen-key", "x.pem"), "no certificate"),
        (("--listen", "127.0.0.1:0", "--listen-cert", "/none.pem"), "is no certificate"),
    ],
)
@pytest.mark.slow
def test_what_cannot_be_listened_on_is_refused_before_any_load(
    vumeter: Any, server: ServerProcess, flags: tuple[str, ...], words: str
) -> None:
    refused = vumeter("run", server.url, "--headless", "-n", "5", *flags)
    assert (refused.returncode, words in refused.stderr) == (2, True), refused.stderr


@pytest.mark.slow
def test_a_token_is_for_an_address(vumeter: Any) -> None:
    refused = vumeter("ctl", "night", "stop", "--token-file", "x")
    assert (refused.returncode, "this is no address" in refused.stderr) == (2, True)


@pytest.mark.slow
def test_a_profile_says_where_to_listen_and_is_written_out_so(
    vumeter: Any, tmp_path: Path, certificates: tuple[str, str]
) -> None:
    profile = tmp_path / "night.toml"
    listen = f'[listen]\naddress = "0.0.0.0:9646"\ncertificate = {json.dumps(certificates[0])}\n'
    profile.write_text(
        'target = "http://127.0.0.1:9"\n[scenarios.main]\niterations = 1\nsteps = ["/"]\n' + listen
    )
    again = tmp_path / "again.toml"
    # No load here: the flag is only there so that nothing but loopback is listened on.
    saved = vumeter(
        "run", str(profile), "--headless", "--listen", "127.0.0.1:0", "--save-profile", str(again)
    )
    assert 'address = "127.0.0.1:0"' in again.read_text(), saved.stderr
    assert vumeter("check", str(profile)).returncode == 0
    profile.write_text(profile.read_text().replace("certificate", "# certificate"))
    refused = vumeter("check", str(profile))
    assert refused.returncode == 104
    assert "listen.address" in refused.stderr
