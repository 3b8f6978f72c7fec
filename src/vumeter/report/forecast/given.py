"""Capacities and loads that somebody says."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from vumeter.errors import UsageError
from vumeter.report.forecast.schema import Capacity, LoadUnit
from vumeter.stats.usl import LEAST_POINTS, fitted, peak
from vumeter.units import parse_count, parse_rate_per_s

NumberT = TypeVar("NumberT", int, float)

_EXAMPLES = (
    "Write --capacity 180/s, --capacity 170/s..190/s, --capacity '500 users', or of several "
    "instances together --capacity 1=180/s --capacity 2=350/s …"
)
_OF_SEVERAL = re.compile(r"(?P<instances>\d+)\s*=\s*(?P<load>.+)")
_USERS = re.compile(r"(?P<count>\S+)\s*(users?|VUs?)")


class Demand(NamedTuple):
    """What is to be borne."""

    load: float
    users: int | None = None
    rate_per_user_per_s: float | None = None


def demand(
    unit: LoadUnit, *, users: str | None, rate_per_user: str | None, rate: str | None
) -> Demand:
    """
    Return what is to be borne, in *unit*.

    Raises:
        UsageError: It was not said, or cannot be said in that unit.
    """
    number = None if users is None else _read("--users", parse_count, users)
    if unit is LoadUnit.USERS:
        if number is None or rate is not None or rate_per_user is not None:
            raise UsageError(
                "The capacity is in users at a time, and so is the load: give --users alone.",
                hint="A capacity in iterations per second is found with a rate as the lever.",
            )
        return Demand(float(number), users=number)
    if rate is not None and (number is not None or rate_per_user is not None):
        raise UsageError("--rate is said instead of --users and --rate-per-user.")
    if rate is not None:
        return Demand(_read("--rate", parse_rate_per_s, rate))
    if number is None or rate_per_user is None:
        raise UsageError(
            "What load is to be borne?",
            hint="Give --rate 4000/s, or --users 20000 --rate-per-user 0.2/s.",
        )
    of_one = _read("--rate-per-user", parse_rate_per_s, rate_per_user)
    return Demand(number * of_one, users=number, rate_per_user_per_s=of_one)


def given(texts: Sequence[str], *, sigma: float = 0.0, kappa: float = 0.0) -> Capacity:
    """
    Return the capacity that *texts* say: one of one instance, or one for each number of them.

    Raises:
        UsageError: They cannot be meant, or are too few to fit a law.
    """
    several = [_OF_SEVERAL.fullmatch(text.strip()) for text in texts]
    if not any(several):
        if len(texts) != 1:
            raise UsageError("--capacity: there are several of one instance.", hint=_EXAMPLES)
        return _of_one(texts[0], sigma=sigma, kappa=kappa)
    points = [(int(it["instances"]), _load(it["load"])) for it in several if it]
    if len(points) < len(texts) or any(number < 1 for number, _ in points):
        raise UsageError("--capacity: not each says of how many instances.", hint=_EXAMPLES)
    if len({unit for _, (_, unit) in points}) > 1:
        raise UsageError("--capacity: some are in users, and some are rates.", hint=_EXAMPLES)
    if sigma or kappa:
        raise UsageError(
            "--contention and --coherency follow from capacities of several instances:"
            " leave them away."
        )
    return _fitted([(number, load) for number, (load, _) in points], points[0][1][1])


def _of_one(text: str, *, sigma: float, kappa: float) -> Capacity:
    parts = [_load(part) for part in text.split("..")]
    if len(parts) > 2 or len({unit for _, unit in parts}) > 1:
        raise UsageError(f'--capacity: "{text}" is no load.', hint=_EXAMPLES)
    loads = sorted(load for load, _ in parts)
    return Capacity(
        source="as given" if len(parts) == 1 else "between what was given",
        unit=parts[0][1],
        load=sum(loads) / len(loads),
        low=loads[0],
        high=loads[-1],
        is_lower_bound=False,
        sigma=sigma,
        kappa=kappa,
    )


def _fitted(points: Sequence[tuple[int, float]], unit: LoadUnit) -> Capacity:
    law = fitted([(float(number), load) for number, load in points])
    if law is None:
        raise UsageError(
            f"--capacity: a law through {len(points)} numbers of instances says nothing.",
            hint=f"Measure {LEAST_POINTS} different ones or more; or say --contention and "
            "--coherency.",
        )
    most = peak(sigma=law.sigma, kappa=law.kappa)
    bend = "" if most is None else f", most is borne by {max(1, round(most))}"
    return Capacity(
        source=f"the law through {law.points} capacities of several instances{bend}",
        unit=unit,
        load=law.lambda_per_s,
        low=None,
        high=None,
        is_lower_bound=False,
        sigma=law.sigma,
        kappa=law.kappa,
        r_squared=law.r_squared,
    )


def _read(flag: str, parse: Callable[[str], NumberT], text: str) -> NumberT:
    try:
        found = parse(text)
    except UsageError as error:
        raise UsageError(f"{flag}: {error.message}", hint=error.hint) from None
    if found <= 0:
        raise UsageError(f"{flag} {text}: it has to be above 0.")
    return found


def _load(text: str) -> tuple[float, LoadUnit]:
    users = _USERS.fullmatch(text.strip())
    try:
        load = float(parse_count(users["count"])) if users else parse_rate_per_s(text)
    except UsageError as error:
        raise UsageError(f"--capacity: {error.message}", hint=_EXAMPLES) from None
    if load <= 0:
        raise UsageError(f'--capacity: "{text}" bears nothing.', hint=_EXAMPLES)
    return load, LoadUnit.USERS if users else LoadUnit.PER_S
