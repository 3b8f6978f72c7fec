"""No failure is hidden: what the server did to the client is what the report says."""

import asyncio

import pytest

from vumeter.testing.disturbance import Disturbance
from vumeter.testing.flight import fly
from vumeter.testing.hostile import (
    HostileServer,
    breaking,
    leaving,
    refusing_url,
    resetting,
    resetting_mid_body,
    unreachable_url,
)
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("break_off", "kinds"),
    [
        pytest.param(leaving, {"closed"}, id="closed without an answer"),
        # On a connection that has served before, a reset without a byte is how a close that
        # races with the request looks: the report may call it so.
        pytest.param(resetting, {"closed", "reset"}, id="reset"),
        pytest.param(resetting_mid_body, {"reset"}, id="reset within the body"),
    ],
)
async def test_every_tenth_request_that_is_broken_off_is_counted_and_never_sent_again(
    break_off: object, kinds: set[str]
) -> None:
    async with HostileServer(breaking(break_off, every=10)) as server:
        landing = await asyncio.to_thread(fly, server.url, "-c", "10", "-z", "2s")
    assert (landing.exit_code, landing.complaints) == (0, "")
    assert server.requests > 100, "so few say nothing"
    assert landing.requests == server.requests
    assert sum(landing.errors.values()) == server.requests - server.answered
    assert set(landing.errors) == kinds & set(landing.errors) != set()
    assert landing.report["statuses"] == {"200": server.answered}


def test_a_port_that_refuses_is_said_to_refuse() -> None:
    with refusing_url() as url:
        landing = fly(url, "-c", "5", "-z", "2s")
    assert (landing.exit_code, landing.complaints) == (0, "")
    assert set(landing.errors) == {"refused"}
    # Twenty a second for each VU is the promise; a spin would make tens of thousands.
    assert 5 <= landing.errors["refused"] <= 5 * 20 * 2
    assert landing.report["generator"]["cpu_percent"]["max"] < 50
    # None of them was answered, from the first to the last.
    assert landing.report["outage_s"] == pytest.approx(landing.report["duration_s"], abs=0.5)
    assert landing.report["latency_ms"] is None


def test_a_host_that_drops_every_packet_is_a_connect_time_out() -> None:
    with unreachable_url() as url:
        landing = fly(url, "-c", "3", "-z", "1s", "-t", "400ms")
    assert set(landing.errors) <= {"timeout_connect", "interrupted"}
    assert landing.errors["timeout_connect"] >= 3
    # Three seconds after its time at most; how long starting takes is the machine's.
    assert landing.report["duration_s"] < 1 + 3


def test_an_answer_later_than_the_time_out_is_counted_at_what_was_waited() -> None:
    with ServerProcess("--law", "fixed:900ms") as server:
        with Disturbance() as disturbance:
            landing = fly(server.url, "-c", "4", "-n", "4", "-t", "300ms")
        truth = server.truth()
    assert landing.errors == {"timeout_response": 4}
    assert landing.requests == truth["requests"] == 4
    # Never before the time-out; and after it, as soon as the machine lets the sweep see it. Of
    # each time its bucket is known, here 0.256 ms wide, of the smallest that one's lower end.
    latency = landing.report["latency_ms"]
    assert latency["min"] > 300 - 0.256
    assert latency["p50"] >= 300
    assert latency["max"] < 350 + 2 * disturbance.max_ms
