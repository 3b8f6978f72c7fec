"""Where things stand, at any size."""

import itertools

import pytest

from vumeter.tui.arrangement import Part, Place, View, arrange

SIZES = tuple(
    itertools.product((1, 40, 59, 60, 80, 111, 112, 120, 200), (1, 2, 14, 15, 24, 40, 60))
)
TOP = (Part.HEADER, Part.THROTTLES, Part.STATUS)


def overlap(one: Place, other: Place) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    above = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (beside or above)


@pytest.mark.parametrize("is_zoomed", [False, True])
@pytest.mark.parametrize("view", View)
def test_no_two_parts_overlap_and_every_cell_is_used(view: View, is_zoomed: bool) -> None:
    for (width, height), endpoints, metrics in itertools.product(
        SIZES, (0, 1, 5, 1000), (0, 1, 4, 100)
    ):
        places = arrange(
            view,
            width=width,
            height=height,
            is_zoomed=is_zoomed,
            endpoints=endpoints,
            metrics=metrics,
        )
        taken = list(places.values())
        assert not any(overlap(*two) for two in itertools.combinations(taken, 2))
        assert sum(place.width * place.height for place in taken) == width * height


@pytest.mark.parametrize("view", View)
def test_the_first_three_rows_and_the_key_line_never_go(view: View) -> None:
    for height in range(15, 60):
        places = arrange(view, width=80, height=height)
        assert [places[part].y for part in TOP] == [0, 1, 2]
        assert places[Part.BAR] == Place(0, height - 1, 80, 1)


def test_eighty_by_twenty_four_is_the_sketch() -> None:
    places = arrange(View.LOAD, width=80, height=24)
    rows = {part: place.height for part, place in places.items() if place.y > 2}
    assert rows == {
        Part.LATENCY: 6, Part.RPS: 2, Part.ERRORS: 2, Part.ENDPOINTS: 6, Part.HOST: 3,
        Part.POSTGRES: 3, Part.EVENTS: 3, Part.BAR: 1,
    }  # fmt: skip


def test_a_hundred_and_twenty_by_forty_is_the_sketch() -> None:
    places = arrange(View.LOAD, width=120, height=40)
    rows = {part: place.height for part, place in places.items() if place.y > 2}
    assert rows == {
        Part.PLAN: 1, Part.LATENCY: 12, Part.THROTTLE_PANEL: 12, Part.RPS: 5, Part.ERRORS: 5,
        Part.ENDPOINTS: 9, Part.HOST: 5, Part.POSTGRES: 5, Part.EVENTS: 4, Part.BAR: 1,
    }  # fmt: skip


def test_metrics_of_a_script_stand_below_the_endpoints_and_are_not_there_without_any() -> None:
    for width, height, rows in ((80, 24, 4), (120, 40, 5), (200, 60, 5)):
        places = arrange(View.LOAD, width=width, height=height, metrics=4)
        endpoints = places[Part.ENDPOINTS]
        assert places[Part.METRICS].y == endpoints.y + endpoints.height
        assert places[Part.METRICS].height == rows
        assert Part.METRICS not in arrange(View.LOAD, width=width, height=height)
    assert arrange(View.ENDPOINTS, width=80, height=24, metrics=4)[Part.METRICS].height == 5


def test_a_series_stands_under_the_latency_and_shares_its_time_axis() -> None:
    for view in (View.LOAD, View.LATENCY, View.HOST, View.DATABASE):
        for width, height in ((80, 24), (120, 40), (200, 60), (80, 18)):
            places = arrange(view, width=width, height=height, has_series=True)
            latency, series = places[Part.LATENCY], places[Part.SERIES]
            assert (series.x, series.width) == (latency.x, latency.width)
            assert series.y == latency.y + latency.height
            assert series.height >= 2
            assert Part.SERIES not in arrange(view, width=width, height=height)


def test_one_endpoint_leaves_its_rows_to_the_charts() -> None:
    places = arrange(View.LOAD, width=80, height=24, endpoints=1)
    assert places[Part.ENDPOINTS].height == 3
    assert places[Part.LATENCY].height + places[Part.RPS].height == 11


def test_the_two_charts_share_their_time_axis_where_there_is_room_beside_them() -> None:
    places = arrange(View.LOAD, width=120, height=40)
    assert places[Part.LATENCY].width == places[Part.RPS].width


def test_a_shrinking_terminal_loses_events_first_then_host_and_database() -> None:
    lost: list[Part] = []
    before = set(arrange(View.LOAD, width=80, height=40))
    for height in range(39, 14, -1):
        now = set(arrange(View.LOAD, width=80, height=height))
        lost += sorted(before - now)
        before = now
    assert lost == [Part.EVENTS, Part.HOST, Part.POSTGRES]


@pytest.mark.parametrize(("width", "height"), [(59, 24), (80, 14), (20, 5)])
def test_below_sixty_by_fifteen_there_is_a_digest(width: int, height: int) -> None:
    assert set(arrange(View.LOAD, width=width, height=height)) == {Part.DIGEST, Part.BAR}


@pytest.mark.parametrize(
    ("view", "subject"),
    [
        (View.LATENCY, Part.LATENCY),
        (View.ENDPOINTS, Part.ENDPOINTS),
        (View.HOST, Part.HOST),
        (View.DATABASE, Part.DATABASE),
        (View.LOG, Part.EVENTS),
    ],
)
def test_a_view_gives_its_subject_more_rows_than_the_cockpit_does(
    view: View, subject: Part
) -> None:
    alone = arrange(view, width=80, height=24)[subject]
    # The database's details are not among what the cockpit shows: its short panel is.
    companion = Part.POSTGRES if subject is Part.DATABASE else subject
    among_others = arrange(View.LOAD, width=80, height=24)[companion]
    assert alone.height > among_others.height


def test_zoomed_the_subject_has_the_whole_body() -> None:
    places = arrange(View.DATABASE, width=80, height=24, is_zoomed=True)
    assert places[Part.DATABASE] == Place(0, 3, 80, 20)


def test_help_takes_the_body_and_leaves_the_first_rows() -> None:
    places = arrange(View.LOAD, width=80, height=24, helps=True)
    assert set(places) == {*TOP, Part.HELP, Part.BAR}


@pytest.mark.parametrize("is_zoomed", [False, True])
def test_what_is_watched_stands_beside_the_host_or_below_it_and_only_in_its_view(
    is_zoomed: bool,
) -> None:
    for width, height in SIZES:
        places = arrange(
            View.HOST, width=width, height=height, is_zoomed=is_zoomed, has_watched=True
        )
        taken = list(places.values())
        assert not any(overlap(*two) for two in itertools.combinations(taken, 2))
        assert sum(place.width * place.height for place in taken) == width * height
    wide = arrange(View.HOST, width=120, height=40, has_watched=True)
    assert wide[Part.WATCHED].y == wide[Part.HOST].y
    narrow = arrange(View.HOST, width=80, height=24, has_watched=True)
    assert narrow[Part.WATCHED].width == 80
    assert narrow[Part.WATCHED].height >= 6
    assert Part.WATCHED not in arrange(View.LOAD, width=120, height=40, has_watched=True)
