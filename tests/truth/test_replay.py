"""A run that is driven again, live and out of its export, draws the same curve at the server."""

from bisect import bisect_right
from pathlib import Path

import pytest

from vumeter.testing.disturbance import Disturbance
from vumeter.testing.flight import Flight, fly
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

WITHIN_S = 1.0
"""How far apart in time the same target may be."""

PROFILE = """
target = "{url}"
[limits]
max_vus = 300
[scenarios.main]
steps = ["/"]
vus = 4
pacing = "20ms"
"""


def assert_same_curve(before_s: list[float], again_s: list[float], until_s: float) -> None:
    """Assert that both have had as many arrivals at any time, or at most a moment off."""
    for quarter in range(round(until_s * 4)):
        at_s = quarter / 4
        least = bisect_right(before_s, at_s - WITHIN_S)
        most = bisect_right(before_s, min(until_s, at_s + WITHIN_S))
        # A command takes effect a moment after its time, which is a few arrivals more or less.
        assert least * 0.98 - 3 <= bisect_right(again_s, at_s) <= most * 1.02 + 3


def test_a_replay_and_an_export_drive_what_was_driven(tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    with ServerProcess() as server:
        profile.write_text(PROFILE.format(url=server.url))
        with Disturbance(), Flight(str(profile), "--workers", "2") as flight:
            # 200/s with 4 VUs, then 600/s with 12, then 100/s open, on to 400/s, then closed.
            server.wait_for_requests(300)
            flight.tell("set", "vus", "12", "over", "1s")
            server.wait_for_requests(1200)
            flight.tell("set", "rate", "100")
            server.wait_for_requests(1350)
            flight.tell("set", "rate", "400", "over", "2s")
            server.wait_for_requests(2000)
            flight.tell("close")
            server.wait_for_requests(2300)
            exported = flight.exported()
            said = flight.tell("replay")
            asked = server.truth()["requests"]
            # As long again as all this took, which a busy machine draws out.
            server.wait_until(lambda truth: truth["requests"] >= 2 * asked - 100, within_s=180)
            flight.tell("stop")
            landing = flight.land()
        arrivals_s = landing.run_times_s(server.arrivals_ns())
        assert "1 change of VU, 3 changes of RPS" in said or "2 changes of VU" in said
        entries = [(each["kind"], each["at_s"]) for each in landing.report["journal"]]
        assert [kind for kind, _ in entries] == ["set", "set", "set", "close", "replay", "stop"]
        replayed_s, stopped_s = entries[4][1], entries[5][1]
        driven_s = [at_s for at_s in arrivals_s if at_s < replayed_s]
        again_s = [at_s - replayed_s for at_s in arrivals_s if at_s >= replayed_s]
        assert_same_curve(driven_s, again_s, min(replayed_s, stopped_s - replayed_s))

        seen = len(arrivals_s)
        replay = tmp_path / "replay.toml"
        replay.write_text(exported)
        landing = fly(str(replay), "--workers", "2")
        assert landing.exit_code == 0
        from_file_s = landing.run_times_s(sorted(server.arrivals_ns())[seen:])
        exported_s = landing.report["duration_s"]
        assert exported_s == pytest.approx(replayed_s, abs=5)
        assert_same_curve(driven_s, from_file_s, min(exported_s, replayed_s))
