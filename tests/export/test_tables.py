"""CSV."""

import csv
from pathlib import Path

import pytest

from vumeter.export import tables
from vumeter.export.rows import Row

_PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def test_each_second_has_a_row_for_all_requests_and_one_for_each_endpoint(rows: list[Row]) -> None:
    read = list(csv.DictReader(tables.lines(rows)))
    second = [row for row in read if row["second"] == "1"]
    assert [row["endpoint"] for row in second] == ["", "GET /", "'=cmd|' /C calc'!A0"]
    assert int(second[0]["requests"]) == sum(int(row["requests"]) for row in second[1:]) == 49
    assert second[0]["time"] == "2023-11-14T22:13:21.000Z"
    assert second[0]["vus"] == "7" and second[1]["vus"] == ""


def test_nothing_measured_is_an_empty_cell_and_no_zero(rows: list[Row]) -> None:
    (silent,) = (row for row in csv.DictReader(tables.lines(rows)) if row["second"] == "2")
    assert silent["requests"] == "0" and silent["p95_ms"] == silent["service_p50_ms"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n="])
def test_no_name_is_a_formula_to_a_spreadsheet(start: str) -> None:
    assert tables.guarded(f"{start}1+1")[0] not in "=+-@\t\r\n"


def test_control_characters_do_not_reach_the_table() -> None:
    assert "\x1b" not in tables.guarded("a\x1b[31m")


def test_the_page_says_what_each_column_is() -> None:
    page = _PAGE.read_text()
    assert [name for name in tables.COLUMNS if f"`{name}`" not in page] == []
