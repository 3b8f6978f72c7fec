"""From the steps of a profile to those of a plan."""

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from vumeter.model.flow import (
    Choice,
    Distribution,
    Group,
    Pick,
    Repeat,
    Request,
    Step,
    Think,
    When,
)
from vumeter.profiles.answers import check_of, extract_of
from vumeter.profiles.bodies import body_of
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.models import DefaultsTable
from vumeter.profiles.problems import Problems, quoted
from vumeter.profiles.steps import (
    GroupTable,
    PickTable,
    RepeatTable,
    RequestTable,
    SequenceTable,
    StepTable,
    ThinkTable,
    ThinkTime,
    WhenTable,
)
from vumeter.profiles.targets import (
    joined,
    request_name,
    url_problem,
    with_query,
    without_fragment,
)
from vumeter.profiles.templates import texts_in
from vumeter.thresholds.metrics import OWN_FILTERS

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Surroundings(Struct, frozen=True, kw_only=True):
    """What the steps of a profile share."""

    folder: Path
    """Of the profile: files are relative to it."""
    target: str | None
    defaults: DefaultsTable
    problems: Problems
    requests: list[KeyPath] = []
    """Where each request stands, in the order in which they are made."""
    uses: list[tuple[KeyPath, str]] = []
    """Every text that may have `{{…}}` in it, and the names of variables; see `templates`."""


def steps_of(
    tables: Sequence[StepTable], at: KeyPath, around: Surroundings, *, in_pick: bool = False
) -> tuple[Step, ...]:
    """Return the steps that *tables* describe; what is wrong with them is in the problems."""
    made: list[Step] = []
    for index, table in enumerate(tables):
        place = (*at, index)
        if table.weight is not None and not in_pick:
            around.problems.add(
                (*place, "weight"),
                "is for the choices of a pick.",
                hint="Write pick = [ … ] around the steps of which one is drawn.",
            )
        made += _step(table, place, around)
    return tuple(made)


def _step(table: StepTable, at: KeyPath, around: Surroundings) -> tuple[Step, ...]:
    match table:
        case RequestTable():
            around.requests.append(at)
            step: Step = _Maker(table, at, around).request()
        case ThinkTable():
            step = _think(table.think, (*at, "think"), around.problems)
        case PickTable():
            step = Pick(choices=_choices(table, at, around))
        case GroupTable():
            step = Group(name=table.group, steps=steps_of(table.steps, (*at, "steps"), around))
        case RepeatTable():
            inner = steps_of(table.steps, (*at, "steps"), around)
            step = Repeat(times=table.repeat, steps=inner)
        case WhenTable():
            around.uses.append(((*at, "when"), f"{{{{{table.when}}}}}"))
            inner = steps_of(table.steps, (*at, "steps"), around)
            step = When(variable=table.when, equals=table.equals, steps=inner)
        case _:
            around.problems.add(
                at,
                "steps alone are for the choices of a pick.",
                hint='Give them a name: group = "…".',
            )
            return ()
    return (step,)


def _choices(table: PickTable, at: KeyPath, around: Surroundings) -> tuple[Choice, ...]:
    choices: list[Choice] = []
    for index, each in enumerate(table.pick):
        place = (*at, "pick", index)
        if isinstance(each, SequenceTable):
            steps = steps_of(each.steps, (*place, "steps"), around)
        else:
            steps = _step(each, place, around)
        choices.append(Choice(steps=steps, weight=1.0 if each.weight is None else each.weight))
    return tuple(choices)


def _think(time: ThinkTime, at: KeyPath, problems: Problems) -> Think:
    given = time.model_dump(exclude_none=True)
    if len(given) != 1:
        problems.add(
            at,
            "is drawn in one way.",
            hint='Write "1s", { uniform = ["1s", "3s"] }, { normal = ["2s", "500ms"] } or'
            ' { exponential = "2s" }.',
        )
        return Think(first_s=0.0)
    ((key, value),) = given.items()
    first_s, second_s = value if isinstance(value, list) else (value, 0.0)
    if key == "uniform" and first_s > second_s:
        problems.add((*at, key), "ends before it begins.", hint="The shorter duration comes first.")
    return Think(distribution=Distribution(key), first_s=first_s, second_s=second_s)


class _Maker:
    """Makes one request of its table."""

    def __init__(self, table: RequestTable, at: KeyPath, around: Surroundings) -> None:
        self._table = table
        self._at = at
        self._around = around
        self._problems = around.problems

    def request(self) -> Request:
        table, defaults = self._table, self._around.defaults
        body, content_type = body_of(
            table, self._at, folder=self._around.folder, problems=self._problems
        )
        method = (table.method or ("GET" if body is None else "POST")).upper()
        if not _TOKEN.fullmatch(method):
            self._problems.add(
                (*self._at, "method"),
                f"{quoted(method)} is not an HTTP method.",
                hint="Write for example GET, POST, PUT or DELETE.",
            )
        if table.name is not None and "{{" in table.name:
            self._problems.add(
                (*self._at, "name"),
                "{{…}} is not filled in within names.",
                hint='A name groups requests: write "GET /orders/{id}".',
            )
        for tag in OWN_FILTERS & table.tags.keys():
            self._problems.add(
                (*self._at, "tags", tag),
                f"{quoted(tag)} is a filter of its own in thresholds.",
                hint="Call the tag otherwise.",
            )
        url = self._url()
        self._note_uses()
        extracts = (
            extract_of(variable, each, (*self._at, "extract", variable), self._problems)
            for variable, each in table.extract.items()
        )
        return Request(
            name=table.name or request_name(method, url),
            url=url,
            method=method,
            headers=self._headers(content_type),
            body=body or b"",
            timeout_s=defaults.timeout if table.timeout is None else table.timeout,
            extract=tuple(each for each in extracts if each is not None),
            checks=tuple(
                check
                for tables, at in (
                    (defaults.checks, ("defaults", "checks")),
                    (table.checks, (*self._at, "checks")),
                )
                for index, each in enumerate(tables)
                if (check := check_of(each, (*at, index), self._problems)) is not None
            ),
            redirects=defaults.redirects if table.redirects is None else table.redirects,
            tags=tuple(table.tags.items()),
        )

    def _note_uses(self) -> None:
        table = self._table
        noted = {
            "path": table.path,
            "url": table.url,
            "query": table.query,
            "json": table.json_body,
            "form": table.form,
            "body": table.body,
            "multipart": [
                part.value for parts in (table.multipart or {}).values() for part in parts
            ],
        }
        uses = [
            ((*self._at, key), text) for key, value in noted.items() for text in texts_in(value)
        ]
        uses += [((*self._at, "headers", name), value) for name, value in table.headers]
        self._around.uses.extend(use for use in uses if "{{" in use[1])

    def _url(self) -> str:
        table = self._table
        if (table.path is None) == (table.url is None):
            self._problems.add(
                self._at,
                "has no path." if table.path is None else "has a path and a url.",
                hint='Write path = "/…", which stands after the target, or url = "http://…".',
            )
            return "http://nowhere/"
        key = "path" if table.url is None else "url"
        url = table.url or self._under_target(table.path or "")
        wrong = url_problem(url) if url else None
        if wrong is not None:
            self._problems.add((*self._at, key), wrong[0], hint=wrong[1])
        if wrong is not None or not url:
            return "http://nowhere/"
        query = {name: list(values) for name, values in (table.query or {}).items()}
        return without_fragment(with_query(url, query))

    def _under_target(self, path: str) -> str:
        if not path.startswith("/"):
            self._problems.add(
                (*self._at, "path"),
                f'{quoted(path)} does not begin with "/".',
                hint=f'Write "/{path}", or the whole address as url = "http://…".',
            )
            return ""
        if self._around.target is None:
            self._problems.add(
                ("target",),
                "is missing, and paths stand after it.",
                hint='At the top of the profile, write target = "http://localhost:8000".',
            )
            return ""
        return joined(self._around.target, path)

    def _headers(self, content_type: str) -> tuple[tuple[str, str], ...]:
        own = self._table.headers
        names = {name.lower() for name, _ in own}
        inherited = tuple(
            pair for pair in self._around.defaults.headers if pair[0].lower() not in names
        )
        for pairs, at in ((own, self._at), (self._around.defaults.headers, ("defaults",))):
            for name, value in pairs:
                self._check_header(name, value, (*at, "headers", name))
        headers = (*own, *inherited)
        if self._table.multipart is not None and "content-type" in {n.lower() for n, _ in headers}:
            self._problems.add(
                (*self._at, "multipart"),
                "has a Content-Type of its own.",
                hint="It says where parts end: leave away the header, here and in [defaults].",
            )
        if content_type and "content-type" not in {name.lower() for name, _ in headers}:
            headers += (("Content-Type", content_type),)
        return headers

    def _check_header(self, name: str, value: str, at: KeyPath) -> None:
        if not _TOKEN.fullmatch(name) or _CONTROL.search(value):
            self._problems.add(
                at,
                "cannot be sent as a header.",
                hint="A name has no spaces or colons, and a value no control characters.",
            )
