"""What a page says of a JSON file, field by field, beside what its schema says."""

import re
from typing import Any


def structures(schema: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The schema's tables: structure → field → type, in the page's words."""
    definitions = schema["$defs"]
    return {
        name: {
            field: in_words(node, definitions) for field, node in definition["properties"].items()
        }
        for name, definition in definitions.items()
        if "properties" in definition
    }


def described(page: str) -> dict[str, dict[str, str]]:
    """The page's tables: structure → field → type."""
    tables: dict[str, dict[str, str]] = {}
    structure = ""
    for line in page.splitlines():
        if line.startswith("## "):
            structure = match[1] if (match := re.search(r": `(\w+)`$", line)) else ""
        elif structure and (row := re.fullmatch(r"\| `(\w+)` \| (.+?) \| (.+) \|", line)):
            tables.setdefault(structure, {})[row[1]] = sorted_values(row[2])
    return tables


def in_words(node: dict[str, Any], definitions: dict[str, Any]) -> str:
    """A schema's type as the page writes it."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        target = definitions[name]
        return in_words(target, definitions) if "enum" in target else f"`{name}`"
    if "anyOf" in node:
        alternatives = [in_words(each, definitions) for each in node["anyOf"]]
        return " or ".join(sorted(alternatives, key=lambda words: words == "null"))
    if "enum" in node:
        return ", ".join(f'`"{value}"`' for value in sorted(node["enum"]))
    if node["type"] == "array":
        items = in_words(node["items"], definitions)
        items = items.replace(" or null", "s or null")
        return f"array of {items}" if items.startswith("`") else f"array of {items}s"
    if node["type"] == "object":
        return f"object of {in_words(node['additionalProperties'], definitions)}s"
    return str(node["type"])


def sorted_values(words: str) -> str:
    """The page lists values in an order that reads well."""
    values, null, _ = words.partition(" or null")
    if not values.startswith('`"'):
        return words
    return ", ".join(sorted(values.split(", "))) + null
