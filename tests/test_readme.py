"""The README says what is so: its profile loads, its tables and figures are ours."""

import re
import subprocess
import sys
from pathlib import Path

from benchmarks.chart import drawn
from benchmarks.report import results_page, with_figures
from benchmarks.results import load

from vumeter.errors import EXIT_CODE_MEANINGS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 250


def test_its_profile_is_one(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "readme.toml"
    path.write_text(block)
    checked = subprocess.run(
        [sys.executable, "-m", "vumeter", "check", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert "ramping-vus" in checked.stdout


def test_its_exit_codes_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", README, re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == {
        int(code): meaning for code, meaning in EXIT_CODE_MEANINGS.items()
    }


def test_its_figures_are_those_that_were_measured_last() -> None:
    assert with_figures(README, load()) == README


def test_no_ratio_stands_in_it_that_was_not_measured() -> None:
    written, _, rest = README.partition("<!-- figures: written by make bench -->")
    written += rest.partition("<!-- end of figures -->")[2]
    assert re.findall(r"[\d.]+ ?× (?!\d)|× [a-z]|% of a core|kB/s", written) == []


def test_the_results_and_the_chart_are_made_from_what_was_measured_last() -> None:
    results = load()
    assert (ROOT / "benchmarks" / "RESULTS.md").read_text() == results_page(results)
    assert (ROOT / "benchmarks" / "chart.svg").read_text() == drawn(results)
