"""Every page says what is so: links lead somewhere, commands and flags are the program's own."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from vumeter.cli.app import app_for

_ROOT = Path(__file__).parents[2]
_PAGES = (
    _ROOT / "README.md",
    _ROOT / "CONTRIBUTING.md",
    _ROOT / "CHANGELOG.md",
    *sorted((_ROOT / "docs").rglob("*.md")),
    *sorted((_ROOT / "benchmarks").glob("*.md")),
)

_EVERYBODYS = {"-h", "--help"}
_OF_OTHERS = {"--csv-full-history": "Locust", "--cap-add": "docker", "--nonblocking": "py-spy"}

each_page = pytest.mark.parametrize("page", _PAGES, ids=lambda it: str(it.relative_to(_ROOT)))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+)$", without_code(page.read_text()), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return set(plain)


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def command_lines(text: str) -> Iterator[str]:
    """Yield what follows `vumeter` where it is called: in code, up to where the call ends."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    indented = re.findall(r"^(?: {4}|\t)(.*)$", without_code(text), re.MULTILINE)
    spans = re.findall(r"`([^`\n]+)`", without_code(text))
    code = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    for line in (*code, *indented, *spans):
        for call in re.findall(r"(?:^|[;&|$(] *|make \w+; *)vumeter +([^|;&#`]+)", line):
            yield re.split(r" {2,}|→|·", call)[0]


@cache
def commands() -> dict[str, Any]:
    return dict(get_command(app_for([])).commands)  # type: ignore[attr-defined]


def all_flags() -> set[str]:
    found, waiting = set(_EVERYBODYS), list(commands().values())
    while waiting:
        command = waiting.pop()
        found |= {option for each in command.params for option in each.opts}
        waiting.extend(getattr(command, "commands", {}).values())
    return found


def complaint(line: str) -> str:
    """Return what is wrong with a call of vumeter; empty: nothing is."""
    words = line.split()
    name = words[0].strip("[]")
    if name.startswith("-"):
        return "" if name in {"--help", "--version", "-h", "--install-completion"} else name
    if not re.fullmatch(r"[a-z][a-z-]*", name):
        return ""  # RUN, URL, …: a word of a sentence
    command = commands().get(name)
    if command is None:
        return f"no command {name}"
    members = getattr(command, "commands", None)
    if members is not None and len(words) > 1 and words[1] in members:
        command = members[words[1]]
    known = _EVERYBODYS | {option for each in command.params for option in each.opts}
    known |= {option for each in command.params for option in each.secondary_opts}
    # What stands in quotes is a value.
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", line)
    named = re.findall(r"(?<![\w-])(--[a-z][a-z0-9-]*|-[a-zA-Z])(?![\w-])", bare)
    unknown = [flag for flag in named if flag not in known]
    return f"{name} has no {', '.join(unknown)}" if unknown else ""


@each_page
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
        place, _, anchor = target.partition("#")
        if "://" in place or place.startswith("mailto:"):
            continue
        linked = (page.parent / place).resolve() if place else page
        if not linked.exists() or (
            anchor and linked.suffix == ".md" and anchor not in anchors(linked)
        ):
            lost.append(target)
    assert lost == []


@each_page
def test_every_call_on_a_page_is_of_a_command_with_these_flags(page: Path) -> None:
    complaints = [
        (line, wrong) for line in command_lines(page.read_text()) if (wrong := complaint(line))
    ]
    assert complaints == []


@each_page
def test_every_flag_that_a_page_names_by_itself_is_one(page: Path) -> None:
    named = re.findall(r"(?<!`)`(--[a-z][a-z0-9-]*)", without_code(page.read_text()))
    assert set(named) - all_flags() <= _OF_OTHERS.keys()


@each_page
def test_every_profile_on_a_page_is_there(page: Path) -> None:
    named = re.findall(r"(?<![\w/.-])configs/[\w-]+\.(?:toml|py|csv)", page.read_text())
    assert [name for name in named if not (_ROOT / name).is_file()] == []


@each_page
def test_every_target_of_make_on_a_page_is_one(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (_ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", page.read_text())) <= targets


def test_the_pages_call_what_can_be_called_and_calls_that_cannot_be_are_found() -> None:
    calls = [line for page in _PAGES for line in command_lines(page.read_text())]
    called = {line.split()[0] for line in calls}
    # A command that no page mentions is one that nobody finds.
    assert commands().keys() <= called
    assert complaint("run http://x --no-such-flag") == "run has no --no-such-flag"
    assert complaint("ran http://x") == "no command ran"
    assert complaint("run URL --slo 'p95 < 1s'") == "run has no --slo"
    assert complaint("probe URL --slo 'p95 --now'") == ""
