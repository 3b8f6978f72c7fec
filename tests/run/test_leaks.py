"""Leaks of real processes: the seconds are played, the memory is real."""

from collections.abc import Iterator

import pytest
from tests.probes.test_process import Victim

from vumeter.model.watched import ProcessMonitor, Watched
from vumeter.probes.observing import WatchProbe
from vumeter.probes.process import ProcessObserver
from vumeter.run.leaks import LeakWatch

pytestmark = pytest.mark.slow


@pytest.fixture
def victim() -> Iterator[Victim]:
    found = Victim()
    yield found
    found.end()


async def played(victim: Victim, order: str, *, seconds: int) -> tuple[Watched, list[str]]:
    """Give the same order each second, and return how it looks at the end, and the news."""
    monitor = ProcessMonitor(name="api", pid=victim.pid)
    observer, watch = ProcessObserver(monitor), LeakWatch()
    probe, news = WatchProbe(monitor, observer), []
    (watched,) = probe.latest
    for second in range(seconds):
        victim.do(order)
        seen = await probe.looked()
        watched, told = watch.add(seen, second=second, load=10.0)
        news += told
    return watched, news


async def test_a_process_that_leaks_ten_megabytes_a_minute_is_flagged_with_its_limit(
    victim: Victim,
) -> None:
    watched, news = await played(victim, f"allocate {10_000_000 // 60}", seconds=90)
    per_min = watched.series["rss_growth_bytes_per_s"] * 60
    assert per_min == pytest.approx(10e6, rel=0.1)
    (told,) = news
    assert told.startswith("memory grows by ")
    assert "MB/min for " in told
    assert "at its limit of " in told
    room = watched.series["memory_limit_bytes"] - watched.series["memory_of_limit_bytes"]
    limit_in_s = watched.series["memory_limit_in_s"]
    assert limit_in_s == pytest.approx(room / watched.series["rss_growth_bytes_per_s"])
    assert watched.remark.startswith("memory grows by ")


async def test_descriptors_that_are_never_closed_are_flagged_with_their_limit(
    victim: Victim,
) -> None:
    watched, news = await played(victim, "open 1", seconds=65)
    (told,) = news
    assert told.startswith("open descriptors grow by 60/min for ")
    left = watched.series["descriptor_limit"] - watched.series["descriptors"]
    assert watched.series["descriptor_limit_in_s"] == pytest.approx(left, rel=0.01)


async def test_a_process_that_only_works_is_not_flagged(victim: Victim) -> None:
    watched, news = await played(victim, "burn 0.001", seconds=90)
    assert (news, watched.remark) == ([], "")
