"""What a VU does in one iteration: requests, and what stands between them."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class Source(StrEnum):
    """What part of an answer is looked at."""

    STATUS = "status"
    BODY = "body"
    JSON = "json"
    HEADER = "header"
    COOKIE = "cookie"
    DURATION_S = "duration_s"
    """Service time."""
    SIZE_BYTES = "size_bytes"
    """Of the body."""


class Relation(StrEnum):
    """How a check compares."""

    EXISTS = "exists"
    EQUALS = "equals"
    ONE_OF = "one-of"
    CONTAINS = "contains"
    MATCHES = "matches"
    """A regular expression is found in it."""
    AT_MOST = "at-most"
    AT_LEAST = "at-least"


class Check(Struct, frozen=True, kw_only=True):
    """An assertion on one answer: counted, and the VU goes on."""

    name: str
    source: Source
    selector: str = ""
    """Path into the JSON (`items.0.id`), or the header's or cookie's name."""
    relation: Relation
    value: str | float | tuple[str, ...] = ""
    """`ONE_OF` a status: single ones and ranges, `("200", "300-399")`."""
    fails_request: bool = False
    """Whether an answer that does not pass is an error (kind `check`) as well."""


class Extract(Struct, frozen=True, kw_only=True):
    """A part of an answer that a variable of the VU takes; without it, kind `extract`."""

    variable: str
    source: Source
    selector: str = ""
    """Path into the JSON, a header's or cookie's name, or a regular expression on the body."""
    group: int = 1
    """Of the regular expression."""


USUAL_REDIRECTS = 10
"""How many are followed where nobody says otherwise: what k6 and oha do."""


class Request(Struct, frozen=True, kw_only=True, tag="request"):
    """
    One request of a scenario, as it is to be sent.

    `{{expression}}` in *url* (after the host), in header values and in *body* is replaced:
    a variable of the VU, a feeder's column, or a generated value (`client.render`).
    """

    name: str
    """Groups this request in tables and reports."""
    url: str
    """Absolute: http or https, host, optional port, path and query."""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    """In the order in which they are sent; Host, Content-Length and Connection are added."""
    body: bytes = b""
    timeout_s: float = 10.0
    """From the moment of sending (connecting has the same limit of its own) to the last byte."""
    extract: tuple[Extract, ...] = ()
    checks: tuple[Check, ...] = ()
    redirects: int = 0
    """How many are followed at most; each is a request of its own in the counts."""
    tags: tuple[tuple[str, str], ...] = ()
    """By which thresholds may choose it and others: `{team:payments}`."""


class Distribution(StrEnum):
    """How a think time is drawn."""

    CONSTANT = "constant"
    UNIFORM = "uniform"
    """Between *first_s* and *second_s*."""
    NORMAL = "normal"
    """Mean *first_s*, standard deviation *second_s*; never below 0."""
    EXPONENTIAL = "exponential"
    """Mean *first_s*."""


class Think(Struct, frozen=True, kw_only=True, tag="think"):
    """A pause of the user, drawn anew each time."""

    distribution: Distribution = Distribution.CONSTANT
    first_s: float
    second_s: float = 0.0


class Choice(Struct, frozen=True, kw_only=True):
    """Steps and how often they are drawn, relative to the weights beside them."""

    steps: "tuple[Step, ...]"
    weight: float = 1.0


class Pick(Struct, frozen=True, kw_only=True, tag="pick"):
    """One of the choices, drawn by weight."""

    choices: tuple[Choice, ...]


class Group(Struct, frozen=True, kw_only=True, tag="group"):
    """Steps that belong together; its name stands before those of its requests."""

    name: str
    steps: "tuple[Step, ...]"


class Repeat(Struct, frozen=True, kw_only=True, tag="repeat"):
    """The same steps several times."""

    times: int
    steps: "tuple[Step, ...]"


class When(Struct, frozen=True, kw_only=True, tag="when"):
    """Steps that are taken only while a variable equals a value; `None`: while it is set."""

    variable: str
    equals: str | None = None
    steps: "tuple[Step, ...]"


Step = Request | Think | Pick | Group | Repeat | When


def requests_of(steps: Sequence[Step]) -> Iterator[Request]:
    """Return every request within *steps*, in the order in which they are written."""
    for step in steps:
        match step:
            case Request():
                yield step
            case Pick(choices=choices):
                for choice in choices:
                    yield from requests_of(choice.steps)
            case Group(steps=inner) | Repeat(steps=inner) | When(steps=inner):
                yield from requests_of(inner)
            case Think():
                pass


def named_requests(steps: Sequence[Step], prefix: str = "") -> Iterator[tuple[str, Request]]:
    """Return the requests within *steps*, as written, each with the name that it counts under."""
    for step in steps:
        match step:
            case Request():
                yield prefix + step.name, step
            case Group():
                yield from named_requests(step.steps, f"{prefix}{step.name} / ")
            case Pick():
                for choice in step.choices:
                    yield from named_requests(choice.steps, prefix)
            case Repeat() | When():
                yield from named_requests(step.steps, prefix)
            case Think():
                pass


def with_requests(steps: Sequence[Step], changed: Callable[[Request], Request]) -> tuple[Step, ...]:
    """Return *steps* with every request in them *changed*."""

    def inner(step: Step) -> Step:
        match step:
            case Request():
                return changed(step)
            case Pick(choices=choices):
                return Pick(
                    choices=tuple(
                        replace(choice, steps=with_requests(choice.steps, changed))
                        for choice in choices
                    )
                )
            case Group() | Repeat() | When():
                return replace(step, steps=with_requests(step.steps, changed))
            case Think():
                return step

    return tuple(map(inner, steps))


def mix(*weighted: tuple[Request, float]) -> tuple[Step, ...]:
    """Return the steps that are one request, drawn by weight."""
    choices = tuple(Choice(steps=(request,), weight=weight) for request, weight in weighted)
    return (Pick(choices=choices),) if len(choices) > 1 else choices[0].steps
