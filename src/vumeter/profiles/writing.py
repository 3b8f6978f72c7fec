"""
From a plan back to a profile: the inverse of loading.

Over 400 lines: a function for each table of a profile, none of which knows of another.
"""

import base64
from collections.abc import Sequence
from decimal import Decimal
from urllib.parse import urlsplit

import tomli_w

from vumeter.errors import UsageError
from vumeter.model.alert import USUAL_CLEAR_AFTER_S, Alert, AlertLevel
from vumeter.model.flow import (
    USUAL_REDIRECTS,
    Check,
    Choice,
    Distribution,
    Extract,
    Group,
    Pick,
    Relation,
    Repeat,
    Request,
    Source,
    Step,
    Think,
    When,
)
from vumeter.model.plan import (
    AUTO,
    Arrivals,
    Executor,
    Feeder,
    Limits,
    Load,
    Plan,
    Procedure,
    Scenario,
    Shape,
    Stage,
    Threshold,
)
from vumeter.profiles.answers import RELATIONS
from vumeter.profiles.comparing import comparing_written
from vumeter.profiles.connections import listen_written, transport_written
from vumeter.profiles.monitors import monitors_written
from vumeter.profiles.multipart import Part, parts_in
from vumeter.profiles.prices import prices_written
from vumeter.profiles.quantities import NO_END
from vumeter.profiles.storing import retention_written
from vumeter.profiles.targets import request_name
from vumeter.profiles.variants import united
from vumeter.units import duration_text, parse_duration_s

Written = dict[str, object]

RELATION_KEYS = {relation: key for key, relation in RELATIONS.items()}
DEFAULT_TIMEOUT_S = 10.0


def written(plan: Plan) -> str:
    """
    Return *plan* as a profile that loads to an equal one. Its secrets are in it.

    Raises:
        UsageError: It is the plan of a script.
    """
    if any(scenario.script for scenario in plan.scenarios):
        raise UsageError("What a script does cannot be written as a profile.")
    plan = united(plan)
    target = _target(plan)
    document: Written = {"name": plan.name}
    if target:
        document["target"] = target
    document |= _workers(plan)
    document |= {
        "graceful_stop": exact_duration(plan.graceful_stop_s),
        "dead_man": exact_duration(plan.dead_man_s),
        "on_viewer_lost": plan.on_viewer_lost.value,
    }
    document |= comparing_written(plan)
    if plan.secrets:
        variables = {f"SECRET_{place}": value for place, value in enumerate(plan.secrets, start=1)}
        document |= {"secrets": list(variables), "variables": variables}
    if http := _http(plan):
        document["http"] = http
    document["scenarios"] = {
        scenario.name: _scenario(scenario, target) for scenario in plan.scenarios
    }
    for name, procedure in (("setup", plan.setup), ("teardown", plan.teardown)):
        if procedure is not None:
            document[name] = _procedure(procedure, target)
    if plan.feeders:
        document["feeders"] = {feeder.name: _feeder(feeder) for feeder in plan.feeders}
    if monitors := _monitors(plan):
        document["monitors"] = monitors
    if plan.thresholds:
        document["thresholds"] = _thresholds(plan.thresholds)
    if plan.alerts:
        document["alerts"] = [_alert(alert) for alert in plan.alerts]
    document["limits"] = _limits(plan.limits)
    document |= prices_written(plan.prices)
    document |= retention_written(plan.retention)
    document |= listen_written(plan.listen)
    return tomli_w.dumps({key: _escaped(value) for key, value in document.items()})


def _monitors(plan: Plan) -> Written:
    written: Written = dict(monitors_written(plan.monitors))
    if plan.postgres_more:
        written = {"postgres_more": dict(plan.postgres_more), **written}
    return written if plan.postgres_dsn is None else {"postgres": plan.postgres_dsn, **written}


def _workers(plan: Plan) -> Written:
    written: Written = {}
    if plan.adds_workers:
        written["workers"] = AUTO
    elif plan.workers > 1:
        written["workers"] = plan.workers
    if plan.pins_workers:
        written["pin_workers"] = True
    return written


def exact_duration(seconds: float) -> str:
    """
    Return a duration that reads back as exactly *seconds*.

    >>> exact_duration(90), exact_duration(61.25)
    ('1m30s', '61.25s')
    """
    text = duration_text(seconds)
    # duration_text() rounds to the second above one minute, and to six digits below.
    is_exact = "e" not in text and bool(text) and parse_duration_s(text) == seconds
    return text if is_exact else f"{Decimal(repr(seconds)):f}s"


def exact_rate(per_s: float) -> str:
    """Return a rate that reads back as exactly *per_s*."""
    return f"{Decimal(repr(float(per_s))).normalize():f}/s"


def thresholds_text(thresholds: Sequence[Threshold]) -> str:
    """Return *thresholds* as the part of a profile that they are."""
    return tomli_w.dumps({"thresholds": _escaped(_thresholds(thresholds))})


def _escaped(value: object) -> object:
    """Return *value* with every `${` in its texts written so that it stays one."""
    match value:
        case str():
            return value.replace("${", "$${")
        case dict():
            return {key: _escaped(each) for key, each in value.items()}
        case list():
            return [_escaped(each) for each in value]
        case _:
            return value


def _target(plan: Plan) -> str:
    """Return what most requests begin with: the origin of the first."""
    request = next(request for scenario in plan.scenarios for request in scenario.requests)
    parts = urlsplit(request.url)
    return f"{parts.scheme}://{parts.netloc}"


def _http(plan: Plan) -> Written:
    keys = ("keep_alive", "verify_tls", "cookies")
    return {key: False for key in keys if not getattr(plan, key)} | transport_written(
        plan.transport
    )


# The load


def _scenario(scenario: Scenario, target: str) -> Written:
    steps = {"on_start": scenario.on_start, "steps": scenario.steps, "on_stop": scenario.on_stop}
    return _load(scenario.load) | {
        key: [_step(step, target) for step in each] for key, each in steps.items() if each
    }


def _procedure(procedure: Procedure, target: str) -> Written:
    return {
        "timeout": exact_duration(procedure.timeout_s),
        "steps": [_step(step, target) for step in procedure.steps],
    }


def _load(load: Load) -> Written:
    executor = load.executor
    made: Written = {"executor": executor.value}
    match executor:
        case Executor.SHARED_ITERATIONS | Executor.PER_VU_ITERATIONS:
            made |= {"vus": load.vus, "iterations": load.iterations}
            made["max_duration"] = (
                NO_END if load.duration_s is None else exact_duration(load.duration_s)
            )
        case Executor.CONSTANT_VUS:
            made["vus"] = load.vus
        case Executor.RAMPING_VUS:
            made["start_vus"] = load.vus
            made["stages"] = [_stage(stage, round(stage.target)) for stage in load.stages]
        case Executor.CONSTANT_ARRIVAL_RATE:
            made |= {"rate": exact_rate(load.rate_per_s or 0.0), "max_vus": load.vus}
        case Executor.RAMPING_ARRIVAL_RATE:
            made |= {"start_rate": exact_rate(load.rate_per_s or 0.0), "max_vus": load.vus}
            made["stages"] = [_stage(stage, exact_rate(stage.target)) for stage in load.stages]
    if load.rate_per_s is not None:
        made |= {} if load.iterations is None else {"iterations": load.iterations}
        made |= {} if load.arrivals is Arrivals.EVEN else {"arrivals": load.arrivals.value}
    if load.duration_s is not None and "max_duration" not in made:
        made["duration"] = exact_duration(load.duration_s)
    times = {
        "start_time": (load.start_s, 0.0),
        "pacing": (load.pacing_s, 0.0),
        "graceful_ramp_down": (load.graceful_ramp_down_s, 30.0),
    }
    return made | {
        key: exact_duration(time_s)
        for key, (time_s, default_s) in times.items()
        if time_s != default_s
    }


def _stage(stage: Stage, target: int | str) -> Written:
    shape: Written = {} if stage.shape is Shape.LINEAR else {"shape": stage.shape.value}
    leg: Written = {"duration": exact_duration(stage.duration_s), "target": target}
    return leg | shape


def _limits(limits: Limits) -> Written:
    written: Written = {
        "max_vus": limits.max_vus,
        "max_rate": exact_rate(limits.max_rate_per_s),
        "floor_vus": limits.floor_vus,
        "floor_rate": exact_rate(limits.floor_rate_per_s),
    }
    if limits.allow_hosts:
        written["allow_hosts"] = list(limits.allow_hosts)
    if limits.end_backends:
        written["end_backends"] = True
    return written


def _thresholds(thresholds: Sequence[Threshold]) -> Written:
    rules: dict[str, list[object]] = {}
    for each in thresholds:
        rule: Written = {"threshold": each.expression}
        if each.abort_on_fail:
            rule["abort_on_fail"] = True
        if each.delay_abort_s:
            rule["delay_abort_eval"] = exact_duration(each.delay_abort_s)
        rules.setdefault(each.metric, []).append(rule if len(rule) > 1 else each.expression)
    return dict(rules)


def _alert(alert: Alert) -> Written:
    made: Written = {
        "name": alert.name,
        "when": f"{alert.metric}: {alert.expression}",
        "level": alert.level.value,
    }
    if alert.until is not None:
        made["until"] = alert.until
    if alert.margin_ratio:
        made["margin"] = f"{Decimal(repr(round(alert.margin_ratio * 100, 9))):f}%"
    if alert.clear_after_s != USUAL_CLEAR_AFTER_S:
        made["clear_after"] = exact_duration(alert.clear_after_s)
    if alert.bell is (alert.level is AlertLevel.INFO):
        made["bell"] = alert.bell
    if alert.command:
        made["command"] = list(alert.command)
    return made | ({} if alert.webhook is None else {"webhook": alert.webhook})


def _feeder(feeder: Feeder) -> Written:
    return {
        "columns": list(feeder.columns),
        "rows": [list(row) for row in feeder.rows],
        "order": feeder.order.value,
    }


# The steps


def _step(step: Step, target: str) -> object:
    match step:
        case Request():
            made: Written = _request(step, target)
            return made["path"] if list(made) == ["path"] else made
        case Think():
            return {"think": _think(step)}
        case Pick(choices=choices):
            return {"pick": [_choice(choice, target) for choice in choices]}
        case Group(name=name, steps=inner):
            made = Written(group=name)
        case Repeat(times=times, steps=inner):
            made = Written(repeat=times)
        case When(variable=variable, equals=equals, steps=inner):
            made = Written(when=variable)
            if equals is not None:
                made["equals"] = equals
    return made | {"steps": [_step(each, target) for each in inner]}


def _choice(choice: Choice, target: str) -> object:
    weight: Written = {} if choice.weight == 1 else {"weight": choice.weight}
    steps = [_step(step, target) for step in choice.steps]
    if len(steps) > 1:
        return weight | {"steps": steps}
    if weight and isinstance(choice.steps[0], Request):
        return weight | _request(choice.steps[0], target)
    return weight | steps[0] if isinstance(steps[0], dict) else steps[0]


def _think(think: Think) -> object:
    first, second = exact_duration(think.first_s), exact_duration(think.second_s)
    match think.distribution:
        case Distribution.CONSTANT:
            return first
        case Distribution.EXPONENTIAL:
            return {"exponential": first}
        case _:
            return {think.distribution.value: [first, second]}


def _request(request: Request, target: str) -> Written:
    path = request.url.removeprefix(target)
    made: Written = {"method": request.method}
    if request.url.startswith(target) and path.startswith("/"):
        made["path"] = path
    else:
        made["url"] = request.url
    headers, parts = request.headers, _multipart(request)
    if parts:
        # The last header says where they end, and comes with them.
        headers = headers[:-1]
    if headers:
        made["headers"] = _headers(headers)
    made |= parts or _body(request.body)
    if request.method == ("POST" if request.body else "GET"):
        del made["method"]
    if request.timeout_s != DEFAULT_TIMEOUT_S:
        made["timeout"] = exact_duration(request.timeout_s)
    if request.redirects != USUAL_REDIRECTS:
        made["redirects"] = request.redirects
    if request.name != request_name(request.method, request.url):
        made["name"] = request.name
    if request.tags:
        made["tags"] = dict(request.tags)
    if request.checks:
        made["checks"] = [_check(check) for check in request.checks]
    if request.extract:
        made["extract"] = {each.variable: _extract(each) for each in request.extract}
    return made


def _headers(headers: Sequence[tuple[str, str]]) -> object:
    by_name = dict(headers)
    if len(by_name) == len(headers):
        return by_name
    return [f"{name}: {value}" for name, value in headers]


def _multipart(request: Request) -> Written:
    """Return the body as parts, if it is such a one and reads back as the same."""
    name, kind = request.headers[-1] if request.headers else ("", "")
    parts = parts_in(request.body, kind) if name == "Content-Type" else None
    fields: dict[str, list[Part]] = {}
    for part in parts or ():
        fields.setdefault(part.name, []).append(part)
    together = [part for several in fields.values() for part in several]
    is_typed_elsewhere = any(name.lower() == "content-type" for name, _ in request.headers[:-1])
    if not parts or together != parts or is_typed_elsewhere:
        return {}
    return {
        "multipart": {
            name: _part(several[0]) if len(several) == 1 else [_part(part) for part in several]
            for name, several in fields.items()
        }
    }


def _part(part: Part) -> object:
    made = {key.replace("body", "value"): value for key, value in _body(part.content).items()}
    made = made or {"value": ""}
    if part.filename is not None:
        made["filename"] = part.filename
    if part.content_type is not None:
        made["content_type"] = part.content_type
    return made["value"] if list(made) == ["value"] else made


def _body(body: bytes) -> Written:
    if not body:
        return {}
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode("ascii")}


def _check(check: Check) -> Written:
    made: Written = {"name": check.name}
    match check.source:
        case Source.STATUS:
            made["status"] = list(check.value) if isinstance(check.value, tuple) else check.value
        case Source.DURATION_S:
            made["max_duration"] = exact_duration(float(str(check.value)))
        case Source.SIZE_BYTES:
            key = "min_size" if check.relation is Relation.AT_LEAST else "max_size"
            made[key] = f"{float(str(check.value)):.0f}B"
        case _:
            if check.source is not Source.BODY:
                made[check.source.value] = check.selector
            if check.relation is not Relation.EXISTS:
                value = check.value
                made[RELATION_KEYS[check.relation]] = (
                    list(value) if isinstance(value, tuple) else value
                )
    return made | ({"fails_request": True} if check.fails_request else {})


def _extract(extract: Extract) -> Written:
    key = "regex" if extract.source is Source.BODY else extract.source.value
    return {key: extract.selector} | ({} if extract.group == 1 else {"group": extract.group})
