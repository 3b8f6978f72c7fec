"""The steps of a scenario as a profile writes them, as pydantic models."""

import re
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from vumeter.profiles.problems import quoted
from vumeter.profiles.quantities import Duration, PositiveCount, PositiveDuration, Size, refusal

_SCALAR_SCHEMA = WithJsonSchema({"type": ["string", "number", "boolean"]})
_METHOD_AND_PLACE = re.compile(r"([A-Za-z]+)\s+(\S.*)", re.DOTALL)


def scalar_text(value: object) -> str:
    """Return a string, number or boolean as it is written into a request."""
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case _:
            raise refusal(f"{quoted(value)} is not a string, a number, true or false.")


def or_text(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a table for which a string may stand in short."""
    return {"anyOf": [{"type": "string"}, schema]}


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Scalar = Annotated[str, BeforeValidator(scalar_text), _SCALAR_SCHEMA]
Scalars = Annotated[
    list[Scalar],
    BeforeValidator(_as_list),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "number", "boolean"]},
                {"type": "array", "items": {"type": ["string", "number", "boolean"]}},
            ]
        }
    ),
]


def header_pairs(value: object) -> tuple[tuple[str, str], ...]:
    """Return headers, from a table or from lines such as "Accept: text/html"."""
    match value:
        case dict():
            return tuple(
                (name, scalar_text(each))
                for name, values in value.items()
                for each in (values if isinstance(values, list) else [values])
            )
        case list() if all(isinstance(line, str) and ":" in line for line in value):
            parts = (line.partition(":") for line in value)
            return tuple((name.strip(), text.removeprefix(" ")) for name, _, text in parts)
        case _:
            raise refusal(
                f"{quoted(value)} cannot be headers.",
                hint='Write { Accept = "text/html" }, or a list: ["Accept: text/html"].',
            )


Headers = Annotated[
    tuple[tuple[str, str], ...],
    BeforeValidator(header_pairs),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "object",
                    "additionalProperties": {"type": ["string", "number", "boolean", "array"]},
                },
                {"type": "array", "items": {"type": "string"}},
            ]
        }
    ),
]


class Table(BaseModel):
    """A table of a profile: a key that it does not know is an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=False, populate_by_name=False
    )


class CheckTable(Table):
    """
    An assertion on an answer: counted, and the VU goes on.

    One key says what is looked at; a relation beside `json`, `header` or `cookie` says what
    it has to be, and without one it has to be there. A relation alone looks at the body.
    """

    status: Scalars | None = Field(
        None,
        description="The status is this one, or one of a list; ranges as text.",
        examples=[200, ["200", "300-399"]],
    )
    json_path: str | None = Field(
        None,
        alias="json",
        description="A value in the JSON body, by its path.",
        examples=["items.0.id"],
    )
    header: str | None = Field(
        None, description="A header of the answer.", examples=["Content-Type"]
    )
    cookie: str | None = Field(None, description="A cookie that the answer sets.")
    max_duration: PositiveDuration | None = Field(
        None, description="Service time at most.", examples=["500ms"]
    )
    min_size: Size | None = Field(None, description="The body has at least so many bytes.")
    max_size: Size | None = Field(
        None, description="The body has at most so many bytes.", examples=["64KiB"]
    )
    equals: Scalar | None = Field(None, description="It is exactly this.")
    one_of: list[Scalar] | None = Field(None, description="It is one of these.")
    contains: str | None = Field(None, description="This text is in it.", examples=["Welcome"])
    matches: str | None = Field(None, description="This regular expression is found in it.")
    at_least: float | None = Field(None, description="As a number, it is not below.")
    at_most: float | None = Field(None, description="As a number, it is not above.")
    name: str | None = Field(
        None, min_length=1, description="How it is counted. Without one, what it asserts in words."
    )
    fails_request: bool = Field(
        False, description="An answer that does not pass is an error (kind `check`) as well."
    )


class ExtractTable(Table):
    """What a variable takes from an answer; without it the request has failed (`extract`)."""

    json_path: str | None = Field(
        None,
        alias="json",
        description="A value in the JSON body, by its path.",
        examples=["items.0.id"],
    )
    regex: str | None = Field(
        None,
        description="What a group of this regular expression finds in the body.",
        examples=["csrf=([0-9a-f]+)"],
    )
    group: int = Field(1, ge=0, description="Which group of `regex`; 0: all that it matched.")
    header: str | None = Field(None, description="A header's value.")
    cookie: str | None = Field(None, description="The value of a cookie that the answer sets.")


class PartTable(Table):
    """
    A field of a multipart body: `value`, `value_base64` or `file` is what is in it. A string,
    a number or a boolean is short for `value`.
    """

    value: Scalar | None = Field(None, description="Its content as text.", examples=["front door"])
    value_base64: str | None = Field(None, description="Its content as bytes, in base64.")
    file: str | None = Field(
        None,
        description="Its content from a file; its path is relative to the profile.",
        examples=["photo.png"],
    )
    filename: str | None = Field(
        None, description="What the file is called; default with `file`: its name."
    )
    content_type: str | None = Field(
        None,
        min_length=1,
        description="Of the content; default with `file`: what its name says.",
        examples=["image/png"],
    )

    @model_validator(mode="before")
    @classmethod
    def _from_scalar(cls, value: Any) -> Any:
        return {"value": value} if isinstance(value, str | int | float) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        schema = or_text(handler(core))
        schema["anyOf"][0] = {"type": ["string", "number", "boolean"]}
        return schema


class StepTable(Table):
    """What every step may have."""

    weight: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Within `pick`: how often, relative to the weights beside it. Default 1.",
    )


TagName = Annotated[str, Field(pattern=r"^[A-Za-z_][0-9A-Za-z_]{0,39}$")]
Parts = Annotated[list[PartTable], BeforeValidator(_as_list)]


class RequestTable(StepTable):
    """One request. A string is short for it: `"/path"`, or `"POST /path"`."""

    method: str | None = Field(
        None, description="Default GET, or POST where there is a body.", examples=["PUT"]
    )
    path: str | None = Field(
        None, description="After the profile's target; begins with `/`.", examples=["/orders"]
    )
    url: str | None = Field(None, description="Instead of `path`: the whole URL, any host.")
    query: dict[str, Scalars] | None = Field(
        None, description="Appended to the URL, encoded.", examples=[{"page": 2}]
    )
    headers: Headers = Field(
        (),
        description="Sent in this order, then those of [defaults] that it does not name.",
        examples=[{"Accept": "*/*"}],
    )
    json_body: Any = Field(
        None, alias="json", description="The body as JSON, with its Content-Type."
    )
    form: dict[str, Scalars] | None = Field(
        None, description="The body as an HTML form is sent, with its Content-Type."
    )
    multipart: dict[str, Parts] | None = Field(
        None,
        description="The body as a form with files in it, with its Content-Type; several parts"
        " of a name in a list.",
        examples=[{"title": "Door", "photo": {"file": "door.png"}}],
    )
    body: str | None = Field(None, description="The body as text.")
    body_base64: str | None = Field(None, description="The body as bytes, in base64.")
    body_file: str | None = Field(
        None, description="The body from a file; its path is relative to the profile."
    )
    timeout: PositiveDuration | None = Field(
        None, description="From sending to the last byte; default that of [defaults]."
    )
    redirects: int | None = Field(
        None, ge=0, le=50, description="How many redirects are followed at most."
    )
    name: str | None = Field(
        None,
        min_length=1,
        description="Groups it in tables and reports. Default: method and path, with numbers and"
        " UUIDs in the path as `{id}`.",
    )
    tags: dict[TagName, Annotated[str, Field(pattern=r"^[^,{}\"']{1,100}$")]] = Field(
        {},
        description="By which thresholds and alerts choose it and others: `{team:pay}`.",
        examples=[{"team": "pay"}],
    )
    checks: list[CheckTable] = Field(
        [], description="After those of [defaults].", examples=[[{"status": 200}]]
    )
    extract: dict[str, ExtractTable] = Field(
        {},
        description="Variables that later requests of the VU write as `{{name}}`.",
        examples=[{"token": {"json": "token"}}],
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        words = _METHOD_AND_PLACE.fullmatch(value.strip())
        method, place = words.groups() if words else ("", value.strip())
        key = "url" if "://" in place.partition("?")[0] else "path"
        return {key: place} | ({"method": method} if method else {})

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        return or_text(handler(core))


class ThinkTime(Table):
    """How a think time is drawn. A duration alone is short for `constant`."""

    constant: Duration | None = Field(None, description="Always this.")
    uniform: list[Duration] | None = Field(
        None, min_length=2, max_length=2, description="Between two durations."
    )
    normal: list[Duration] | None = Field(
        None,
        min_length=2,
        max_length=2,
        description="Mean and standard deviation; never below 0.",
    )
    exponential: PositiveDuration | None = Field(None, description="Mean; many short, few long.")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"constant": value} if isinstance(value, str | int | float) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        return or_text(handler(core))


class ThinkTable(StepTable):
    """A pause of the user."""

    think: ThinkTime = Field(
        description="A duration, or how to draw one.",
        examples=["1s", {"uniform": ["1s", "3s"]}],
    )


class PickTable(StepTable):
    """One of several steps, drawn by weight."""

    pick: "list[Step]" = Field(
        min_length=1,
        description="Steps with their `weight`; `{ weight = 2, steps = […] }` for several.",
    )


class SequenceTable(StepTable):
    """Several steps as one choice of a `pick`."""

    steps: "list[Step]" = Field(min_length=1, description="In this order.")


class GroupTable(StepTable):
    """Steps that belong together; the name stands before those of its requests."""

    group: str = Field(min_length=1, description="Its name.", examples=["checkout"])
    steps: "list[Step]" = Field(min_length=1, description="In this order.")


class RepeatTable(StepTable):
    """The same steps several times."""

    repeat: PositiveCount = Field(description="How often.", examples=[3])
    steps: "list[Step]" = Field(min_length=1, description="In this order.")


class WhenTable(StepTable):
    """Steps that are taken only while a variable has a value."""

    when: str = Field(description="The variable's name.", examples=["basket"])
    equals: Scalar | None = Field(None, description="Only while it equals this.")
    steps: "list[Step]" = Field(min_length=1, description="In this order.")


KINDS: dict[str, type[StepTable]] = {
    "<think>": ThinkTable,
    "<pick>": PickTable,
    "<group>": GroupTable,
    "<repeat>": RepeatTable,
    "<when>": WhenTable,
    "<steps>": SequenceTable,
    "<request>": RequestTable,
}
"""By the tag that pydantic puts into an error's place; a step has its kind's own key."""


def _kind(value: object) -> str:
    """Return what kind of step *value* wants to be: a request, unless a key says otherwise."""
    if isinstance(value, StepTable):
        return next(tag for tag, kind in KINDS.items() if type(value) is kind)
    if isinstance(value, dict):
        return next((tag for tag in KINDS if tag[1:-1] in value), "<request>")
    return "<request>"


Step = Annotated[
    Annotated[ThinkTable, Tag("<think>")]
    | Annotated[PickTable, Tag("<pick>")]
    | Annotated[GroupTable, Tag("<group>")]
    | Annotated[RepeatTable, Tag("<repeat>")]
    | Annotated[WhenTable, Tag("<when>")]
    | Annotated[SequenceTable, Tag("<steps>")]
    | Annotated[RequestTable, Tag("<request>")],
    Discriminator(_kind),
]
