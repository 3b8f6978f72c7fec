"""
Twenty seconds of each schedule, as the server saw them, against its closed form.

Even arrivals are compared with the integral of the rate. Random ones are compared with what
was drawn: the streams are seeded, so the test draws the same numbers, and puts them on the
same integral. On a busy machine a start is late, but by no more than the longest response
time that the run admits, which counts from when it was due; and it is never early, missing
or double.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

import pytest

from vumeter.testing.disturbance import Disturbance
from vumeter.testing.flight import Landing, fly
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

SPAN_S = 20.0
CLOSE = 0.005
"""Of all starts: how far the server may be away from the schedule at any time."""
CALM_S = 0.05
"""Up to this lateness a machine is no excuse: nothing is asked again, and hardly any dropped."""
TOO_LATE_S = 0.5
"""A curve of twenty seconds that may be later than this says little: it is drawn again."""
ATTEMPTS = 2
EARLY_S = 0.003
"""The report has its start to the millisecond, and a clock that is set a little goes a little."""

Asked = Callable[[float], float]
"""What a rate has asked for by a run time: its integral."""


def constant(per_s: float) -> Asked:
    return lambda at_s: per_s * at_s


def linear(begin: float, end: float) -> Asked:
    return lambda at_s: begin * at_s + (end - begin) / SPAN_S * at_s**2 / 2


def sine(begin: float, end: float) -> Asked:
    """Return the integral of begin + (end − begin) · sin²(π·t / 2T)."""
    bend = SPAN_S / (2 * math.pi)
    return lambda at_s: (
        begin * at_s
        + (end - begin) * (at_s / 2 - bend * math.sin(math.pi * at_s / SPAN_S))
    )  # fmt: skip


def even(asked: float) -> list[float]:
    """Return where the starts lie on the axis of what was asked for: at every whole number."""
    return [float(number) for number in range(math.ceil(asked - 1e-9))]


def drawn(asked: float, *, scenario: str, workers: int) -> list[float]:
    """Return where they lie at random: each worker draws its own, at its share of the rate."""
    positions = []
    for worker in range(workers):
        # The first worker of each share has the number of the share.
        stream, at = random.Random(f"{scenario}/{worker}/{worker}"), 0.0
        while (at := at + stream.expovariate(1.0) * workers) < asked:
            positions.append(at)
    return sorted(positions)


def ramped(begin: float, end: float, shape: str = "linear") -> str:
    return (
        f'start_rate = "{begin:g}/s"\nmax_vus = 400\n'
        f'stages = [{{ duration = "{SPAN_S:g}s", target = "{end:g}/s", shape = "{shape}" }}]'
    )


def steady(per_s: float) -> str:
    return f'rate = "{per_s:g}/s"\nmax_vus = 400\nduration = "{SPAN_S:g}s"'


Case = tuple[str, str, Asked]
"""Body of a scenario, its arrivals, and what it asks for."""

AT_200: list[Case] = [
    (steady(200), "even", constant(200)),
    (steady(200), "poisson", constant(200)),
    (ramped(50, 350), "even", linear(50, 350)),
    (ramped(350, 50, "sine"), "poisson", sine(350, 50)),
]


def flown(folder: Path, server: ServerProcess, bodies: list[str], workers: int) -> Landing:
    """Run scenarios of these *bodies* at once."""
    tables = [
        f'[scenarios.s{number}]\nsteps = ["/s{number}"]\n{body}'
        for number, body in enumerate(bodies)
    ]
    path = folder / "profile.toml"
    limits = '[limits]\nmax_vus = 3000\nmax_rate = "9000/s"'
    path.write_text("\n".join([f'target = "{server.url}"', limits, *tables]))
    return fly(str(path), "--workers", f"{workers}")


@pytest.mark.parametrize(
    ("cases", "workers"),
    [
        pytest.param(AT_200, 1, id="200-1"),
        pytest.param(AT_200, 2, id="200-2"),
        pytest.param(AT_200, 5, id="200-5"),
        pytest.param([(steady(2000), "even", constant(2000))], 1, id="2000-even-1"),
        pytest.param([(ramped(500, 3500), "even", linear(500, 3500))], 5, id="2000-ramp-5"),
        pytest.param([(steady(2000), "poisson", constant(2000))], 2, id="2000-poisson-2"),
    ],
)
def test_twenty_seconds_of_arrivals_are_those_of_the_schedule(
    cases: list[Case], workers: int, tmp_path: Path
) -> None:
    for _ in range(ATTEMPTS):
        with ServerProcess() as server:
            bodies = [f'{body}\narrivals = "{arrivals}"' for body, arrivals, _ in cases]
            landing = flown(tmp_path, server, bodies, workers)
            seen = [
                landing.run_times_s(server.path_arrivals_ns(f"/s{number}"))
                for number in range(len(cases))
            ]
        late_s = landing.report["latency_ms"]["max"] / 1000
        if late_s <= TOO_LATE_S:
            break
    dropped = landing.report["totals"]["dropped"]
    due = [
        even(asked(SPAN_S)) if arrivals == "even"
        else drawn(asked(SPAN_S), scenario=f"s{number}", workers=workers)
        for number, (_, arrivals, asked) in enumerate(cases)
    ]  # fmt: skip
    # To the last one: what was due was started, or dropped for want of a VU and counted.
    assert landing.report["totals"]["iterations_due"] == sum(map(len, due))
    assert sum(map(len, seen)) + dropped == sum(map(len, due))
    assert dropped <= CLOSE * sum(map(len, due)) or late_s > CALM_S
    for (_, _, asked), positions, arrivals_s in zip(cases, due, seen, strict=True):
        slack = CLOSE * len(positions)
        for tenth in range(round(SPAN_S * 10) + 1):
            at_s = tenth / 10
            started = bisect_right(arrivals_s, at_s)
            least = bisect_right(positions, asked(max(0.0, at_s - late_s)))
            most = bisect_right(positions, asked(min(SPAN_S, at_s + EARLY_S)))
            assert least - slack - dropped <= started <= most + slack


def test_random_arrivals_are_as_irregular_as_independent_users(tmp_path: Path) -> None:
    # The mean gap is 20 ms, which a busy machine's lateness of a few ms does not make even.
    per_s, span_s = 50.0, SPAN_S
    with ServerProcess() as server:
        landing = flown(tmp_path, server, [f'{steady(per_s)}\narrivals = "poisson"'], 3)
        arrivals_s = landing.run_times_s(server.arrivals_ns())
    # Four standard deviations of a Poisson number; the streams are seeded, so no draw of luck.
    assert len(arrivals_s) == pytest.approx(per_s * span_s, abs=4 * math.sqrt(per_s * span_s))
    # In windows of twenty mean gaps: variance ÷ mean is 1, and 0.05 for even arrivals. Its
    # standard deviation is √(2 / windows).
    window_s = 20 / per_s
    counts = [0] * round(span_s / window_s)
    for at_s in arrivals_s:
        if 0 <= at_s < span_s:
            counts[int(at_s / window_s)] += 1
    mean = sum(counts) / len(counts)
    dispersion = sum((count - mean) ** 2 for count in counts) / len(counts) / mean
    assert abs(dispersion - 1) <= 4 * math.sqrt(2 / len(counts))
    assert dispersion >= 0.3


PEAK, UP_S, STAYS_S, DOWN_S = 100, 4.0, 1.0, 4.0
LOOKS_EVERY_S = 0.05
"""How often the number of VUs is looked at while it moves."""


def vus(at_s: float) -> float:
    """Return the number of VUs as it was drawn up."""
    return PEAK * max(0.0, min(at_s / UP_S, 1.0, (UP_S + STAYS_S + DOWN_S - at_s) / DOWN_S))


def farthest_vus(opened_s: list[float], closed_s: list[float], late_s: float) -> float:
    """Return by how many VUs the server was away from the ramp, beyond what was only late."""
    off = 0.0
    for tenth in range(round(10 * (UP_S + STAYS_S + DOWN_S))):
        at_s = tenth / 10
        there = bisect_right(opened_s, at_s) - bisect_right(closed_s, at_s)
        near = [vus(at_s - LOOKS_EVERY_S - late_s), vus(at_s), vus(at_s + EARLY_S)]
        off = max(off, min(near) - there, there - max(near))
    return off


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_vus_come_and_go_along_their_ramps(workers: int, tmp_path: Path) -> None:
    # A VU connects as it begins and leaves as it rests, so connections draw their number.
    body = (
        f'pacing = "200ms"\nstart_vus = 0\nstages = [{{ duration = "{UP_S}s", target = {PEAK} }}, '
        f'{{ duration = "{STAYS_S}s", target = {PEAK} }}, '
        f'{{ duration = "{DOWN_S}s", target = 0 }}]'
    )
    for _ in range(ATTEMPTS):
        with ServerProcess() as server, Disturbance() as disturbance:
            landing = flown(tmp_path, server, [body], workers)
            opened_ns, closed_ns = server.connections_ns()
        # A VU waits for its turn, and the server that sees it connect for its own.
        late_s = 2 * max(disturbance.max_ms, landing.lag_max_ms) / 1000
        opened_s, closed_s = landing.run_times_s(opened_ns), landing.run_times_s(closed_ns)
        assert len(opened_s) == len(closed_s) == PEAK
        assert landing.errors == {}
        if late_s <= CALM_S or farthest_vus(opened_s, closed_s, late_s) <= 0.01 * PEAK + 0.5:
            break
    # Within 1 % of what they do together: the area under the number of VUs.
    area = sum(closed_s) - sum(opened_s)
    drawn_area = PEAK * (UP_S / 2 + STAYS_S + DOWN_S / 2)
    assert area == pytest.approx(drawn_area, rel=0.01 + 2 * late_s / (UP_S + STAYS_S + DOWN_S))
    # And within 1 % of the peak at any time, and the half that whole numbers are away.
    assert farthest_vus(opened_s, closed_s, late_s) <= 0.01 * PEAK + 0.5
