"""From an executor and its keys to a load: which keys go together, and k6's defaults."""

from collections.abc import Callable
from typing import TypeVar

from pydantic_core import PydanticCustomError

from vumeter.model.plan import Executor, Load, Stage
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.models import DEFAULT_MAX_DURATION_S, ScenarioTable, StageTable
from vumeter.profiles.peaks import pool_for
from vumeter.profiles.problems import Problems
from vumeter.profiles.quantities import count, rate_per_s

_ITERATIONS = ("vus", "iterations", "max_duration", "pacing")
KEYS: dict[Executor, tuple[str, ...]] = {
    Executor.SHARED_ITERATIONS: _ITERATIONS,
    Executor.PER_VU_ITERATIONS: _ITERATIONS,
    Executor.CONSTANT_VUS: ("vus", "duration", "pacing"),
    Executor.RAMPING_VUS: ("start_vus", "stages", "duration", "pacing"),
    Executor.CONSTANT_ARRIVAL_RATE: ("rate", "max_vus", "duration", "iterations", "arrivals"),
    Executor.RAMPING_ARRIVAL_RATE: (
        "start_rate",
        "stages",
        "max_vus",
        "duration",
        "iterations",
        "arrivals",
    ),
}
"""What each executor takes beside what every scenario has."""

_LOAD_KEYS = frozenset(key for keys in KEYS.values() for key in keys)
_OPEN = (Executor.CONSTANT_ARRIVAL_RATE, Executor.RAMPING_ARRIVAL_RATE)
_INSTEAD = {
    ("vus", True): "With a rate, max_vus says how many VUs may be busy at once.",
    ("vus", False): "VUs that ramp begin at start_vus, and go where the stages say.",
    ("duration", False): "It ends by iterations; max_duration cuts it short.",
    ("rate", True): "A rate that ramps begins at start_rate, and goes where the stages say.",
    ("pacing", True): "Arrivals at a rate pace themselves.",
}
QuantityT = TypeVar("QuantityT", int, float)


def load_of(table: ScenarioTable, at: KeyPath, problems: Problems) -> Load:
    """Return the load that *table* describes; what is wrong with it is in *problems*."""
    executor = table.executor or _described(table)
    _refuse_others(table, executor, at, problems)
    is_open = executor in _OPEN
    stages = tuple(
        _stage(stage, (*at, "stages", index), is_open=is_open, problems=problems)
        for index, stage in enumerate(table.stages or ())
    )
    rate = _rate(table, executor, at, problems)
    if executor in (Executor.RAMPING_VUS, Executor.RAMPING_ARRIVAL_RATE) and not stages:
        problems.add(
            at,
            f"{executor.value} needs stages.",
            hint='Write stages = [{ duration = "1m", target = '
            + ('"50/s" }].' if is_open else "50 }]."),
        )
    peak_per_s = max([rate or 0.0, *(stage.target for stage in stages)])
    return Load(
        vus=_pool(table, peak_per_s) if is_open else _vus(table, executor),
        rate_per_s=rate,
        iterations=_iterations(table, executor),
        per_vu=executor is Executor.PER_VU_ITERATIONS,
        duration_s=_duration_s(table, executor),
        stages=stages,
        start_s=table.start_time,
        arrivals=table.arrivals,
        pacing_s=table.pacing,
        graceful_ramp_down_s=table.graceful_ramp_down,
    )


def stage_of(stage: StageTable, target: float) -> Stage:
    """Return *stage* with its *target*."""
    return Stage(duration_s=stage.duration, target=target, shape=stage.shape)


def quantity(
    parse: Callable[[object], QuantityT], text: str, at: KeyPath, problems: Problems
) -> QuantityT | None:
    """Return what *parse* makes of *text*; `None` when that is a problem."""
    try:
        return parse(text)
    except PydanticCustomError as error:
        context = error.context or {}
        problems.add(at, str(context["text"]), hint=str(context["hint"]))
        return None


def _described(table: ScenarioTable) -> Executor:
    """Return the executor that the keys of *table* describe, as k6's short-cuts do."""
    given = table.model_fields_set
    has_rates = any("/" in stage.target for stage in table.stages or ())
    if "start_rate" in given or (table.stages and (has_rates or "rate" in given)):
        return Executor.RAMPING_ARRIVAL_RATE
    if "rate" in given:
        return Executor.CONSTANT_ARRIVAL_RATE
    if table.stages:
        return Executor.RAMPING_VUS
    return Executor.SHARED_ITERATIONS if "iterations" in given else Executor.CONSTANT_VUS


def _refuse_others(
    table: ScenarioTable, executor: Executor, at: KeyPath, problems: Problems
) -> None:
    for key in sorted(_LOAD_KEYS & table.model_fields_set - set(KEYS[executor])):
        instead = _INSTEAD.get((key, executor in _OPEN), "")
        problems.add(
            (*at, key),
            f"not a key of {executor.value}.",
            hint=instead or f"It takes {', '.join(KEYS[executor])}.",
        )


def _stage(stage: StageTable, at: KeyPath, *, is_open: bool, problems: Problems) -> Stage:
    at = (*at, "target")
    if is_open:
        return stage_of(stage, quantity(rate_per_s, stage.target, at, problems) or 0.0)
    if "/" in stage.target:
        problems.add(
            at,
            f'"{stage.target}" is a rate, and this executor moves VUs.',
            hint="Write a number of VUs, or take the executor ramping-arrival-rate.",
        )
        return stage_of(stage, 0.0)
    return stage_of(stage, float(quantity(count, stage.target, at, problems) or 0))


def _rate(
    table: ScenarioTable, executor: Executor, at: KeyPath, problems: Problems
) -> float | None:
    if executor is Executor.RAMPING_ARRIVAL_RATE:
        return table.start_rate or 0.0
    if executor is not Executor.CONSTANT_ARRIVAL_RATE:
        return None
    if not table.rate:
        problems.add(
            at if table.rate is None else (*at, "rate"),
            f"{executor.value} needs a rate above 0.",
            hint='Write rate = "50/s".',
        )
    return table.rate or 0.0


def _pool(table: ScenarioTable, peak_per_s: float) -> int:
    return pool_for(peak_per_s) if table.max_vus is None else table.max_vus


def _vus(table: ScenarioTable, executor: Executor) -> int:
    vus = table.start_vus if executor is Executor.RAMPING_VUS else table.vus
    return 1 if vus is None else vus


def _iterations(table: ScenarioTable, executor: Executor) -> int | None:
    counts = executor in (Executor.SHARED_ITERATIONS, Executor.PER_VU_ITERATIONS)
    return 1 if counts and table.iterations is None else table.iterations


def _duration_s(table: ScenarioTable, executor: Executor) -> float | None:
    if "max_duration" not in KEYS[executor]:
        return table.duration
    most_s = DEFAULT_MAX_DURATION_S if table.max_duration is None else table.max_duration
    return None if most_s == float("inf") else most_s
