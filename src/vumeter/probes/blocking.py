"""Who holds whom up: from "waits for" to the backends at the root of the waiting. Pure."""

from collections.abc import Collection, Mapping

WaitsFor = Mapping[int, Collection[int]]
"""Each waiting backend's pid with those it waits for."""


def root_blockers(waits_for: WaitsFor) -> dict[int, int]:
    """
    Return the backends that others wait for and that wait for none, with how many each holds up.

    A waiter counts for a root when it waits for it directly or behind others, so it may count
    for several roots. A ring of waiters, which the server breaks as a deadlock after a while,
    has no root.

    >>> root_blockers({3: [2], 2: [1], 4: [1]})
    {1: 3}
    """
    waiters_of: dict[int, list[int]] = {}
    for waiter, blockers in waits_for.items():
        # The workers of a parallel query share their leader's number, which may be the own one.
        for blocker in set(blockers) - {waiter}:
            waiters_of.setdefault(blocker, []).append(waiter)
    roots = sorted(pid for pid in waiters_of if pid not in waits_for)
    return {root: len(_behind(root, waiters_of)) for root in roots}


def _behind(root: int, waiters_of: Mapping[int, Collection[int]]) -> set[int]:
    found: set[int] = set()
    frontier = [root]
    while frontier:
        for waiter in waiters_of.get(frontier.pop(), ()):
            if waiter not in found:
                found.add(waiter)
                frontier.append(waiter)
    return found
