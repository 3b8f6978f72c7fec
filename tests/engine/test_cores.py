"""Pinned workers, as the kernel sees them."""

import os

import pytest

from vumeter.testing.flight import Flight
from vumeter.testing.patience import wait_until
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow


def affinities(flight: Flight) -> list[list[int]]:
    return sorted(worker.cpu_affinity() for worker in flight.workers())


@pytest.mark.parametrize(("flags", "is_pinned"), [(("--pin-workers",), True), ((), False)])
def test_each_pinned_worker_keeps_to_a_core_in_turn(flags, is_pinned) -> None:
    cores = sorted(os.sched_getaffinity(0))
    expected = sorted([cores[number % len(cores)]] if is_pinned else cores for number in (0, 1))
    with (
        ServerProcess() as server,
        Flight(server.url, "-c", "2", "-z", "60s", "--workers", "2", *flags) as flight,
    ):
        wait_until(lambda: affinities(flight) == expected, lambda: affinities(flight))
