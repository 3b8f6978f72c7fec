"""
What a profile may have, from its models: `docs/profile.md`, and the JSON schema for editors.

`python -m vumeter.profiles.reference docs/profile.md` writes the page anew.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from vumeter.profiles.alerts import AlertTable
from vumeter.profiles.complaints import toml_value
from vumeter.profiles.loads import KEYS
from vumeter.profiles.models import (
    AgainstTable,
    DefaultsTable,
    FeederTable,
    HttpTable,
    LimitsTable,
    ListenTable,
    MonitorsTable,
    PersonasTable,
    PersonaTable,
    Profile,
    ScenarioTable,
    SetupTable,
    StageTable,
    StoreTable,
    TeardownTable,
    ThresholdTable,
)
from vumeter.profiles.monitors import (
    AgentTable,
    PgBouncerTable,
    ProcessTable,
    PrometheusTable,
    RedisTable,
)
from vumeter.profiles.prices import PriceTable
from vumeter.profiles.steps import (
    CheckTable,
    ExtractTable,
    GroupTable,
    PartTable,
    PickTable,
    RepeatTable,
    RequestTable,
    StepTable,
    Table,
    ThinkTable,
    ThinkTime,
    WhenTable,
)
from vumeter.units import duration_text, size_text

_INTRODUCTION = Path(__file__).with_name("introduction.md")

_SECTIONS: tuple[tuple[str, type[Table]], ...] = (
    ("The top of the file", Profile),
    ("[defaults]", DefaultsTable),
    ("[http]", HttpTable),
    ("[listen]", ListenTable),
    ("[against]", AgainstTable),
    ("[scenarios.NAME]", ScenarioTable),
    ("A stage", StageTable),
    ("[personas]", PersonasTable),
    ("[personas.types.NAME]", PersonaTable),
    ("[setup]", SetupTable),
    ("[teardown]", TeardownTable),
    ("Steps: a request", RequestTable),
    ("A part of a multipart body", PartTable),
    ("Steps: think", ThinkTable),
    ("A think time", ThinkTime),
    ("Steps: pick", PickTable),
    ("Steps: group", GroupTable),
    ("Steps: repeat", RepeatTable),
    ("Steps: when", WhenTable),
    ("A check", CheckTable),
    ("An extraction", ExtractTable),
    ("[feeders.NAME]", FeederTable),
    ("[monitors]", MonitorsTable),
    ("[[monitors.process]]", ProcessTable),
    ("[[monitors.redis]]", RedisTable),
    ("[[monitors.pgbouncer]]", PgBouncerTable),
    ("[[monitors.prometheus]]", PrometheusTable),
    ("[[monitors.agent]]", AgentTable),
    ("[thresholds]", ThresholdTable),
    ("[[alerts]]", AlertTable),
    ("[prices.TYPE]", PriceTable),
    ("[store]", StoreTable),
    ("[limits]", LimitsTable),
)


def json_schema() -> str:
    """Return the JSON schema of a profile, as `vumeter schema` prints it."""
    schema = Profile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "vumeter profile"
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def page() -> str:
    """Return `docs/profile.md`."""
    parts = [_INTRODUCTION.read_text("utf-8").rstrip(), _executors()]
    whole = Profile.model_json_schema()
    definitions = whole["$defs"]
    for title, model in _SECTIONS:
        schema = definitions.get(model.__name__, whole)
        parts.append(_section(title, model, schema, definitions))
    return "\n\n".join(parts) + "\n"


def _executors() -> str:
    rows = [f"| `{executor.value}` | {_keys(keys)} |" for executor, keys in KEYS.items()]
    return "\n".join(("## Executors", "", "| executor | its keys |", "|---|---|", *rows))


def _keys(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _section(
    title: str, model: type[Table], schema: dict[str, Any], definitions: dict[str, Any]
) -> str:
    # A table for which a string may stand is described by the second of two alternatives.
    properties = schema.get("properties") or schema["anyOf"][1]["properties"]
    rows = [
        f"| `{field.alias or name}` | {_type(properties[field.alias or name], definitions)}"
        f" | {_default(field)} | {_meaning(field)} |"
        for name, field in model.model_fields.items()
        if name != "weight" or not issubclass(model, StepTable) or model is RequestTable
    ]
    description = " ".join((model.__doc__ or "").split())
    head = ("| key | value | default | meaning |", "|---|---|---|---|")
    return "\n".join((f"## {title}", "", description, "", *head, *rows))


def _type(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """Return the type that a JSON schema describes, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        inner = definitions[name]
        return " · ".join(f"`{each}`" for each in inner["enum"]) if "enum" in inner else "table"
    if "title" in schema and schema["title"] in _QUANTITIES:
        return str(schema["title"])
    if "anyOf" in schema:
        kinds = [_type(each, definitions) for each in schema["anyOf"] if each != {"type": "null"}]
        return " or ".join(dict.fromkeys(kinds))
    if schema.get("type") == "array":
        items = _type(schema.get("items", {}), definitions)
        return "list" if items in ("any", "table or string") else f"list of {_plural(items)}"
    kinds = schema.get("type", f'"{schema["const"]}"' if "const" in schema else "any")
    if isinstance(kinds, list):
        return "text, number or boolean" if "boolean" in kinds else "count or rate"
    words = {"object": "table", "string": "text", "integer": "number"}
    return words.get(str(kinds), str(kinds))


_QUANTITIES = ("duration", 'duration or "none"', "rate", "count", "size", "percentage", "price")


def _plural(words: str) -> str:
    if words.startswith("text, number"):
        return "texts, numbers or booleans"
    return words if words.startswith("list") else f"{words}s"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is PydanticUndefined or value in (None, [], {}, ()):
        return ""
    if any("percentage" in str(each) for each in field.metadata):
        return f"`{value:.0%}`"
    if isinstance(value, float):
        is_duration = any("duration" in str(each) for each in field.metadata)
        return f"`{duration_text(value) if value else '0s'}`" if is_duration else f"`{value:g}/s`"
    if any("size" in str(each) for each in field.metadata):
        return f"`{size_text(value)}`"
    return f"`{toml_value(value)}`"


def _meaning(field: FieldInfo) -> str:
    examples = " · ".join(f"`{toml_value(each)}`" for each in field.examples or ())
    example = f" For example {examples}." if examples else ""
    return f"{field.description or ''}{example}".replace("|", "\\|")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
