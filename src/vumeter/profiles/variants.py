"""Two targets in one run: each scenario twice, in groups of their own, with a tag each. Pure."""

from collections.abc import Iterator
from itertools import groupby
from urllib.parse import urlsplit, urlunsplit

from msgspec.structs import replace

from vumeter.errors import UsageError
from vumeter.model.flow import Group, Request, Step, requests_of, with_requests
from vumeter.model.plan import Load, Plan, Scenario, Shape, Stage, Variant, Variants

TAG = "variant"
"""By which thresholds choose one of the two: `{variant:a}`."""

SHORTEST_BLOCK_S = 2


def variants_of(against: str, block_s: float = 0.0, warm_up_s: float | None = None) -> Variants:
    """Return the second target; of each turn a fifth is left out, a second at least."""
    if warm_up_s is None:
        warm_up_s = float(max(1, round(block_s / 5))) if block_s else 0.0
    return Variants(against=against, block_s=block_s, warm_up_s=warm_up_s)


def variants_scaled(variants: Variants, factor: float) -> Variants:
    """Return *variants* with turns that take *factor* times as long."""
    return replace(
        variants,
        block_s=variants.block_s * factor,
        warm_up_s=variants.warm_up_s * factor,
    )


def divided(plan: Plan) -> Plan:
    """
    Return *plan* with each of its scenarios for both targets, as its `variants` say.

    Side by side each target has half of the load; by turns the one whose turn it is has all of it.

    Raises:
        UsageError: That cannot be done with these scenarios.
    """
    variants = plan.variants
    if variants is None:
        return plan
    _check(plan, variants)
    return replace(
        plan,
        variants=replace(variants, scenarios=plan.scenarios),
        scenarios=tuple(
            _scenario(scenario, variant, plan, variants)
            for scenario in plan.scenarios
            for variant in Variant
        ),
    )


def united(plan: Plan) -> Plan:
    """Return what `divided` was given."""
    variants = plan.variants
    if variants is None or not variants.scenarios:
        return plan
    return replace(plan, scenarios=variants.scenarios, variants=replace(variants, scenarios=()))


def _check(plan: Plan, variants: Variants) -> None:
    if plan.baseline:
        raise UsageError(
            "A run is compared with a baseline or has two targets, and not both.",
            hint="vumeter compare holds it to a baseline afterwards.",
        )
    if any(scenario.script for scenario in plan.scenarios):
        raise UsageError("A script names its own requests, and cannot be run against two targets.")
    own = _origin(plan.target)
    if _origin(variants.against) == own and urlsplit(variants.against).path in ("", "/"):
        raise UsageError(f"Both targets are {plan.target}.")
    if "@" in urlsplit(variants.against).netloc:
        raise UsageError(
            "The second target has a user and a password, and gets the headers of the first.",
            hint="Name scheme and host only.",
        )
    is_long = urlsplit(variants.against).path not in ("", "/")
    if is_long and len(list(plan.requests)) > 1:
        raise UsageError(
            f'"{variants.against}" has a path, and requests have paths of their own.',
            hint="Name scheme and host only.",
        )
    if all(_origin(request.url) != own for request in plan.requests):
        raise UsageError(f"No request goes to {plan.target}.")
    if 0 < variants.block_s < SHORTEST_BLOCK_S or variants.block_s % 1:
        raise UsageError("Turns are of whole seconds, two at least: the first of each is left out.")


def _scenario(scenario: Scenario, variant: Variant, plan: Plan, variants: Variants) -> Scenario:
    def tagged(request: Request) -> Request:
        url = request.url
        if variant is Variant.B:
            url = _redirected(url, plan.target, variants.against)
        return replace(request, url=url, tags=(*request.tags, (TAG, variant.value)))

    def grouped(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if not any(True for _ in requests_of(steps)):
            return steps
        return (Group(name=variant.value, steps=with_requests(steps, tagged)),)

    is_alone = len(plan.scenarios) == 1
    return replace(
        scenario,
        name=variant.value if is_alone else f"{scenario.name}-{variant.value}",
        steps=grouped(scenario.steps),
        on_start=grouped(scenario.on_start),
        on_stop=grouped(scenario.on_stop),
        load=_by_turns(scenario, variant, variants.block_s)
        if variants.block_s
        else _halved(scenario),
    )


def _redirected(url: str, target: str, against: str) -> str:
    """Return *url*, where it goes to *target*, as one that goes to *against*."""
    if _origin(url) != _origin(target):
        return url
    parts, other = urlsplit(url), urlsplit(against)
    if other.path not in ("", "/"):
        return urlunsplit(other._replace(fragment=""))
    # Not put together anew: what stands behind the host may have {{…}} in it.
    return f"{other.scheme}://{other.netloc}" + url[len(f"{parts.scheme}://{parts.netloc}") :]


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def _halved(scenario: Scenario) -> Load:
    load = scenario.load
    if load.rate_per_s is None and load.vus % 2:
        raise _odd(scenario, f"{load.vus} VUs", load.vus + 1)
    if load.iterations is not None and not load.per_vu and load.iterations % 2:
        raise _odd(scenario, f"{load.iterations} iterations", load.iterations + 1)
    is_shared = load.iterations is not None and not load.per_vu
    return replace(
        load,
        vus=-(-load.vus // 2),
        rate_per_s=None if load.rate_per_s is None else load.rate_per_s / 2,
        iterations=load.iterations // 2 if is_shared and load.iterations else load.iterations,
        stages=tuple(replace(stage, target=stage.target / 2) for stage in load.stages),
    )


def _odd(scenario: Scenario, what: str, more: int) -> UsageError:
    return UsageError(
        f'Scenario "{scenario.name}": {what} cannot be halved for two targets.',
        hint=f"Take an even number, {more} for example.",
    )


def _by_turns(scenario: Scenario, variant: Variant, block_s: float) -> Load:
    load = scenario.load
    if load.stages or load.iterations is not None or load.duration_s is None or load.start_s:
        raise UsageError(
            f'Scenario "{scenario.name}": targets take turns under a constant load that has an'
            " end.",
            hint="Give vus or a rate and a duration, or let both have half of the load at once.",
        )
    full = float(load.vus) if load.rate_per_s is None else load.rate_per_s
    return replace(
        load,
        vus=0 if load.rate_per_s is None else load.vus,
        rate_per_s=None if load.rate_per_s is None else 0.0,
        stages=tuple(
            Stage(duration_s=length_s, target=full if is_on else 0.0, shape=Shape.STEP)
            for is_on, length_s in _turns(variant, load.duration_s, block_s)
        ),
        duration_s=load.duration_s,
    )


def _turns(variant: Variant, duration_s: float, block_s: float) -> Iterator[tuple[bool, float]]:
    """Yield whether it is this one's turn, and for how long, until the end."""
    blocks = range(-(-round(duration_s) // round(block_s)))
    for is_on, several in groupby(blocks, lambda block: turn(block) is variant):
        numbers = list(several)
        end_s = min(duration_s, (numbers[-1] + 1) * block_s)
        yield is_on, end_s - numbers[0] * block_s


def turn(block: int) -> Variant:
    """
    Return whose turn it is: A, B, B, A, A, B, B, A …, so that what drifts does so for both.

    >>> "".join(turn(block) for block in range(8))
    'abbaabba'
    """
    return Variant.A if block % 4 in (0, 3) else Variant.B
