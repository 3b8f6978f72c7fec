"""How much a scenario asks for at most, and how many VUs a rate needs."""

from vumeter.model.plan import Scenario

LEAST_POOL = 10


def pool_for(rate_per_s: float) -> int:
    """
    Return how many VUs may be busy at once when nobody said.

    By Little's law a rate needs as many as it brings in one response time; with one second
    for that, a target has to be slow indeed to have iterations dropped.

    >>> pool_for(2), pool_for(500)
    (10, 500)
    """
    return max(LEAST_POOL, round(rate_per_s))


def peak_vus(scenario: Scenario) -> int:
    """Return the most VUs that *scenario* asks for."""
    load = scenario.load
    stages = () if load.rate_per_s is not None else load.stages
    return max([load.vus, *(round(stage.target) for stage in stages)])


def peak_rate_per_s(scenario: Scenario) -> float:
    """Return the highest rate that *scenario* asks for; 0 in the closed model."""
    load = scenario.load
    if load.rate_per_s is None:
        return 0.0
    return max([load.rate_per_s, *(stage.target for stage in load.stages)])
