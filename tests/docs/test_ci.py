"""The workflow in docs/ci.md is one that GitHub takes, and calls what there is."""

import re
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import pytest
from typer.main import get_command

from vumeter.cli.app import app_for

_ROOT = Path(__file__).parents[2]
_PAGE = (_ROOT / "docs" / "ci.md").read_text()
(_WORKFLOW,) = re.findall(r"```yaml\n(.*?)```", _PAGE, re.DOTALL)


@pytest.mark.slow
def test_the_workflow_obeys_githubs_own_schema(tmp_path: Path) -> None:
    def lint(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "load.yml").write_text(text)
        schema = ("--builtin-schema", "vendor.github-workflows")
        program = (sys.executable, "-m", "check_jsonschema", *schema, "load.yml")
        return subprocess.run(
            program, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )

    assert lint(_WORKFLOW).stdout.startswith("ok")
    # It is looked at: a key that nobody knows is refused.
    assert lint(_WORKFLOW.replace("runs-on:", "run-on:")).returncode == 1


_AUDIT = """
rules:
  unpinned-uses:
    config:
      # A page that is read is not to be full of hashes; it says how to get them.
      policies: { "actions/*": ref-pin }
"""


@pytest.mark.slow
def test_an_auditor_of_workflows_has_nothing_against_it(tmp_path: Path) -> None:
    (program,) = [it.locate() for it in files("zizmor") or () if it.name == "zizmor"]
    (tmp_path / "audit.yml").write_text(_AUDIT)

    def audit(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "load.yml").write_text(text)
        command = (program, "--offline", "--no-progress", "--config", "audit.yml", "load.yml")
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )

    assert audit(_WORKFLOW).returncode == 0, audit(_WORKFLOW).stdout
    # It is looked at: what a stranger called a branch must not become a command.
    careless = _WORKFLOW.replace('"$PULL_REQUEST"', "${{ github.head_ref }}")
    assert "template-injection" in audit(careless).stdout


def test_every_command_of_the_workflow_is_one_with_these_options() -> None:
    commands = get_command(app_for([])).commands  # type: ignore[attr-defined]
    called = [line.strip().removeprefix("run: ") for line in _WORKFLOW.splitlines()]
    lines = [line for line in called if line.startswith("vumeter ")]
    assert len(lines) >= 8
    for line in lines:
        command = commands[line.split()[1]]
        known = {option for each in command.params for option in each.opts}
        options = set(re.findall(r"(?<= )--?[a-z][a-z-]*", line))
        assert options <= known, line
    for profile in re.findall(r"configs/\S+\.toml", _WORKFLOW):
        assert (_ROOT / profile).is_file()
