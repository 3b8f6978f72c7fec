"""Leaks of real processes: the seconds are played, the memory is real."""

from collections.abc import Iterator

import pytest
from tests.probes.test_process import Victim

from vumeter.model.watched import ProcessMonitor, Watched, WatchedKind, WatchedState
from vumeter.probes.observing import WatchProbe
from vumeter.probes.process import ProcessObserver
from vumeter.run.leaks import LeakWatch, News

pytestmark = pytest.mark.slow


@pytest.fixture
def victim() -> Iterator[Victim]:
    found = Victim()
    yield found
    found.end()


async def played(victim: Victim, order: str, *, seconds: int) -> tuple[Watched, list[News]]:
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
    assert told.is_bad
    assert told.text.startswith("memory grows by ")
    assert "MB/min for " in told.text
    assert "at its limit of " in told.text
    room = watched.series["memory_limit_bytes"] - watched.series["memory_of_limit_bytes"]
    limit_in_s = watched.series["memory_limit_in_s"]
    assert limit_in_s == pytest.approx(room / watched.series["rss_growth_bytes_per_s"])
    assert watched.remark.startswith("memory grows by ")


async def test_descriptors_that_are_never_closed_are_flagged_with_their_limit(
    victim: Victim,
) -> None:
    watched, news = await played(victim, "open 1", seconds=65)
    (told,) = news
    assert told.is_bad
    assert told.text.startswith("open descriptors grow by 60/min for ")
    left = watched.series["descriptor_limit"] - watched.series["descriptors"]
    assert watched.series["descriptor_limit_in_s"] == pytest.approx(left, rel=0.01)


async def test_a_process_that_only_works_is_not_flagged(victim: Victim) -> None:
    watched, news = await played(victim, "burn 0.001", seconds=90)
    assert (news, watched.remark) == ([], "")


def api(rss_bytes: float, title: str = "pid 1 api") -> Watched:
    return Watched(
        name="api",
        kind=WatchedKind.PROCESS,
        state=WatchedState.UP,
        title=title,
        series={"rss_bytes": rss_bytes},
    )


@pytest.mark.parametrize(
    ("title", "told"),
    [
        pytest.param("pid 1 api", ["memory no longer grows"], id="it-ends"),
        pytest.param("pid 2 api", [], id="it-is-restarted"),
    ],
)
def test_growth_that_ends_is_told_and_a_restart_begins_anew(title: str, told: list[str]) -> None:
    watch = LeakWatch()
    for second in range(70):
        leaking, _ = watch.add(api(100e6 + 1e6 * second), second=second, load=1.0)
    assert leaking.remark.startswith("memory grows by ")
    news: list[News] = []
    for second in range(70, 120):
        watched, more = watch.add(api(170e6, title), second=second, load=1.0)
        news += more
    assert [(each.text, each.is_bad) for each in news] == [(text, False) for text in told]
    assert watched.remark == ""
