"""Lines for people, on streams that are slow, stuck or gone."""

import io
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import pytest
from msgspec.structs import replace

from vumeter.cli.printing import Printer
from vumeter.model.frame import Event, EventLevel, Figures, Frame, RunState

_NOTHING = Figures(
    requests=0,
    requests_per_s=0.0,
    errors=0,
    errors_by_kind={},
    statuses={},
    sent_bytes=0,
    received_bytes=0,
    latency=None,
)
FRAME = Frame(
    run="test",
    target="http://127.0.0.1",
    state=RunState.RUNNING,
    stop_cause=None,
    second=-1,
    at_unix_ms=0,
    started_unix_ms=0,
    elapsed_s=0.0,
    duration_s=None,
    throttles=(),
    window=_NOTHING,
    total=_NOTHING,
    in_flight=0,
    dropped=0,
    points=(),
    endpoints=(),
    errors=(),
    generator=None,
    host=None,
    postgres=None,
    events=(),
    undo=None,
    redo=None,
    workers_heard=1,
    workers_expected=1,
    viewers=0,
    control="",
)


def event(serial: int, text: str, level: EventLevel = EventLevel.ACTION) -> Event:
    return Event(serial=serial, second=1.5, at_unix_ms=0, level=level, author="alice", text=text)


@pytest.fixture
def stuck() -> Iterator[io.TextIOWrapper]:
    """A terminal that was stopped: a full pipe that nobody empties."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    stream = io.TextIOWrapper(os.fdopen(writing, "wb", buffering=0), write_through=True)
    yield stream
    # Closing the reader lets the writer's thread go with an error, which it expects.
    os.close(reading)
    stream.close()


def test_each_second_is_one_line_however_often_its_frame_comes() -> None:
    stream = io.StringIO()
    printer = Printer(stream)
    for second in (0, 0, 1, 1, 1, 2):
        printer(replace(FRAME, second=second, elapsed_s=second + 1.0))
    printer.close()
    assert [line[:8] for line in stream.getvalue().splitlines()] == [
        "00:00:01",
        "00:00:02",
        "00:00:03",
    ]


def test_each_event_is_one_line_and_news_of_no_consequence_are_none() -> None:
    stream = io.StringIO()
    printer = Printer(stream)
    first = event(1, "VU 10 → 12")
    printer(replace(FRAME, events=(first,)))
    printer(replace(FRAME, events=(first, event(2, "bob attached", EventLevel.INFO))))
    printer(replace(FRAME, events=(first, event(3, "lost\x1b[2J", EventLevel.ERROR))))
    printer.close()
    assert stream.getvalue().splitlines() == [
        "    1.5s alice: VU 10 → 12",
        "    1.5s alice: lost\N{REPLACEMENT CHARACTER}[2J",
    ]


def test_a_log_has_every_event_with_the_time_of_day_and_no_seconds() -> None:
    stream = io.StringIO()
    printer = Printer(stream, is_log=True)
    attached = event(1, "attached", EventLevel.INFO)
    printer(replace(FRAME, second=5, events=(attached,)))
    printer.close()
    at = datetime.fromtimestamp(attached.at_unix_ms / 1000)
    assert stream.getvalue() == f"{at:%Y-%m-%d %H:%M:%S}     1.5s alice: attached\n"


@pytest.mark.slow
def test_a_terminal_that_stops_reading_holds_up_nothing(stuck: io.TextIOWrapper) -> None:
    printer = Printer(stuck)
    begun_s = time.monotonic()
    # Many times what the printer's own queue takes.
    for second in range(1000):
        printer(replace(FRAME, second=second))
    printer.close()
    # Half a second is for what waits at the end, and the rest for a busy machine.
    assert time.monotonic() - begun_s < 5


def test_a_terminal_that_is_gone_holds_up_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = io.TextIOWrapper(os.fdopen(writing, "wb", buffering=0), write_through=True)
    printer = Printer(stream)
    for second in range(1000):
        printer(replace(FRAME, second=second))
    printer.close()
    stream.close()
