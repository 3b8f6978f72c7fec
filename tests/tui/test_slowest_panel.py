"""The slowest requests of an endpoint, as rows."""

from vumeter.model.measure import ErrorKind, Slow
from vumeter.tui.terminal import DEFAULT_LOOK
from vumeter.tui.widgets.slowest_panel import slow_line


def slow(**fields: object) -> Slow:
    usual = {"service_us": 1_250_000, "status": 200, "received_bytes": 900, "vu": 17}
    return Slow(**{"iteration": 204, "at_ms": 83_400} | usual | fields)  # type: ignore[arg-type]


def row(each: Slow, width: int = 80) -> str:
    return slow_line(each, width=width, look=DEFAULT_LOOK).text.strip()


def test_a_phase_is_named_where_it_took_a_part_of_the_whole() -> None:
    whole = row(slow(blocked_us=300_000, waiting_us=1_200_000, receiving_us=50_000, sending_us=10))
    assert whole.split() == [
        *("1.25k", "200", "conn", "300", "wait", "1.20k", "recv", "50"),
        *("VU", "17", "it", "204", "900B", "at", "00:01:23"),
    ]


def test_one_that_only_waited_says_nothing_of_phases_and_a_time_out_says_so() -> None:
    assert row(slow(waiting_us=1_250_000)).split()[:4] == ["1.25k", "200", "VU", "17"]
    late = slow(status=0, error=ErrorKind.TIMEOUT_RESPONSE, received_bytes=0)
    assert row(late).startswith("1.25k timeout_response")


def test_in_a_narrow_place_time_outcome_and_vu_stay() -> None:
    assert row(slow(blocked_us=400_000), width=40).split()[:2] == ["1.25k", "200"]
    assert "VU 17" in row(slow(blocked_us=400_000), width=40)
