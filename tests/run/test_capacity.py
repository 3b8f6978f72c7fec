"""What the system allows a run, told before it fails."""

import math

import pytest

from vumeter.errors import UsageError
from vumeter.model.flow import Request
from vumeter.model.plan import Load, Plan, Scenario, Stage, Transport
from vumeter.run.capacity import OWN_DESCRIPTORS, Capacity, Scales, check_capacity

PAGE = Request(name="page", url="http://127.0.0.1:9/")


def plan_of(*loads: Load, workers: int = 1, local_addresses: tuple[str, ...] = ()) -> Plan:
    scenarios = tuple(
        Scenario(name=f"s{number}", steps=(PAGE,), load=load) for number, load in enumerate(loads)
    )
    transport = Transport(local_addresses=local_addresses)
    return Plan(name="p", scenarios=scenarios, workers=workers, transport=transport)


@pytest.mark.parametrize(
    ("plan", "descriptors"),
    [
        (plan_of(Load(vus=500)), 500 + OWN_DESCRIPTORS),
        (plan_of(Load(vus=997), workers=4), 250 + OWN_DESCRIPTORS),
        (
            plan_of(Load(vus=0, stages=(Stage(duration_s=9, target=700),))),
            700 + OWN_DESCRIPTORS,
        ),
    ],
    ids=["constant", "over four workers", "at the top of a ramp"],
)
def test_a_plan_is_refused_exactly_where_a_worker_cannot_have_its_connections(
    plan, descriptors
) -> None:
    check_capacity(plan, Capacity(descriptors=descriptors, ports=1))
    with pytest.raises(UsageError, match=r"s0: \d+ VUs need") as caught:
        check_capacity(plan, Capacity(descriptors=descriptors - 1, ports=1))
    assert f"ulimit -n {descriptors}" in caught.value.hint
    assert f"LimitNOFILE={descriptors}" in caught.value.hint


def test_the_pool_of_an_open_model_is_only_warned_of() -> None:
    plan = plan_of(Load(vus=5000, rate_per_s=10.0))
    capacity = Capacity(descriptors=1024, ports=math.inf)
    check_capacity(plan, capacity)
    (warning,) = Scales(plan, capacity).weigh(5000)
    assert "5000 VUs need 5032 file descriptors in a worker, which may have 1024." in warning


def test_ports_are_counted_for_each_local_address() -> None:
    capacity = Capacity(descriptors=math.inf, ports=28_232)
    one = Scales(plan_of(Load(vus=1)), capacity)
    assert not list(one.weigh(28_232))
    (warning,) = one.weigh(28_233)
    assert "28233 VUs need as many local ports" in warning
    assert "--local-address" in warning
    two = plan_of(Load(vus=1), local_addresses=("127.0.0.2", "127.0.0.3"))
    assert not list(Scales(two, capacity).weigh(56_464))


def test_each_thing_is_said_once_however_often_a_hand_goes_on() -> None:
    scales = Scales(plan_of(Load(vus=1)), Capacity(descriptors=100, ports=300))
    told = [len(list(scales.weigh(vus))) for vus in (10, 90, 100, 200, 400, 500, 10, 500)]
    assert told == [0, 1, 0, 0, 1, 0, 0, 0]


def test_this_machine_says_what_it_allows() -> None:
    here = Capacity.of_this_machine()
    assert here.descriptors >= 256
    assert here.ports > 1000
