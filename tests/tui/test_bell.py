"""When the bell rings: once for each firing, and never for what is old."""

from collections.abc import Callable
from functools import cache

from msgspec.structs import replace

from vumeter.model.alert import AlertLevel
from vumeter.model.frame import Frame
from vumeter.model.metric import Unit
from vumeter.model.verdict import AlertState
from vumeter.testing.story import story
from vumeter.tui.bell import Bell


@cache
def quiet() -> Frame:
    return story().frames[0]


def alert(firings: int, *, name: str = "slow", bell: bool = True, seen: bool = False) -> AlertState:
    return AlertState(
        name=name,
        level=AlertLevel.WARNING,
        metric="http_req_duration",
        expression="p(95) > 400ms over 10s",
        bell=bell,
        is_firing=True,
        is_acknowledged=seen,
        observed=500.0,
        limit=400.0,
        unit=Unit.MS,
        firings=firings,
        firing_s=1.0,
        first_fired_s=1.0,
        fired_s=1.0,
        worst=500.0,
    )


def frame(*alerts: AlertState) -> Frame:
    return replace(quiet(), alerts=alerts)


def heard() -> Callable[..., bool]:
    bell = Bell()
    return lambda *alerts: bell.hears(frame(*alerts))


def test_what_fired_before_the_viewer_came_is_old() -> None:
    hears = heard()
    assert not hears(alert(3))
    assert not hears(alert(3))


def test_each_firing_rings_once_however_many_frames_show_it_or_were_skipped() -> None:
    hears = heard()
    assert not hears(alert(0))
    assert hears(alert(1))
    assert not hears(alert(1))
    assert hears(alert(4))
    assert not hears(alert(4))


def test_several_at_once_ring_once() -> None:
    hears = heard()
    assert not hears(alert(0), alert(0, name="errors"))
    assert hears(alert(1), alert(1, name="errors"))


def test_what_wants_no_bell_or_was_seen_by_somebody_is_quiet() -> None:
    hears = heard()
    assert not hears(alert(0, bell=False), alert(0, name="errors"))
    assert not hears(alert(1, bell=False), alert(1, name="errors", seen=True))
