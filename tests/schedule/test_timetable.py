import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.flow import Request
from vumeter.model.plan import Limits, Load, Plan, Scenario, Stage
from vumeter.model.throttle import Lever
from vumeter.schedule.course import target
from vumeter.schedule.timetable import Timetable, openings, timetable


def stages(*pairs: tuple[float, float]) -> tuple[Stage, ...]:
    return tuple(Stage(duration_s=duration_s, target=end) for duration_s, end in pairs)


STAGED = Load(vus=10, start_s=5, stages=stages((10, 30), (0, 80), (20, 80)), duration_s=50)


def borders(table: Timetable) -> list[tuple[int, float, float]]:
    return [(each.number, each.start_s, each.end_s) for each in table.sections]


def test_a_timetable_has_a_wait_the_stages_and_what_follows_them() -> None:
    table = timetable(STAGED)
    # The jump takes no time, so it is no section; what comes after begins where it led.
    assert borders(table) == [(0, 0, 5), (1, 5, 15), (3, 15, 35), (4, 35, 55)]
    assert (table.begin_s, table.end_s, table.stages) == (5, 55, 3)
    assert [target(table.vus, at_s) for at_s in (4, 5, 10, 14.999, 15, 40)] == [
        0, 10, 20, pytest.approx(30, abs=0.01), 80, 80,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("load", "end_s"),
    [
        (Load(vus=1), None),
        (Load(vus=1, duration_s=60), 60),
        (Load(vus=1, duration_s=60, start_s=30), 90),
        (Load(vus=1, stages=stages((10, 5), (20, 0))), 30),
        (Load(vus=1, stages=stages((10, 5), (20, 0)), duration_s=15), 15),
        (Load(vus=1, iterations=5), None),
    ],
)
def test_a_schedule_ends_by_its_duration_else_with_its_stages(
    load: Load, end_s: float | None
) -> None:
    table = timetable(load)
    assert table.end_s == end_s
    assert table.sections[-1].end_s == (math.inf if end_s is None else end_s)


def test_stages_move_the_rate_where_there_is_one_and_the_pool_waits_with_it() -> None:
    table = timetable(Load(vus=7, rate_per_s=10, start_s=5, stages=stages((10, 30))))
    assert table.moved is Lever.RATE
    assert table.rate is not None
    assert [target(table.rate, at_s) for at_s in (4, 5, 10)] == [0, 10, 20]
    assert [target(table.vus, at_s) for at_s in (4, 5, 10)] == [0, 7, 7]
    assert timetable(STAGED).rate is None


inside_s = st.floats(0, 54.9)


@given(inside_s, st.floats(0.001, 100))
def test_a_clock_that_stood_still_finds_everything_later(at_s: float, by_s: float) -> None:
    table = timetable(STAGED)
    later = table.put_off(by_s, at_s=at_s)
    assert later.end_s == 55 + by_s
    for ahead_s in (0.0, 0.5, 7.0, 30.0):
        if not any(abs(at_s + ahead_s - border) < 1e-6 for border in (5, 15, 35)):
            moved = target(later.vus, at_s + by_s + ahead_s)
            assert moved == pytest.approx(target(table.vus, at_s + ahead_s), abs=1e-6)


@given(inside_s, st.floats(0.001, 100))
def test_an_extension_makes_no_jump_and_puts_all_that_follows_off(at_s: float, by_s: float) -> None:
    table = timetable(STAGED)
    longer = table.extended(by_s, at_s=at_s)
    assert target(longer.vus, at_s) == pytest.approx(target(table.vus, at_s), abs=1e-6)
    assert longer.end_s == 55 + by_s
    here = table.section_at(at_s)
    assert longer.section_at(at_s).end_s == pytest.approx(here.end_s + by_s)
    following_s = here.end_s + by_s + 1
    assert target(longer.vus, following_s) == pytest.approx(target(table.vus, here.end_s + 1))


@given(inside_s)
def test_a_skip_is_as_if_the_rest_of_the_section_had_passed(at_s: float) -> None:
    table = timetable(STAGED)
    skipped = table.skipped(at_s)
    rest_s = table.section_at(at_s).end_s - at_s
    assert skipped.end_s == pytest.approx(55 - rest_s)
    if at_s < 35:
        for ahead_s in (0.001, 3.0, 15.0):
            moved = target(skipped.vus, at_s + ahead_s)
            assert moved == pytest.approx(target(table.vus, at_s + rest_s + ahead_s), abs=1e-6)


def test_scenarios_open_within_the_limits_and_the_first_ones_win() -> None:
    request = Request(name="GET /", url="http://127.0.0.1/")
    loads = {
        "first": Load(vus=60, duration_s=10),
        "second": Load(vus=60, duration_s=10),
        "after": Load(vus=60, start_s=10, duration_s=10),
    }
    scenarios = tuple(Scenario(name=n, steps=(request,), load=load) for n, load in loads.items())
    opened = openings(Plan(name="t", scenarios=scenarios, limits=Limits(max_vus=100)))
    assert [target(opened[name].vus, 5) for name in ("first", "second")] == [60, 40]
    # By then the others have ended.
    assert target(opened["after"].vus, 15) == 60
