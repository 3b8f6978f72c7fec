"""Stored runs beside each other: figures, verdicts, words."""

import doctest
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from junitparser import JUnitXml
from msgspec.structs import replace

from vumeter.errors import UsageError
from vumeter.model.comparison import Comparison, Judgement, Metric
from vumeter.model.measure import Reading, Tally
from vumeter.report.compared import words
from vumeter.report.compared.comparison import compare
from vumeter.report.compared.subjects import Subject, subjects_of
from vumeter.testing.seconds import MadeUpRun, slower
from vumeter.testing.stored import store_run
from vumeter.thresholds import budgets
from vumeter.thresholds.budgets import Budget, budget_of

pytestmark = pytest.mark.slow

SECONDS = 60


def readings(seed: int, *, factor: float = 1.0) -> Iterator[Reading]:
    """A made-up run, with one endpoint slower than it was by *factor*."""
    run = MadeUpRun(endpoints=2, requests=40, seed=seed)
    for second in range(SECONDS):
        it = run.reading(second)
        tally = it.tallies["GET /endpoint/1"]
        changed: Tally = replace(tally, service=slower(tally.service, factor))
        yield replace(it, tallies={**it.tallies, "GET /endpoint/1": changed})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """The path of a made-up run that was stored."""
    folder = tmp_path_factory.mktemp("runs")
    made: dict[str, str] = {}

    def make(name: str, seed: int, factor: float = 1.0) -> str:
        if name not in made:
            path = folder / f"{name}.sqlite"
            store_run(path, readings(seed, factor=factor)).close()
            made[name] = str(path)
        return made[name]

    return make


@pytest.fixture(scope="module")
def subjects(run: Callable[..., str]) -> tuple[Subject, ...]:
    """A run, another one like it, and one that got worse."""
    return subjects_of([run("old", 1), run("alike", 2), run("slow", 3, 1.4)])


def verdicts(it: Comparison) -> dict[tuple[str, str], Judgement]:
    return {(line.name, line.metric.value): line.verdict for line in it.lines}


def test_runs_that_are_alike_have_no_regression(subjects: tuple[Subject, ...]) -> None:
    it = compare(subjects[0], subjects[1])
    assert it.regressions == () and it.is_paired and it.windows == (SECONDS, SECONDS)
    assert set(verdicts(it).values()) <= {Judgement.SAME, Judgement.UNCLEAR}


def test_what_got_worse_is_found_where_it_did_and_nowhere_else(
    subjects: tuple[Subject, ...],
) -> None:
    it = compare(subjects[0], subjects[2])
    found = {(line.name, line.metric) for line in it.regressions}
    assert {("GET /endpoint/1", Metric.P50), ("GET /endpoint/1", Metric.P95)} <= found
    assert not {line.name for line in it.regressions} & {"GET /endpoint/0"}
    (line,) = (each for each in it.regressions if each.name and each.metric is Metric.P95)
    assert line.low is not None and line.high is not None
    # 40 % slower, and what chance adds to two percentiles of 2,400 requests each.
    assert line.low < 0.4 < line.high and line.change == pytest.approx(0.4, abs=0.12)
    assert compare(subjects[2], subjects[0]).regressions == ()


def test_every_number_of_a_comparison_is_one_of_the_two_reports(
    subjects: tuple[Subject, ...],
) -> None:
    old, slow = subjects[0], subjects[2]
    it = compare(old, slow)
    assert len(it.lines) == 15
    for line in it.lines:
        for subject, value in ((old, line.a), (slow, line.b)):
            written = json.loads(msgspec.json.encode(subject.report))
            of = next((e for e in written["endpoints"] if e["name"] == line.name), written)
            expected = {
                "rate": of["rps"],
                "errors": of["totals"]["error_ratio"],
                **of["latency_ms"],
            }
            assert value == expected[line.metric.value]
        ratio = line.b / line.a - 1 if line.metric is not Metric.ERRORS else line.b - line.a
        assert line.change == ratio


def test_a_budget_decides_what_is_a_regression(subjects: tuple[Subject, ...]) -> None:
    generous = [Budget(metric=metric, allowed=0.9) for metric in Metric]
    assert compare(subjects[0], subjects[2], budgets=generous).regressions == ()
    own = [*generous, budget_of("p95{name:GET /endpoint/1} +5%")]
    (line,) = compare(subjects[0], subjects[2], budgets=own).regressions
    assert (line.name, line.metric, line.allowed) == ("GET /endpoint/1", Metric.P95, 0.05)


@pytest.mark.parametrize(
    "text", ["p95", "p95 5", "p95 -5%", "rate +5%", "p42 +5%", "p95{tag:x} +5%", "errors 5%5"]
)
def test_what_is_no_budget_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="--budget"):
        budget_of(text)


def test_the_examples_in_the_docstrings_are_true() -> None:
    for module in (budgets, words):
        outcome = doctest.testmod(module)
        assert outcome.attempted and not outcome.failed


def test_a_report_is_compared_as_a_whole_and_says_so(
    subjects: tuple[Subject, ...], tmp_path: Path, run: Callable[..., str]
) -> None:
    path = tmp_path / "old.json"
    path.write_bytes(msgspec.json.encode(subjects[0].report))
    it = compare(*subjects_of([str(path), run("slow", 3, 1.4)]))
    assert "whether a difference is chance cannot be told" in " ".join(it.remarks)
    assert {line.verdict for line in it.lines} == {Judgement.WORSE, Judgement.UNTESTED}
    assert all(line.p is None and line.low is None for line in it.lines)
    path.write_bytes(b"{}")
    with pytest.raises(UsageError, match="is no report"):
        subjects_of([str(path), str(path)])


def test_the_beginning_can_be_left_out(run: Callable[..., str]) -> None:
    it = compare(*subjects_of([run("old", 1), run("slow", 3, 1.4)], skip_s=30), skip_s=30)
    assert it.windows == (30, 30)
    # Half as long: as many requests per second.
    rates = [line.a for line in it.lines if line.metric is Metric.RATE]
    assert rates[0] == pytest.approx(80, rel=0.1)
    assert it.regressions


def test_it_is_written_for_people_and_for_pipelines(subjects: tuple[Subject, ...]) -> None:
    it = [compare(subjects[0], subjects[2])]
    shown = words.text(it, colour=False)
    assert "✗ worse (allowed +5.0%)" in shown and "\x1b" not in shown
    commented = words.markdown(it)
    assert "**✗ worse**" in commented and "### ✗" in commented
    for line in it[0].lines:
        for value in (line.a, line.b):
            text = words.value_text(line.metric, value)
            assert text in shown and text in commented
    parsed = JUnitXml.fromstring(words.junit_bytes(it))
    assert (parsed.tests, parsed.failures) in {(None, None), (15, len(it[0].regressions))}
    (suite,) = parsed
    assert (suite.tests, suite.failures) == (15, len(it[0].regressions))
    told = words.annotations(it).splitlines()
    assert sum(line.startswith("::error title=") for line in told) == len(it[0].regressions)
    # A percent sign would begin an escape, a colon would end the title.
    assert all("%25" in line or "figures" in line for line in told)


def test_the_numbers_of_a_report_and_of_the_windows_are_the_same(
    subjects: tuple[Subject, ...],
) -> None:
    from vumeter.stats.numeric.differences import figures

    subject = subjects[0]
    assert subject.windows is not None
    found = figures(subject.windows[""])
    report = subject.report
    assert report.latency_ms is not None and report.rps is not None
    assert found[Metric.P95] == report.latency_ms.p95
    assert round(found[Metric.RATE], 3) == report.rps


def test_runs_too_short_to_be_tested_say_so(run: Callable[..., str]) -> None:
    it = compare(*subjects_of([run("old", 1), run("slow", 3, 1.4)], skip_s=50), skip_s=50)
    assert {line.verdict for line in it.lines} <= {Judgement.WORSE, Judgement.UNTESTED}
    assert sum("10 of the 16 windows" in remark for remark in it.remarks) == 2
    assert "Windows of 1 s (10), blocks" in words.text([it], colour=False)


def test_a_request_that_is_alone_is_not_said_twice_but_where_it_has_a_budget(
    tmp_path: Path,
) -> None:
    def alone(seed: int, factor: float) -> Iterator[Reading]:
        for it in readings(seed, factor=factor):
            yield replace(it, tallies={"GET /": it.tallies["GET /endpoint/1"]})

    paths = [tmp_path / "a.sqlite", tmp_path / "b.sqlite"]
    for path, seed, factor in zip(paths, (1, 2), (1.0, 1.4), strict=True):
        store_run(path, alone(seed, factor)).close()
    pair = subjects_of(map(str, paths))
    assert {line.name for line in compare(*pair).lines} == {""}
    assert Metric.P95 in {line.metric for line in compare(*pair).regressions}
    own = compare(*pair, budgets=[budget_of("p95{name:GET /} +90%")])
    assert {line.name for line in own.lines} == {"", "GET /"}
    assert "They are the same run." not in own.remarks
    assert "They are the same run." in compare(pair[0], pair[0]).remarks


def test_markdown_has_what_changed_first_and_everything_folded_away(
    subjects: tuple[Subject, ...],
) -> None:
    it = compare(subjects[0], subjects[2])
    shown, folded = words.markdown([it]).split("<details>")
    alike = [row for row in shown.splitlines() if "GET /" in row and "✓ same" in row]
    assert "| GET /endpoint/1 | p50 |" in shown and alike == []
    assert "GET /endpoint/0" in folded and "All 15 figures" in folded
    assert folded.rstrip().endswith("</details>")
    same = compare(subjects[0], subjects[0])
    assert "✓ same" in words.markdown([same])


def test_no_more_errors_are_annotated_than_github_shows(subjects: tuple[Subject, ...]) -> None:
    it = compare(subjects[0], subjects[2])
    line = it.regressions[0]
    many = replace(it, lines=tuple(replace(line, name=f"GET /{at}") for at in range(14)))
    told = words.annotations([many]).splitlines()
    errors = [each for each in told if each.startswith("::error")]
    assert len(errors) == words.MOST_ANNOTATIONS
    assert "and 5 figures more" in errors[-1]
