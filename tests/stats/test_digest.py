"""What viewers are shown of the readings."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.frame import Figures, Point
from vumeter.model.measure import ErrorKind, Reading, ScenarioCounts, Tally
from vumeter.stats.digest import Digest
from vumeter.stats.histogram import histogram_of
from vumeter.stats.tally import figures, merge


def answered(*times_us: int) -> Tally:
    return Tally(
        answered=len(times_us), statuses={200: len(times_us)}, service=histogram_of(times_us)
    )


def failed(kind: ErrorKind, number: int = 1) -> Tally:
    return Tally(errors={kind: number})


def over(totals: dict[str, Tally], seconds: float) -> dict[str, Figures]:
    return {name: figures(tally, seconds) for name, tally in totals.items()}


def take(digest: Digest, reading: Reading) -> Point:
    return digest.add(reading, vus_target=10.0, rate_target_per_s=None)


@given(
    seconds=st.lists(
        st.tuples(
            st.integers(1, 4),
            st.dictionaries(
                st.sampled_from(["GET /a", "GET /b"]),
                st.lists(st.integers(1, 5_000), min_size=1, max_size=5),
            ),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_the_window_is_exactly_the_last_ten_seconds_whatever_gaps_there_are(
    reading: Any, seconds: list[tuple[int, dict[str, list[int]]]]
) -> None:
    digest, second, recent = Digest(), -1, []
    for step, times in seconds:
        second += step
        tallies = {name: answered(*each) for name, each in times.items()}
        recent.append((second, tallies))
        take(digest, reading(second, tallies))

    inside = [tallies for at, tallies in recent if at > second - 10]
    everything = merge([tally for tallies in inside for tally in tallies.values()])
    assert digest.window == figures(everything, min(10, second + 1))
    names = {name for _, tallies in recent for name in tallies}
    for row in digest.endpoints({name: figures(Tally(), second + 1) for name in names}):
        expected = merge([tallies[row.name] for tallies in inside if row.name in tallies])
        assert row.window == figures(expected, min(10, second + 1))


def test_response_times_are_shown_where_there_are_any(reading: Any) -> None:
    tally = Tally(answered=1, service=histogram_of([100]), response=histogram_of([900]))
    digest = Digest()
    point = take(digest, reading(0, {"GET /": tally}))

    assert point.p50_us == 900
    assert digest.window.latency is not None
    assert digest.window.latency.p50_us == 900


def test_a_point_holds_its_second_and_no_other(reading: Any) -> None:
    digest = Digest()
    take(digest, reading(0, {"GET /": answered(50_000)}))
    tallies = {"GET /a": answered(100, 200), "GET /b": failed(ErrorKind.REFUSED, 3)}
    counts = ScenarioCounts(vus_active=7, iterations_dropped=2)
    point = digest.add(
        reading(1, tallies, counts=counts, limited=True), vus_target=8.5, rate_target_per_s=40.0
    )

    assert point == Point(
        second=1,
        at_unix_ms=1_000,
        requests=5,
        errors=3,
        p50_us=100,
        p95_us=200,
        p99_us=200,
        max_us=200,
        vus=7,
        vus_target=8.5,
        rate_target_per_s=40.0,
        dropped=2,
        generator_limited=True,
    )
    assert digest.points(1) == (point,)


@pytest.mark.parametrize(
    "tallies",
    [
        pytest.param({}, id="nothing sent"),
        pytest.param({"GET /": failed(ErrorKind.REFUSED)}, id="nothing answered"),
    ],
)
def test_a_second_without_an_answer_is_a_gap_and_not_zero(
    reading: Any, tallies: dict[str, Tally]
) -> None:
    point = take(Digest(), reading(0, tallies))

    assert (point.p50_us, point.p95_us, point.p99_us, point.max_us) == (None,) * 4


def test_a_second_that_is_not_newer_is_refused(reading: Any) -> None:
    digest = Digest()
    take(digest, reading(4))

    with pytest.raises(ValueError, match="second 4 came after 4"):
        take(digest, reading(4))


def test_the_busiest_endpoint_of_the_window_comes_first(reading: Any) -> None:
    digest = Digest()
    take(digest, reading(0, {"GET /old": answered(*[10] * 9), "GET /new": answered(10)}))
    for second in range(1, 12):
        take(digest, reading(second, {"GET /new": answered(10)}))
    totals = {
        "GET /idle": Tally(),
        "GET /old": answered(*[10] * 90),
        "GET /new": answered(*[10] * 12),
    }

    rows = digest.endpoints(over(totals, 12))

    assert [row.name for row in rows] == ["GET /new", "GET /old", "GET /idle"]
    assert rows[1].window.requests == 0
    assert rows[1].window.latency is None
    assert rows[1].total.requests == 90


def test_previous_p95_is_that_of_the_ten_seconds_before(reading: Any) -> None:
    digest, totals = Digest(), {"GET /": answered(1)}
    for second in range(10):
        take(digest, reading(second, {"GET /": answered(100)}))
        assert digest.endpoints(over(totals, 1))[0].previous_p95_us is None
    for second in range(10, 20):
        take(digest, reading(second, {"GET /": answered(300)}))

    [row] = digest.endpoints(over(totals, 20))
    assert row.window.latency is not None
    assert (row.previous_p95_us, row.window.latency.p95_us) == (100, 300)


def test_there_is_no_previous_p95_across_a_gap(reading: Any) -> None:
    digest = Digest()
    take(digest, reading(0, {"GET /": answered(100)}))
    take(digest, reading(15, {"GET /": answered(100)}))

    assert digest.endpoints(over({"GET /": answered(1)}, 16))[0].previous_p95_us is None


def test_errors_are_counted_by_kind_status_and_endpoint_over_a_minute(reading: Any) -> None:
    digest = Digest()
    unavailable = Tally(
        answered=3,
        statuses={200: 1, 503: 2},
        errors={ErrorKind.STATUS: 2},
        service=histogram_of([1]),
    )
    take(digest, reading(0, {"GET /a": unavailable, "GET /b": failed(ErrorKind.REFUSED, 5)}))
    take(digest, reading(30, {"GET /a": unavailable}))
    take(digest, reading(60, {}))
    totals = {"GET /a": merge([unavailable] * 2), "GET /b": failed(ErrorKind.REFUSED, 5)}

    status, refused = digest.errors(totals)

    assert (status.kind, status.status, status.endpoint) == (ErrorKind.STATUS, 503, "GET /a")
    assert (status.window, status.total) == (2, 4)
    assert (status.first_second, status.last_second) == (0, 30)
    assert (refused.kind, refused.status, refused.endpoint) == (ErrorKind.REFUSED, None, "GET /b")
    assert (refused.window, refused.total) == (0, 5)
    assert (refused.first_second, refused.last_second) == (0, 0)


def test_an_error_that_only_a_late_snapshot_told_of_has_a_row(reading: Any) -> None:
    digest = Digest()
    take(digest, reading(7))
    totals = {"GET /": failed(ErrorKind.RESET, 2)}
    [row] = digest.errors(totals)
    take(digest, reading(8))

    assert (row.window, row.total, row.first_second, row.last_second) == (0, 2, 7, 7)
    assert digest.errors(totals) == (row,)


def test_every_error_of_the_totals_is_in_some_row(reading: Any) -> None:
    kinds = dict.fromkeys(ErrorKind, 1)
    tally = Tally(answered=4, errors={**kinds, ErrorKind.STATUS: 3}, statuses={400: 2, 500: 1})
    digest = Digest()
    take(digest, reading(0, {"GET /": tally}))

    assert sum(row.total for row in digest.errors({"GET /": tally})) == sum(tally.errors.values())


def test_the_window_before_the_first_second_is_empty() -> None:
    digest = Digest()

    assert digest.window.requests == 0
    assert digest.window.latency is None
    assert digest.endpoints({}) == ()
    assert digest.points(0) == ()


def test_exceptions_of_scripts_are_told_beside_the_errors_of_requests_and_are_none(
    reading: Any,
) -> None:
    digest = Digest()
    counts = ScenarioCounts(script_errors=3)
    point = take(digest, reading(0, {"GET /": answered(5)}, counts=counts))
    assert (point.requests, point.errors, digest.window.errors) == (1, 0, 0)
    [row] = digest.errors({"GET /": answered(5)}, {"main": counts})
    assert (row.kind, row.endpoint, row.window, row.total) == (ErrorKind.SCRIPT, "main()", 3, 3)
