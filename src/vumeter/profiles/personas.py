"""Users by type: the scenarios that they amount to."""

from vumeter.model.plan import Load, Scenario, Stage
from vumeter.profiles.flows import Surroundings, steps_of
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.loads import quantity, stage_of
from vumeter.profiles.models import PersonasTable, PersonaTable
from vumeter.profiles.peaks import pool_for
from vumeter.profiles.quantities import count

_ROUNDING = 1e-9


def scenarios_of(personas: PersonasTable, around: Surroundings) -> tuple[Scenario, ...]:
    """Return a scenario of the open model for each type of user."""
    problems = around.problems
    at: KeyPath = ("personas",)
    total = sum(persona.share for persona in personas.types.values())
    if abs(total - 1) > _ROUNDING and problems.is_whole((*at, "types")):
        problems.add(
            (*at, "types"),
            f"the shares are {total * 100:g} % together.",
            hint="Every user is of one type: they have to be 100 %.",
        )
    users = tuple(
        stage_of(
            stage,
            float(quantity(count, stage.target, (*at, "stages", index, "target"), problems) or 0),
        )
        for index, stage in enumerate(personas.stages or ())
    )
    return tuple(
        Scenario(
            name=name,
            steps=steps_of(persona.steps, (*at, "types", name, "steps"), around),
            on_start=steps_of(persona.on_start, (*at, "types", name, "on_start"), around),
            on_stop=steps_of(persona.on_stop, (*at, "types", name, "on_stop"), around),
            load=_load(persona, (*at, "types", name), personas, users=users, around=around),
        )
        for name, persona in personas.types.items()
    )


def _load(
    persona: PersonaTable,
    at: KeyPath,
    personas: PersonasTable,
    *,
    users: tuple[Stage, ...],
    around: Surroundings,
) -> Load:
    per_user_per_s = persona.share * _rate_per_s(persona, at, around)
    stages = tuple(
        Stage(duration_s=stage.duration_s, target=stage.target * per_user_per_s, shape=stage.shape)
        for stage in users
    )
    rate = personas.users * per_user_per_s
    peak = max([rate, *(stage.target for stage in stages)])
    return Load(
        vus=pool_for(peak) if persona.max_vus is None else persona.max_vus,
        rate_per_s=rate,
        duration_s=personas.duration,
        stages=stages,
        start_s=personas.start_time,
        arrivals=personas.arrivals,
    )


def _rate_per_s(persona: PersonaTable, at: KeyPath, around: Surroundings) -> float:
    if (persona.rate is None) == (persona.think_time is None):
        what = "has neither" if persona.rate is None else "has both"
        around.problems.add(
            at,
            f"{what} rate and think_time.",
            hint='How often does one such user act? Write rate = "0.5/s", or think_time = "2s".',
        )
    if persona.think_time is not None:
        return 1 / persona.think_time
    return persona.rate or 0.0
