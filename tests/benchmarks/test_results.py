"""The benchmark's arithmetic; what it measures is measured by running it."""

from pathlib import Path

import pytest
from benchmarks.report import bar_line, results_page, table
from benchmarks.results import Bar, Column, Part, Results, Row, load, ratios, save, spread

COLUMNS = (
    Column(key="rate", heading="requests/s", form=",.0f", shows_spread=True),
    Column(key="late", heading="late", form=".1%"),
)


def part(key: str, *, rate: float = 1000.0, bars: tuple[Bar, ...] = ()) -> Part:
    row = Row(name="ours", figures={"rate": spread([rate, rate / 2, rate * 4])})
    return Part(key=key, title=key, how="So.", columns=COLUMNS, rows=(row,), bars=bars)


def bar(measured: float, limit: float, *, is_floor: bool) -> Bar:
    return Bar(says="ours × theirs", measured=measured, limit=limit, is_floor=is_floor)


def test_a_ratio_is_taken_within_each_round_so_that_noise_cancels() -> None:
    # The second round is three times as fast for both: medians apart would say 0.67.
    found = ratios([1000, 3000, 1000], [2000, 6000, 1500])
    assert (found.median, found.lowest, found.highest) == (0.5, 0.5, pytest.approx(2 / 3))


def test_rounds_that_do_not_match_are_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])


@pytest.mark.parametrize(
    ("measured", "is_floor", "holds"),
    [(0.85, True, True), (0.8499, True, False), (0.85, False, True), (0.8501, False, False)],
)
def test_a_bar_holds_without_rounding(measured: float, is_floor: bool, holds: bool) -> None:
    judged = bar(measured, 0.85, is_floor=is_floor)
    assert judged.holds is holds
    assert bar_line(judged).startswith("✓" if holds else "✗")


def test_a_table_shows_the_median_its_spread_and_what_was_not_measured() -> None:
    assert table(part("one")).splitlines()[-1] == "| ours | 1,000 (500–4,000) | – |"


def test_a_part_that_is_measured_again_takes_its_own_place() -> None:
    order = ("one", "two", "three")
    found = Results()
    for new in (part("three"), part("one"), part("two"), part("one", rate=7)):
        found = found.with_part(new, order=order)
    assert [each.key for each in found.parts] == ["one", "two", "three"]
    first = found.part("one")
    assert first is not None
    assert first.row("ours").figures["rate"].median == 7


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    results = Results((part("one", bars=(bar(1.0, 2.0, is_floor=True),)),))
    save(results, tmp_path / "results.json")
    assert load(tmp_path / "results.json") == results
    assert load(tmp_path / "none.json") == Results()


def test_the_page_names_the_command_that_repeats_each_part() -> None:
    page = results_page(Results((part("one", bars=(bar(1.0, 2.0, is_floor=True),)),)))
    assert "make bench PART=one" in page
    assert "✗ ours × theirs: 1.00 (bar: ≥ 2.00)" in page
