"""Who comes, goes and is missed, and what is wished for then."""

from typing import Any

import pytest

from vumeter.model.flow import Request
from vumeter.model.frame import EventLevel, StopCause
from vumeter.model.plan import Load, Plan, Scenario, ViewerLost
from vumeter.model.throttle import CommandKind
from vumeter.run.audience import Audience
from vumeter.run.control import Viewer
from vumeter.run.events import EventLog
from vumeter.run.lostviewer import PATIENCE_S
from vumeter.run.timeline import Timeline
from vumeter.testing.clock import ManualClock

ANN, BOB = Viewer("ann", watches_only=False), Viewer("bob", watches_only=True)
LEFT_S = 1_000.0


class House:
    """An audience, what is told of it, and its clock."""

    def __init__(self, *, is_attended: bool = False, **plan: Any) -> None:
        self.clock = ManualClock()
        self.events = EventLog(Timeline(self.clock))
        request = Request(name="get", url="http://127.0.0.1:1/")
        load = plan.pop("load", Load(vus=1))
        scenarios = (Scenario(name="main", steps=(request,), load=load),)
        self.audience = Audience(
            Plan(name="shop", scenarios=scenarios, **plan),
            events=self.events,
            is_attended=is_attended,
            clock=self.clock,
        )

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(event.author, event.text) for event in self.events.all]


def test_who_comes_and_goes_is_told_and_the_control_passes_on() -> None:
    house = House()
    seats = [house.audience.join(each, 0.0) for each in (BOB, ANN, Viewer("cy", False))]
    house.audience.leave(seats[1], by_choice=True)
    assert house.told == [
        ("bob", "attached, to watch"),
        ("ann", "attached"),
        ("cy", "attached"),
        ("ann", "left"),
        ("cy", "has the control now"),
    ]
    assert house.audience.control.holder == "cy"


def test_a_run_without_an_end_that_nobody_watches_is_warned_of_and_then_stopped() -> None:
    house = House(dead_man_s=60.0)
    house.audience.saw(10.0)
    assert house.audience.wish(14.0, can_pause=True) is None
    assert house.told == []
    assert house.audience.wish(16.0, can_pause=True) is None
    assert [event.level for event in house.events.all] == [EventLevel.WARNING]
    wish = house.audience.wish(70.0, can_pause=True)
    assert wish is not None
    assert (wish.command.kind, wish.cause) == (CommandKind.STOP, StopCause.DEAD_MAN)
    assert wish.command.note == "nobody has watched for 1m"


@pytest.mark.parametrize(
    "house",
    [
        pytest.param(House(load=Load(vus=1, duration_s=9_000.0)), id="it has an end"),
        pytest.param(House(is_attended=True), id="someone sits before it"),
    ],
)
def test_a_run_that_needs_nobody_is_left_alone(house: House) -> None:
    assert house.audience.wish(LEFT_S, can_pause=True) is None
    assert house.told == []


def test_a_run_whose_end_was_held_off_needs_somebody_again() -> None:
    house = House(load=Load(vus=1, duration_s=9_000.0))
    house.audience.expect_end(False)
    assert house.audience.wish(LEFT_S, can_pause=True) is not None


@pytest.mark.parametrize("kind", [ViewerLost.STOP, ViewerLost.PAUSE])
def test_what_follows_on_a_lost_viewer_is_wished_for_once(kind: ViewerLost) -> None:
    house = House(on_viewer_lost=kind)
    house.audience.leave(house.audience.join(ANN, 0.0), by_choice=False)
    assert house.audience.wish(0.0, can_pause=True) is None
    house.clock.advance_s(PATIENCE_S)
    wish = house.audience.wish(0.0, can_pause=True)
    assert wish is not None
    assert (wish.command.kind.value, wish.cause) == (kind.value, StopCause.VIEWER_LOST)
    assert house.audience.wish(0.0, can_pause=True) is None


def test_a_pause_waits_for_a_load_that_could_be_paused() -> None:
    house = House(on_viewer_lost=ViewerLost.PAUSE)
    house.audience.leave(house.audience.join(ANN, 0.0), by_choice=False)
    house.clock.advance_s(PATIENCE_S)
    assert house.audience.wish(0.0, can_pause=False) is None
    assert house.audience.wish(0.0, can_pause=True) is not None


def test_whoever_comes_to_steer_settles_it_and_who_only_watches_does_not() -> None:
    house = House(on_viewer_lost=ViewerLost.STOP)
    house.audience.leave(house.audience.join(ANN, 0.0), by_choice=False)
    house.audience.join(BOB, 0.0)
    house.clock.advance_s(PATIENCE_S)
    house.audience.join(ANN, 0.0)
    assert house.audience.wish(0.0, can_pause=True) is None
