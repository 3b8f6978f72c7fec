"""When the bell rings: once for each firing, and never for what is old."""

from collections.abc import Callable
from functools import cache

from msgspec.structs import replace

from vumeter.model.frame import Frame
from vumeter.model.verdict import AlertState
from vumeter.testing.alerts import firing
from vumeter.testing.story import story
from vumeter.tui.bell import Bell


@cache
def quiet() -> Frame:
    return story().frames[0]


def alert(firings: int, *, name: str = "slow", bell: bool = True, seen: bool = False) -> AlertState:
    return firing(name=name, bell=bell, is_acknowledged=seen, firings=firings)


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
