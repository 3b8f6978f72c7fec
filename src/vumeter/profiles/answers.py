"""What a profile wants of answers: checks and extractions."""

import re

from vumeter.model.flow import Check, Extract, Relation, Source
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.problems import Problems, quoted
from vumeter.profiles.steps import CheckTable, ExtractTable
from vumeter.profiles.templates import texts_in
from vumeter.units import duration_text

_STATUS = re.compile(r"[1-9]\d\d(-[1-9]\d\d)?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
RELATIONS = {
    "equals": Relation.EQUALS,
    "one_of": Relation.ONE_OF,
    "contains": Relation.CONTAINS,
    "matches": Relation.MATCHES,
    "at_least": Relation.AT_LEAST,
    "at_most": Relation.AT_MOST,
}
_SELECTORS = {"json_path": Source.JSON, "header": Source.HEADER, "cookie": Source.COOKIE}
_ALONE = ("status", "max_duration", "min_size", "max_size")
_WORDS = {
    Relation.EQUALS: "is",
    Relation.ONE_OF: "is one of",
    Relation.CONTAINS: "contains",
    Relation.MATCHES: "matches",
    Relation.AT_LEAST: "is at least",
    Relation.AT_MOST: "is at most",
}
_LONGEST_NAME = 80


def check_of(table: CheckTable, at: KeyPath, problems: Problems) -> Check | None:
    """Return the check that *table* describes; `None` when something is wrong with it."""
    given = table.model_dump(exclude_none=True, exclude={"name", "fails_request"})
    if any("{{" in text for text in texts_in(table.model_dump(exclude={"matches"}))):
        problems.add(
            at,
            "{{…}} is not filled in within checks.",
            hint='Write what is the same for every VU: { json = "symbol", matches = "^[A-Z]+" }.',
        )
        return None
    looked_at = [key for key in (*_ALONE, *_SELECTORS) if key in given]
    relations = [key for key in RELATIONS if key in given]
    if len(looked_at) > 1 or len(relations) > 1:
        several = " and ".join((looked_at if len(looked_at) > 1 else relations)[:2])
        problems.add(
            at,
            f"{several.replace('json_path', 'json')} do not go into one check.",
            hint='Write two checks: [{ status = 200 }, { contains = "ok" }].',
        )
        return None
    if looked_at and looked_at[0] in _ALONE and relations:
        problems.add(
            (*at, relations[0]),
            f"{looked_at[0]} says by itself what has to be.",
            hint=f"Leave {relations[0]} away, or write a check of its own for it.",
        )
        return None
    if not looked_at and not relations:
        problems.add(
            at,
            "asserts nothing.",
            hint='Write for example { status = 200 }, { contains = "Welcome" } or'
            ' { json = "items.0.id" }.',
        )
        return None
    if looked_at and looked_at[0] in _ALONE:
        return _alone(looked_at[0], table, at, problems)
    return _related(looked_at, relations, table=table, at=at, problems=problems)


def extract_of(
    variable: str, table: ExtractTable, at: KeyPath, problems: Problems
) -> Extract | None:
    """Return what *table* lets *variable* take; `None` when something is wrong with it."""
    if not _VARIABLE.fullmatch(variable):
        problems.add(
            at,
            f'"{variable}" cannot be a variable.',
            hint='Letters, digits and "_", not beginning with a digit.',
        )
        return None
    sources = {"json": Source.JSON, "regex": Source.BODY, "header": Source.HEADER}
    given = table.model_dump(exclude_none=True, by_alias=True, exclude={"group"})
    if len(given) != 1:
        problems.add(
            at,
            "says " + ("twice" if given else "not") + " where the value comes from.",
            hint='One of json, regex, header, cookie: { json = "token" }.',
        )
        return None
    ((key, selector),) = given.items()
    if key == "regex" and not _compiles(selector, (*at, key), problems, groups=table.group):
        return None
    if table.group != 1 and key != "regex":
        problems.add((*at, "group"), "is for regex only.", hint="Leave it away.")
        return None
    return Extract(
        variable=variable,
        source=sources.get(key, Source.COOKIE),
        selector=selector,
        group=table.group,
    )


def _alone(key: str, table: CheckTable, at: KeyPath, problems: Problems) -> Check | None:
    if key == "status":
        return _status(table, at, problems)
    relation = Relation.AT_LEAST if key == "min_size" else Relation.AT_MOST
    value = float(getattr(table, key))
    if key == "max_duration":
        source, name = Source.DURATION_S, f"duration is at most {duration_text(value)}"
    else:
        source, name = Source.SIZE_BYTES, f"size {_WORDS[relation]} {value:g} bytes"
    return Check(
        name=table.name or name,
        source=source,
        relation=relation,
        value=value,
        fails_request=table.fails_request,
    )


def _status(table: CheckTable, at: KeyPath, problems: Problems) -> Check | None:
    allowed = tuple(table.status or ())
    wrong = next((each for each in allowed if not _STATUS.fullmatch(each)), None)
    if wrong is not None or not allowed:
        problems.add(
            (*at, "status"),
            f"{quoted(wrong or '')} is not a status.",
            hint='Write 200, "200-299" or a list of these.',
        )
        return None
    return Check(
        name=table.name or f"status is {' or '.join(allowed)}",
        source=Source.STATUS,
        relation=Relation.ONE_OF,
        value=allowed,
        fails_request=table.fails_request,
    )


def _related(
    looked_at: list[str],
    relations: list[str],
    *,
    table: CheckTable,
    at: KeyPath,
    problems: Problems,
) -> Check | None:
    source = _SELECTORS[looked_at[0]] if looked_at else Source.BODY
    selector: str = getattr(table, looked_at[0]) if looked_at else ""
    subject = f"{source.value} {selector}".strip()
    if not relations:
        return Check(
            name=table.name or f"{subject} exists",
            source=source,
            selector=selector,
            relation=Relation.EXISTS,
            fails_request=table.fails_request,
        )
    relation = RELATIONS[relations[0]]
    value = getattr(table, relations[0])
    if relation is Relation.MATCHES and not _compiles(value, (*at, "matches"), problems):
        return None
    shown = f"{value:g}" if isinstance(value, float) else value
    words = " or ".join(shown) if isinstance(shown, list) else shown
    return Check(
        name=table.name or f"{subject} {_WORDS[relation]} {words}"[:_LONGEST_NAME],
        source=source,
        selector=selector,
        relation=relation,
        value=tuple(value) if isinstance(value, list) else value,
        fails_request=table.fails_request,
    )


def _compiles(pattern: str, at: KeyPath, problems: Problems, *, groups: int = 0) -> bool:
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        problems.add(
            at,
            f"{quoted(pattern)} is not a regular expression: {error}.",
            hint="In TOML, write it in 'single quotes', where a backslash is a backslash.",
        )
        return False
    if compiled.groups < groups:
        problems.add(
            at,
            f"{quoted(pattern)} has no group {groups}.",
            hint="Put (parentheses) around what is wanted, or write group = 0 for all of it.",
        )
        return False
    return True
