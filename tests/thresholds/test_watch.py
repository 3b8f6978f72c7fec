"""The watch against seconds made up for it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.model.alert import AlertChange
from vumeter.model.measure import Reading, Tally
from vumeter.model.probes import HostReading
from vumeter.thresholds.alerts import alert_of, alert_rule
from vumeter.thresholds.watch import Watch

Seconds = Callable[..., Reading]
Hosts = Callable[[float], HostReading]


def watch(text: str, **fields: Any) -> Watch:
    return Watch([alert_rule(replace(alert_of(text), **fields))])


@pytest.fixture
def seen(second: Seconds, host: Hosts) -> Callable[[Watch, Sequence[float | None]], list[str]]:
    """Return what changes when these are the host's CPU percents, `None`: it was not seen."""

    def of(watch: Watch, percents: Sequence[float | None]) -> list[str]:
        changes = []
        for number, percent in enumerate(percents):
            reading = second(number, host=None if percent is None else host(percent))
            changes += [f"{each.what} {each.at_s:g}" for each in watch.add(reading)]
        return changes

    return of


def test_it_fires_at_the_first_look_and_clears_when_it_was_well_long_enough(seen: Any) -> None:
    watched = watch("host.cpu: > 80%", clear_after_s=3.0)
    assert seen(watched, [10, 90, 90, 10, 10, 10, 10, 10]) == ["fired 2", "cleared 7"]
    (state,) = watched.states()
    assert (state.firings, state.firing_s, state.first_fired_s) == (1, 5.0, 2.0)
    assert state.worst == 90
    assert state.observed == 10
    assert not state.is_firing


def test_for_wants_every_look_to_be_bad(seen: Any) -> None:
    watched = watch("host.cpu: > 80% for 3s")
    assert seen(watched, [90, 90, 90, 10, 90, 90, 90]) == []
    assert seen(watch("host.cpu: > 80% for 3s"), [90, 90, 90, 90]) == ["fired 4"]


def test_between_the_limits_it_stays_as_it_is(seen: Any) -> None:
    watched = watch("host.cpu: > 80%", margin_ratio=0.25, clear_after_s=0.0)
    assert seen(watched, [70, 81, 79, 81, 61, 79, 60, 79, 81]) == [
        "fired 2",
        "cleared 7",
        "fired 9",
    ]


def test_what_is_bad_in_between_begins_the_clearing_anew(seen: Any) -> None:
    watched = watch("host.cpu: > 80%", until="< 50%", clear_after_s=2.0)
    assert seen(watched, [90, 40, 60, 40, 40, 40]) == ["fired 1", "cleared 6"]


def test_where_nothing_was_measured_nothing_changes(seen: Any) -> None:
    # The newest value of a gauge is one of the last ten seconds, so a dozen are needed.
    watched = watch("host.cpu: > 80%", clear_after_s=0.0)
    assert seen(watched, [None, 90, *[None] * 12, 10]) == ["fired 2", "cleared 15"]


def test_a_window_is_waited_for_and_merged(second: Seconds, tally: Callable[..., Tally]) -> None:
    watched = watch("http_req_duration: max > 400ms over 3s", clear_after_s=0.0)
    times = [900, 10, 10, 10, 10]
    changes = [
        (change.what, change.at_s, change.state.observed)
        for number, ms in enumerate(times)
        for change in watched.add(second(number, {"/": tally(ms)}))
    ]
    assert [change[:2] for change in changes] == [
        (AlertChange.FIRED, 3.0),
        (AlertChange.CLEARED, 4.0),
    ]
    # Histograms keep three digits.
    assert changes[0][2] == pytest.approx(900, rel=1e-3)


def test_the_worst_of_what_may_not_fall_is_the_least(seen: Any) -> None:
    # The host of these seconds has a quarter of its memory free.
    watched = watch("host.memory.free: < 30%")
    seen(watched, [50, 50])
    assert watched.states()[0].worst == pytest.approx(25.0)
    watched = watch("host.cpu: < 30%", clear_after_s=9.0)
    seen(watched, [20, 5, 25, 40])
    assert watched.states()[0].worst == 5


def test_what_is_acknowledged_is_so_until_it_clears(seen: Any) -> None:
    watched = watch("host.cpu: > 80%", clear_after_s=0.0)
    assert not watched.acknowledge("host.cpu>80%")
    seen(watched, [90])
    assert not watched.acknowledge("another")
    assert watched.acknowledge("host.cpu>80%")
    assert not watched.acknowledge("host.cpu>80%")
    assert watched.states()[0].is_acknowledged
    seen(watched, [10, 90])
    assert watched.states()[0].is_firing
    assert not watched.states()[0].is_acknowledged


def test_one_that_fires_to_the_last_is_said_to(seen: Any) -> None:
    watched = watch("host.cpu: > 80%")
    seen(watched, [10, 90, 90])
    ((what, state, at_s),) = watched.conclude(3.25)
    assert (what, at_s, state.firing_s) == (AlertChange.ENDED, 3.25, 1.25)
    assert watched.states()[0].is_firing
    assert watch("host.cpu: > 80%").conclude(1.0) == []
