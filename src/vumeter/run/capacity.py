"""How many connections a run can have open here, and what to do where it asks for more."""

import math
import resource
from collections.abc import Iterator
from typing import NamedTuple

from vumeter.engine.ports import local_ports
from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.schedule import course as courses
from vumeter.schedule.timetable import openings

OWN_DESCRIPTORS = 32
"""Of a worker, beside its connections; it has about 15."""


class Shortage(NamedTuple):
    """What a number of VUs needs and does not get, and what to do about it."""

    what: str
    message: str
    hint: str


class Capacity(NamedTuple):
    """What the system allows; infinity: as much as anybody wants, or nobody knows."""

    descriptors: float
    """That a worker may have open: it raises its soft limit to the hard one."""
    ports: float
    """For connections from one address of this machine to one of a target."""

    @classmethod
    def of_this_machine(cls) -> "Capacity":
        """Return what holds here and now."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        return cls(
            descriptors=math.inf if hard == resource.RLIM_INFINITY else hard,
            ports=local_ports() or math.inf,
        )

    def shortages(self, plan: Plan, vus: float) -> Iterator[Shortage]:
        """Yield what *vus* of *plan*, each with one connection, do not get."""
        own = math.ceil(vus / plan.workers)
        needed = own + OWN_DESCRIPTORS
        if needed > self.descriptors:
            yield Shortage(
                "descriptors",
                f"{vus:.0f} VUs need {needed} file descriptors in a worker, "
                f"which may have {self.descriptors:.0f}.",
                f"Raise its hard limit (ulimit -n {needed}, or LimitNOFILE={needed} in a unit of"
                " systemd), or share the VUs among more workers (--workers).",
            )
        local = max(1, len(plan.transport.local_addresses))
        if vus > self.ports * local:
            yield Shortage(
                "ports",
                f"{vus:.0f} VUs need as many local ports to one address of the target; there are "
                f"{self.ports * local:.0f}.",
                "Connect from more addresses (--local-address, repeated), or widen"
                " net.ipv4.ip_local_port_range.",
            )


def check_capacity(plan: Plan, capacity: Capacity) -> None:
    """
    Return when the VUs that *plan* will have at once can all have a connection.

    An open model's pool may never be used as a whole, and a target may have many addresses,
    each with as many ports: such shortages are for `Scales`.

    Raises:
        UsageError: They cannot.
    """
    for name, opening in openings(plan).items():
        if opening.rate is not None:
            continue
        vus = courses.highest([opening.vus], 0.0, opening.timetable.end_s)
        for shortage in capacity._replace(ports=math.inf).shortages(plan, vus):
            raise UsageError(f"{name}: {shortage.message}", hint=shortage.hint)


class Scales:
    """Says what the VUs of a run, as there are ever more of them, may not get; each thing once."""

    def __init__(self, plan: Plan, capacity: Capacity) -> None:
        self._plan = plan
        self._capacity = capacity
        self._told: set[str] = set()

    def weigh(self, vus: float) -> Iterator[str]:
        """Yield in words what *vus*, of all scenarios together, may not get."""
        for shortage in self._capacity.shortages(self._plan, vus):
            if shortage.what not in self._told:
                self._told.add(shortage.what)
                yield f"{shortage.message} {shortage.hint}"
