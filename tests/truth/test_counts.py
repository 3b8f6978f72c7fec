"""What the report counts is what the server counted: exactly."""

import pytest

from vumeter.testing.flight import Landing, fly
from vumeter.testing.server_process import ServerProcess
from vumeter.testing.truth import TruthReport

pytestmark = pytest.mark.slow


def assert_the_same(landing: Landing, truth: TruthReport) -> None:
    """Every number that both sides have is the same on both."""
    assert (landing.exit_code, landing.complaints) == (0, "")
    totals = landing.report["totals"]
    assert totals["requests"] == truth["requests"] == truth["answered"]
    assert (totals["errors"], landing.errors, truth["abandoned"]) == (0, {}, 0)
    assert landing.report["statuses"] == truth["statuses"]
    assert totals["sent_bytes"] == truth["received_bytes"]
    assert totals["received_bytes"] == truth["sent_bytes"]
    assert totals["iterations"] == totals["iterations_started"] == truth["requests"]


def test_a_timed_run_reports_exactly_what_the_server_saw() -> None:
    with ServerProcess() as server:
        landing = fly(server.url, "-c", "10", "-z", "2s")
        truth = server.truth()
    assert_the_same(landing, truth)
    assert truth["requests"] > 1000, "so few say nothing"
    assert truth["connections"] == 10, "one for each VU, kept"
    assert landing.report["run"]["stop"] == "schedule"
    assert landing.report["duration_s"] == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_counted_run_sends_exactly_its_number(workers: str) -> None:
    with ServerProcess() as server:
        # Neither the VUs nor the workers divide it.
        landing = fly(server.url, "-c", "7", "-n", "1003", "--workers", workers)
        truth = server.truth()
    assert_the_same(landing, truth)
    assert truth["requests"] == 1003


def test_several_workers_together_report_exactly_what_the_server_saw() -> None:
    with ServerProcess() as server:
        landing = fly(server.url, "-c", "11", "-z", "2s", "--workers", "3")
        truth = server.truth()
    assert_the_same(landing, truth)
    assert truth["connections"] == 11
    assert landing.report["run"]["workers"] == 3


def test_without_keep_alive_every_request_has_its_own_connection() -> None:
    with ServerProcess() as server:
        landing = fly(server.url, "-c", "4", "-z", "1s", "--disable-keepalive")
        truth = server.truth()
    assert_the_same(landing, truth)
    assert truth["connections"] == truth["requests"] > 10


def test_what_is_in_flight_at_the_end_is_awaited_and_counted() -> None:
    with ServerProcess("--law", "fixed:400ms") as server:
        landing = fly(server.url, "-c", "20", "-z", "1s")
        truth = server.truth()
    assert_the_same(landing, truth)
    # Two laps end within the second, and the third is let go to its end.
    assert truth["requests"] == 60


def test_what_outlives_the_graceful_stop_is_counted_as_interrupted() -> None:
    with ServerProcess() as server:
        server.close_gate()
        landing = fly(server.url, "-c", "6", "-z", "1s", "--graceful-stop", "500ms")
        truth = server.truth()
    assert landing.exit_code == 0
    assert landing.errors == {"interrupted": 6}
    assert landing.requests == truth["requests"] == truth["abandoned"] == 6
    assert landing.report["totals"]["iterations_interrupted"] == 6
    assert landing.report["latency_ms"] is None, "nothing was answered, so nothing is known"


def test_a_server_that_announces_its_closes_costs_no_request() -> None:
    with ServerProcess("--requests-per-connection", "7") as server:
        landing = fly(server.url, "-c", "5", "-n", "700")
        truth = server.truth()
    assert_the_same(landing, truth)
    # Each connection serves seven; the five VUs end on one that may have served fewer.
    assert 100 <= truth["connections"] <= 105


def test_a_server_that_closes_without_a_word_hides_nothing() -> None:
    with ServerProcess("--requests-per-connection", "7", "--unannounced") as server:
        landing = fly(server.url, "-c", "5", "-n", "700")
        truth = server.truth()
    assert landing.requests == 700
    # A request that raced with the close failed, and is said to have; it is not sent again.
    assert set(landing.errors) <= {"closed"}
    assert landing.requests - landing.errors.get("closed", 0) == truth["answered"]


@pytest.mark.parametrize("status", [204, 404, 503])
def test_every_status_is_counted_and_those_from_400_on_are_errors(status: int) -> None:
    with ServerProcess() as server:
        landing = fly(f"{server.url}status/{status}", "-c", "3", "-n", "90")
        truth = server.truth()
    assert landing.exit_code == 0
    assert landing.report["statuses"] == truth["statuses"] == {str(status): 90}
    assert landing.errors == ({"status": 90} if status >= 400 else {})
    assert landing.requests == 90, "an answer with a bad status is still one request"


def test_method_headers_and_body_arrive_as_they_were_given() -> None:
    with ServerProcess() as server:
        flags = ("-m", "PUT", "-H", "X-Who: me", "-T", "text/plain", "-d", "a body", "-n", "3")
        landing = fly(f"{server.url}here?q=1", *flags, "-c", "1")
        truth = server.truth()
        wire = server.tell("last request")["request"]
    assert_the_same(landing, truth)
    assert truth["paths"] == {"/here?q=1": 3}
    head, _, body = wire.partition("\r\n\r\n")
    assert (head.splitlines()[0], body) == ("PUT /here?q=1 HTTP/1.1", "a body")
    lines = set(head.splitlines())
    assert {f"Host: 127.0.0.1:{server.port}", "X-Who: me", "Content-Type: text/plain"} <= lines
    assert "Content-Length: 6" in lines


def test_head_requests_are_answered_without_a_body() -> None:
    with ServerProcess() as server:
        landing = fly(f"{server.url}bytes/5000", "-m", "HEAD", "-c", "3", "-n", "300")
        truth = server.truth()
    assert_the_same(landing, truth)
    assert truth["connections"] == 3


def test_bodies_larger_than_any_buffer_are_counted_to_the_byte() -> None:
    with ServerProcess() as server:
        landing = fly(f"{server.url}bytes/3000000", "-c", "3", "-n", "30")
        truth = server.truth()
    assert_the_same(landing, truth)
    assert landing.report["totals"]["received_bytes"] > 30 * 3_000_000
