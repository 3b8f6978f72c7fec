"""From a script and the flags beside it to a plan."""

from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace

from vumeter.cli import planning
from vumeter.cli.planning import Wishes
from vumeter.errors import ProfileError, UsageError
from vumeter.model.plan import Limits, Load, Plan, Procedure, Scenario
from vumeter.model.plan import Script as Place
from vumeter.profiles.peaks import peak_rate_per_s, peak_vus, pool_for
from vumeter.script.loading import Script, load
from vumeter.script.once import Once
from vumeter.script.scenario import Scenario as Declared

_OF_REQUESTS = {
    "method": "--method",
    "header": "--header",
    "body": "--body",
    "body_file": "--body-file",
    "content_type": "--content-type",
    "accept": "--accept",
    "auth": "--auth",
    "redirects": "--redirects",
}
"""Flags that say what one request is like, which a script says of each of its own."""
_NOT_OF_SCRIPTS = {
    "variable": ("-e", "A script reads os.environ."),
    "time_scale": ("--time-scale", ""),
    "save_profile": ("--save-profile", "Keep the script: it says all that the run needs."),
}


def script_plan(path: Path, wishes: Wishes, *, url: str | None, given: frozenset[str]) -> Plan:
    """
    Return the plan of the script at *path*, which is imported for it.

    Args:
        path: Of the script.
        wishes: Every flag's value.
        url: The target; `None`: the script's constant TARGET.
        given: The parameters that were typed.

    Raises:
        ProfileError: The script cannot be run.
        UsageError: A flag makes no sense with it.
    """
    _refuse(given)
    script = load(path)
    target = _target(path, script, url)
    name = wishes.name or planning.name_from(path.stem)
    plan = planning.plan(replace(wishes, url=target, name=name))
    [main] = plan.scenarios
    scenarios = tuple(
        _scenario(declared, part, path=path, target=target, base=main, wishes=wishes)
        for declared, part in zip(script.scenarios, _parts(script, main.load), strict=True)
    )
    [request] = main.requests
    base = Place(path=str(path.resolve()), scenario="", target=target, timeout_s=request.timeout_s)
    return replace(
        plan,
        scenarios=scenarios,
        metrics=tuple(metric.declaration for metric in script.metrics),
        setup=_procedure(script.setup, base),
        teardown=_procedure(script.teardown, base),
        limits=_limits(scenarios, plan.limits, wishes),
    )


def _procedure(once: Once | None, place: Place) -> Procedure | None:
    if once is None:
        return None
    return Procedure(script=replace(place, scenario=once.name), timeout_s=once.timeout_s)


def _refuse(given: frozenset[str]) -> None:
    for parameter, flag in _OF_REQUESTS.items():
        if parameter in given:
            raise UsageError(f"{flag}: each request of a script says that for itself.")
    for parameter, (flag, hint) in _NOT_OF_SCRIPTS.items():
        if parameter in given:
            raise UsageError(f"{flag} is for profiles, and this is a script.", hint=hint)


def _target(path: Path, script: Script, url: str | None) -> str:
    target = url if url is not None else script.target
    if target is None:
        raise ProfileError(
            f"{path}: there is no target.",
            hint=f'Write TARGET = "http://…" in it, or: vumeter run {path} http://…',
        )
    if "@" in urlsplit(target).netloc:
        raise UsageError(
            "The target of a script has no user and password in it.",
            hint='Let the script send them: headers={"Authorization": …}',
        )
    return target


def _parts(script: Script, load: Load) -> list[Load]:
    """
    Return what each scenario has of the load that the command line gives to all.

    Iterations, VUs and the rate are shared out by weight; each has at least one VU and one
    iteration.
    """
    weights = [declared.weight for declared in script.scenarios]
    shares = [weight / sum(weights) for weight in weights]
    vus = _shared_out(load.vus, shares)
    iterations = (
        [None for _ in shares]
        if load.iterations is None
        else [*_shared_out(load.iterations, shares)]
    )
    return [
        replace(
            load,
            vus=vus[i],
            iterations=iterations[i],
            rate_per_s=None if load.rate_per_s is None else load.rate_per_s * share,
        )
        for i, share in enumerate(shares)
    ]


def _shared_out(total: int, shares: list[float]) -> list[int]:
    """
    Return whole parts of *total*, by largest remainders, of which none is 0.

    >>> _shared_out(10, [0.5, 0.25, 0.25]), _shared_out(1, [0.5, 0.5])
    ([5, 3, 2], [1, 1])
    """
    exact = [total * share for share in shares]
    parts = [int(each) for each in exact]
    by_remainder = sorted(range(len(shares)), key=lambda i: parts[i] - exact[i])
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return [max(1, part) for part in parts]


def _scenario(
    declared: Declared, load: Load, *, path: Path, target: str, base: Scenario, wishes: Wishes
) -> Scenario:
    [request] = base.requests
    place = Place(
        path=str(path.resolve()),
        scenario=declared.name,
        target=target,
        timeout_s=request.timeout_s,
    )
    return Scenario(name=declared.name, steps=(), load=_own(declared, load, wishes), script=place)


def _own(declared: Declared, load: Load, wishes: Wishes) -> Load:
    """Return *load* with what the script says of itself, where no flag says otherwise."""
    if declared.rate_per_s is not None and wishes.rate is None:
        load = replace(load, rate_per_s=declared.rate_per_s)
        if wishes.vus is None:
            load = replace(load, vus=pool_for(declared.rate_per_s))
    if declared.vus is not None and wishes.vus is None:
        load = replace(load, vus=declared.vus)
    if declared.duration_s is not None and wishes.duration is None:
        load = replace(load, duration_s=declared.duration_s)
    return load


def _limits(scenarios: tuple[Scenario, ...], limits: Limits, wishes: Wishes) -> Limits:
    """Return *limits*, which a script may go beyond where no flag has set them."""
    vus = max(peak_vus(scenario) for scenario in scenarios)
    rate = max(peak_rate_per_s(scenario) for scenario in scenarios)
    if wishes.max_vus is None:
        limits = replace(limits, max_vus=max(limits.max_vus, vus))
    if wishes.max_rate is None:
        limits = replace(limits, max_rate_per_s=max(limits.max_rate_per_s, rate))
    if vus > limits.max_vus:
        raise UsageError(f"The script asks for {vus} VUs, above --max-vus {limits.max_vus}.")
    if rate > limits.max_rate_per_s:
        raise UsageError(
            f"The script asks for {rate:g}/s, above --max-rate {limits.max_rate_per_s:g}."
        )
    return limits
