"""What the generator itself runs out of is named, and costs no VU."""

import json
import resource
import subprocess
import sys

import pytest

from vumeter.model.throttle import CommandKind, Lever
from vumeter.testing.flight import Flight, fly
from vumeter.testing.hostile import refusing_url
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

ALONE = ("unshare", "--net", "--map-root-user")
"""Runs a command in a network of its own, where what is the host's may be set."""
FEW_PORTS = """
import dataclasses, json, subprocess
from pathlib import Path
from vumeter.testing.flight import fly
from vumeter.testing.server_process import ServerProcess

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("40000 40039")
with ServerProcess("--law", "fixed:5ms") as server:
    landing = fly(server.url, "-c", "60", "-z", "2s")
    print(json.dumps([dataclasses.asdict(landing), server.truth()]))
"""


def has_own_network() -> bool:
    """Whether this host lets us have one."""
    try:
        return (
            subprocess.run([*ALONE, "ip", "link"], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


def test_a_run_out_of_descriptors_is_named_and_the_rest_of_the_load_goes_on() -> None:
    with ServerProcess("--law", "fixed:5ms") as server:
        with Flight(server.url, "-c", "20", "-z", "3s") as flight:
            server.wait_until(lambda truth: truth["connections_open"] == 20)
            [worker] = flight.workers()
            # The run process knows nothing of it, or it would say beforehand what is to come.
            resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (60, 60))
            flight.command(CommandKind.SET, lever=Lever.VUS, value=100.0)
            landing = flight.land()
        truth = server.truth()
    assert landing.exit_code == 0
    assert "Traceback" not in landing.complaints
    assert set(landing.errors) == {"descriptors"}
    assert landing.errors["descriptors"] <= 80 * 20 * 3
    assert truth["connections"] > 20
    assert landing.requests - landing.errors["descriptors"] == truth["answered"] > 1000
    generator = landing.report["generator"]
    assert generator["verdict"] == "generator-limited"
    assert any("had no file descriptor for" in reason for reason in generator["reasons"])
    assert landing.report["outage_s"] == 0


@pytest.mark.skipif(not has_own_network(), reason="no network of its own can be made here")
def test_a_run_out_of_ports_is_named_and_the_rest_of_the_load_goes_on() -> None:
    command = [*ALONE, sys.executable, "-c", FEW_PORTS]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr
    landing, truth = json.loads(made.stdout)
    report = landing["report"]
    assert (landing["exit_code"], landing["complaints"]) == (0, "")
    assert set(report["errors"]) == {"ports"}
    # Twenty a second at most for each of those that found none: the server has a port itself.
    assert 30 <= truth["connections"] < 40
    assert report["errors"]["ports"] <= (60 - truth["connections"]) * 20 * 2
    assert report["totals"]["requests"] - report["errors"]["ports"] == truth["answered"] > 500
    assert any("ran out of local ports to" in remark for remark in report["remarks"])
    # It is vumeter's failure, and no outage of the target's.
    assert report["generator"]["verdict"] == "generator-limited"
    assert any("had no local port for" in reason for reason in report["generator"]["reasons"])
    assert any("of 40 local ports" in reason for reason in report["generator"]["reasons"])
    assert report["outage_s"] == 0


def test_a_counted_run_ends_when_all_of_its_attempts_have_failed() -> None:
    with refusing_url() as url:
        landing = fly(url, "-c", "5", "-n", "25")
    assert landing.exit_code == 0
    assert landing.errors == {"refused": 25}
    assert landing.requests == 25


@pytest.mark.parametrize("host", ["::1", "localhost"])
def test_a_target_by_name_or_by_version_six_is_reached_like_any_other(host: str) -> None:
    with ServerProcess("--host", host if ":" in host else "127.0.0.1") as server:
        url = server.url.replace("127.0.0.1", host)
        landing = fly(url, "-c", "3", "-n", "300")
        truth = server.truth()
    assert (landing.exit_code, landing.errors) == (0, {})
    assert landing.requests == truth["requests"] == 300
