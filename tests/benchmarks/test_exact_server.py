"""The target with the kernel's clock, asked by clients that nobody here wrote."""

import contextlib
import http.client
import os
import time
from collections.abc import Iterator

import pytest
from benchmarks.exact_target import ExactTarget, exact_target

pytestmark = pytest.mark.slow


@pytest.fixture
def target() -> Iterator[ExactTarget]:
    with exact_target("fixed:20ms", core=min(os.sched_getaffinity(0))) as running:
        yield running


@pytest.fixture
def client(target: ExactTarget) -> Iterator[http.client.HTTPConnection]:
    address = target.url.removeprefix("http://").rstrip("/")
    with contextlib.closing(http.client.HTTPConnection(address)) as connection:
        connection.connect()
        yield connection


def ask(client: http.client.HTTPConnection) -> bytes:
    client.request("GET", "/")
    return client.getresponse().read()


def test_it_takes_as_long_as_it_was_told_and_says_so(
    target: ExactTarget, client: http.client.HTTPConnection
) -> None:
    took_ms = []
    for _ in range(10):
        before_s = time.perf_counter()
        assert ask(client) == b"as promised\n"
        took_ms.append((time.perf_counter() - before_s) * 1000)
    assert target.requests() == 10
    service_ms = target.service_ms()
    # Never early; and what the client waited contains what the server took.
    assert 20.0 <= service_ms["min"] <= min(took_ms)
    assert service_ms["p50"] <= sorted(took_ms)[5]


def test_requests_are_stamped_when_they_come_not_when_they_are_read(
    target: ExactTarget, client: http.client.HTTPConnection
) -> None:
    before_ns = time.monotonic_ns()
    ask(client)
    between_ns = time.monotonic_ns()
    ask(client)
    first_ns, second_ns = target.arrivals_ns()
    assert before_ns <= first_ns <= between_ns - 20_000_000
    assert between_ns <= second_ns <= time.monotonic_ns() - 20_000_000


def test_a_request_in_two_pieces_is_one(
    target: ExactTarget, client: http.client.HTTPConnection
) -> None:
    assert client.sock is not None
    client.sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
    client.sock.sendall(b"\r\n")
    assert client.sock.recv(1000).endswith(b"as promised\n")
    assert target.requests() == 1
