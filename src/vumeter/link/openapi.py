"""The control API as an OpenAPI 3.1 document, made from the structs that it speaks in."""

from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from vumeter import __version__
from vumeter.link.protocol import SCHEMA, Hello
from vumeter.model.explanation import Explanation, Question
from vumeter.model.flame import Flame, Flames
from vumeter.model.frame import SPANS_S, Frame, Point
from vumeter.model.measure import Reading
from vumeter.model.series import SeriesPoint
from vumeter.model.spike import Spike, SpikeHead
from vumeter.model.throttle import Command, JournalEntry, Outcome
from vumeter.model.verdict import AlertState, Verdict

STREAM = "/stream"

_REFERENCE = "#/components/schemas/{name}"
_SECONDS = {"type": "integer", "minimum": 0}
_SPAN = (
    ("from", _SECONDS, "The first second at which they begin."),
    ("to", _SECONDS, "They begin before it."),
    ("span", {"enum": list(SPANS_S), "default": 1}, "How many seconds each is of."),
)
_NAME = ("name", {"type": "string"}, "As `/series` has it.")
_QUESTION = ("of", {"enum": list(Question), "default": "latency"}, "What is to be explained.")
_ID = ("id", {"type": "integer", "minimum": 1}, "As `/spikes` has it.")
_FLAME_ID = ("id", {"type": "integer", "minimum": 1}, "As `/flames` has it.")
_VIEWER = ("viewer", {"type": "string"}, "Whose hand it is.")


class Operation(NamedTuple):
    """What can be asked of a run."""

    method: str
    path: str
    summary: str
    answer: Any
    """A type; `str`: plain text."""
    query: tuple[tuple[str, dict[str, Any], str], ...] = ()
    """Name, schema and meaning of each part."""
    body: Any = UNSET


def operations(report: Any) -> tuple[Operation, ...]:
    """Return all that can be asked; *report* is the type of report.json."""
    return (
        Operation("get", "/status", "The newest frame: all that a screen shows.", Frame),
        Operation("get", "/reading", "The newest second, with histograms.", Reading | None),
        Operation(
            "get",
            "/points",
            "The run over time.",
            tuple[Point, ...],
            query=_SPAN,
        ),
        Operation(
            "get",
            "/readings",
            "All that was stored of a time, 600 readings at most; old ones are coarser.",
            tuple[Reading, ...],
            query=_SPAN,
        ),
        Operation("get", "/series", "The newest value of each series.", dict[str, float]),
        Operation(
            "get",
            "/series/points",
            "One series over time, that of the newest hour second by second.",
            tuple[SeriesPoint, ...],
            query=(_NAME, *_SPAN),
        ),
        Operation(
            "get",
            "/why",
            "What may explain the latency or the errors of a time: a hint, no proof.",
            Explanation,
            query=(_QUESTION, *_SPAN[:2]),
        ),
        Operation("get", "/spikes", "Which moments were kept whole.", tuple[SpikeHead, ...]),
        Operation("get", "/spike", "One of them: its frame.", Spike, query=(_ID,)),
        Operation("post", "/spikes", "Keep this moment whole.", Outcome, query=(_VIEWER,)),
        Operation("get", "/flames", "Which flame graphs were taken, and of what.", Flames),
        Operation("get", "/flame", "One of them: its stacks.", Flame, query=(_FLAME_ID,)),
        Operation("get", "/verdicts", "How each threshold stands.", tuple[Verdict, ...]),
        Operation("get", "/alerts", "How each alert stands.", tuple[AlertState, ...]),
        Operation("get", "/journal", "Every command, with its effect.", tuple[JournalEntry, ...]),
        Operation("get", "/report", "report.json, as it would be now.", report),
        Operation("get", "/metrics", "The run since its start, for Prometheus.", str),
        Operation(
            "get",
            STREAM,
            "WebSocket: a `Hello`, then a `Frame` a second, in MessagePack.",
            Hello,
            query=(
                _VIEWER,
                ("watch", {"enum": [0, 1], "default": 0}, "1: never to command."),
                (
                    "summary",
                    {"enum": [0, 1], "default": 0},
                    "1: the run's `Summary` comes after the last frame.",
                ),
            ),
        ),
        Operation("post", "/commands", "Give a command.", Outcome, query=(_VIEWER,), body=Command),
        Operation("post", "/control", "Take the control over.", Outcome, query=(_VIEWER,)),
    )


def openapi(report: Any) -> dict[str, Any]:
    """Return the document; *report* is the type of report.json."""
    asked = operations(report)
    types = [each for one in asked for each in (one.answer, one.body) if each is not UNSET]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    schema_of = dict(zip(map(str, types), schemas, strict=True))
    paths: dict[str, Any] = {}
    for each in asked:
        paths.setdefault(each.path, {})[each.method] = _described(each, schema_of)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "vumeter's control API",
            "version": str(SCHEMA),
            "summary": f"As vumeter {__version__} serves it; docs/control-api.md explains it.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        # On the run's own socket the kernel says who is calling.
        "security": [{}, {"token": []}],
    }
    # Among the defaults are tuples and structs: JSON has neither.
    return msgspec.json.decode(msgspec.json.encode(document), type=dict[str, Any])


def _described(one: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": one.summary,
        "parameters": [
            {"name": name, "in": "query", "description": text, "schema": schema}
            for name, schema, text in one.query
        ],
        "responses": _answers(one, schema_of),
    }
    if one.body is not UNSET:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema_of[str(one.body)]}},
        }
    return described


def _answers(one: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    text = {"text/plain": {"schema": {"type": "string"}}}
    good: dict[str, Any] = {"description": one.summary}
    if one.answer is str:
        good["content"] = text
    elif one.path != STREAM:
        good["content"] = {"application/json": {"schema": schema_of[str(one.answer)]}}
    return {
        "101" if one.path == STREAM else "200": good,
        "4XX": {"description": "Why not, in one line.", "content": text},
    }
