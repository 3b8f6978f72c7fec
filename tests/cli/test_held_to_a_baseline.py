"""A real run held to a real baseline, whose server has got slower since."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from vumeter.link import archive
from vumeter.model.comparison import Comparison, Judgement, Metric
from vumeter.run.stored_feed import StoredFeed
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

Vumeter = Callable[..., object]
SECONDS = 18
"""Windows of a second, of which sixteen are the least that is tested."""


def changes(it: Comparison) -> dict[Metric, tuple[Judgement, float]]:
    return {line.metric: (line.verdict, line.change) for line in it.lines if not line.name}


def test_a_server_that_got_slower_is_told_live_at_the_end_and_to_the_shell(
    vumeter: Vumeter, tmp_path: Path
) -> None:
    load = ("-c", "16", "-z", f"{SECONDS}s", "--headless")
    # Slow enough that the machine's own noise is far below the difference.
    with ServerProcess("--law", "fixed:200ms") as before:
        assert vumeter("run", before.url, *load, "--name", "before").returncode == 0
    assert vumeter("baseline", "save", "main").returncode == 0
    report = tmp_path / "report.json"
    held = ("--baseline", "main", "--name", "after", "-o", str(report))
    with ServerProcess("--law", "fixed:260ms") as after:
        ended = vumeter("run", after.url, *load, *held, "--budget", "p95 +10%")
    assert ended.returncode == 99, ended.stderr
    assert "COMPARED  baseline main → after" in ended.stdout and "✗ worse" in ended.stdout

    # The sign is right, and the size: 260 ms are 30 % more than 200 ms.
    folder = archive.find("after")
    with archive.opened(folder) as stored:
        summary, moments = stored.summary, [stored.balance(second) for second in (4, 12)]
        replayed = StoredFeed(stored).hello.plan
    assert summary is not None and summary.comparison is not None
    found = changes(summary.comparison)
    for metric in (Metric.P50, Metric.P95):
        assert found[metric][0] is Judgement.WORSE
        # What a busy machine adds at p95 is well below 25 ms.
        assert found[metric][1] == pytest.approx(0.3, abs=0.12)
    assert found[Metric.RATE][1] == pytest.approx(200 / 260 - 1, abs=0.06)
    assert found[Metric.ERRORS] == (Judgement.SAME, 0.0)
    # What a replay shows of its middle is what the screen showed then: nothing is tested yet.
    early, middle = moments
    assert early is not None and middle is not None and middle.comparison is not None
    assert early.comparison is None or early.comparison.windows != middle.comparison.windows
    assert {line.low for line in middle.comparison.lines} == {None}
    assert replayed.baseline == "main" and replayed.budgets == ("p95 +10%",)

    written = json.loads(report.read_bytes())["comparison"]
    assert [line["change"] for line in written["lines"]] == [
        line.change for line in summary.comparison.lines
    ]
    assert "COMPARED" in vumeter("show", "after").stdout


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (("--baseline", "nope"), 2, 'There is no baseline "nope".'),
        (("--baseline", "gone.sqlite"), 2, "There is no baseline at gone.sqlite."),
        (("--budget", "p95 +5%"), 2, "nothing that the run is compared with"),
        (("--budget", "p95 much"), 2, "is no budget."),
    ],
)
def test_what_cannot_be_compared_is_said_before_there_is_any_load(
    vumeter: Vumeter, server: ServerProcess, flags: tuple[str, ...], code: int, words: str
) -> None:
    ended = vumeter("run", server.url, "-z", "1s", "--headless", *flags)
    assert ended.returncode == code and words in ended.stderr
    assert "Traceback" not in ended.stderr and server.truth()["requests"] == 0


def test_a_profile_names_its_baseline_and_is_written_out_with_it(
    vumeter: Vumeter, server: ServerProcess, tmp_path: Path
) -> None:
    assert vumeter("run", server.url, "-z", "1s", "--headless").returncode == 0
    assert vumeter("baseline", "save", "main").returncode == 0
    profile = tmp_path / "held.toml"
    profile.write_text(
        f'target = "{server.url}"\nbaseline = "main"\nbudgets = ["p95 +900%"]\n'
        '[scenarios.main]\nvus = 2\nduration = "1s"\nsteps = ["/"]\n'
    )
    copy = tmp_path / "copy.toml"
    first = vumeter("run", str(profile), "--headless", "--save-profile", str(copy))
    # Two seconds are not tested: what is within a generous budget is no regression.
    assert first.returncode in {0, 99} and "COMPARED  baseline main" in first.stdout
    assert 'baseline = "main"' in copy.read_text() and "p95 +900%" in copy.read_text()
    profile.write_text(profile.read_text().replace("p95 +900%", "p95 never"))
    refused = vumeter("run", str(profile), "--headless")
    assert refused.returncode == 104 and '"p95 never" is no budget' in refused.stderr
    assert "held.toml:3: budgets" in refused.stderr
