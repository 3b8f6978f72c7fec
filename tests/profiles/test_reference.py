"""The page about profiles is current, and the schema accepts what the loader accepts."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from vumeter.model.plan import Plan
from vumeter.profiles import models, steps
from vumeter.profiles.reference import json_schema, page
from vumeter.profiles.steps import Table

REPOSITORY = Path(__file__).parents[2]
TABLES = list(
    dict.fromkeys(
        each
        for module in (models, steps)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Table) and each is not Table
    )
)


def test_the_page_is_what_the_models_say() -> None:
    written = (REPOSITORY / "docs" / "profile.md").read_text("utf-8")
    assert written == page(), "python -m vumeter.profiles.reference docs/profile.md"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_is_on_the_page_with_what_it_means(table: type[Table]) -> None:
    text = (REPOSITORY / "docs" / "profile.md").read_text("utf-8")
    for name, field in table.model_fields.items():
        assert field.description, f"{table.__name__}.{name} has no description"
        assert f"| `{field.alias or name}` |" in text


def test_the_examples_on_the_page_can_be_run(loaded: Callable[..., Plan]) -> None:
    examples = re.findall(r"```toml\n(.*?)```", page(), re.DOTALL)
    assert len(examples) >= 2
    for example in examples:
        assert loaded(example).scenarios


def test_the_schema_knows_every_table_and_refuses_other_keys() -> None:
    schema = json.loads(json_schema())
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {
        field.alias or name for name, field in models.Profile.model_fields.items()
    }


def test_the_examples_of_keys_are_toml() -> None:
    for example in re.findall(r"For example (.*?)\. \|", page()):
        for each in re.findall(r"`([^`]*)`", example):
            tomllib.loads(f"key = {each}")
