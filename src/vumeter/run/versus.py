"""
The two targets of one run beside each other.

Imports numpy, and works on a thread, as `yardstick` does.
"""

import math
from collections.abc import Iterator, Sequence

from vumeter.errors import StoreError
from vumeter.model.comparison import Comparison
from vumeter.model.plan import Plan, Variant
from vumeter.run.party import Party, load_remark, moved_s
from vumeter.run.picture import SHORTEST_SECOND_S
from vumeter.run.turns import prefix, shares
from vumeter.stats.numeric.differences import FEWEST_WINDOWS, figures
from vumeter.store.reader import StoredRun
from vumeter.thresholds.budgets import Budget
from vumeter.thresholds.comparing import Side, lines


def versus(
    parties: Sequence[Party],
    plan: Plan,
    *,
    budgets: tuple[Budget, ...],
    until_s: float,
    is_over: bool,
) -> Comparison:
    """
    Return how the second of *parties*, target b, stands beside the first.

    Args:
        parties: What was counted of both.
        plan: Has two targets.
        budgets: By how much b may be worse.
        until_s: When somebody has moved the load; infinity: nobody has.
        is_over: Whether this is the end of it.
    """
    length_s = max(party.log.length_s for party in parties)
    sides = []
    for party in parties:
        party.log.lengthen(length_s)
        windows = party.log.windows()
        known = {name: found for name, each in windows.items() if (found := figures(each))}
        sides.append(Side(figures=known, windows=windows))
    a, b = sides
    variants = plan.variants
    measured_s = 0 if variants is None else round(variants.block_s - variants.warm_up_s)
    return Comparison(
        a=f"a {plan.target}",
        b=f"b {'' if variants is None else variants.against.removesuffix('/')}".strip(),
        # The same moments of both, or neighbouring turns: what drifts does so for both.
        lines=lines(a, b, budgets=budgets, is_paired=True),
        is_paired=True,
        window_s=measured_s * length_s or length_s,
        windows=tuple(len(side.windows[""].requests) for side in sides),
        remarks=tuple(
            _remarks(parties, sides, is_over=is_over, is_cut=until_s < math.inf and measured_s > 0)
        ),
        only_a=tuple(sorted(a.figures.keys() - b.figures.keys())),
        only_b=tuple(sorted(b.figures.keys() - a.figures.keys())),
        prefix_b=prefix(Variant.B),
    )


def stored_versus(stored: StoredRun, *, budgets: tuple[Budget, ...]) -> Comparison:
    """
    Return how the two targets of a stored run stand beside each other.

    Raises:
        StoreError: It has one target, or its seconds are merged into tens by now.
    """
    plan, until_s = stored.plan, moved_s(stored.journal)
    if plan.variants is None:
        raise StoreError(
            f"{plan.name} has one target: there is nothing to compare with.",
            hint="vumeter compare A B; or vumeter run URL --against URL.",
        )
    summary = stored.summary or stored.so_far(None)
    parties = Party(), Party()
    for reading in stored.readings():
        if reading.span_s > 1 and plan.variants.block_s:
            raise StoreError(
                f"{plan.name}: seconds were merged into tens, in which turns cannot be told.",
                hint="vumeter show has what was compared at its end.",
            )
        if summary.duration_s - reading.second < SHORTEST_SECOND_S and reading.second:
            continue  # no screen has shown it, either
        for at, part, place in shares(reading, plan.variants, until_s=until_s):
            parties[at].add(part, end_s=summary.duration_s, place=place)
    return versus(parties, plan, budgets=budgets, until_s=until_s, is_over=True)


def _remarks(
    parties: Sequence[Party], sides: Sequence[Side], *, is_over: bool, is_cut: bool
) -> Iterator[str]:
    if is_cut:
        yield "Somebody has moved the load: from then on whose turn it is is not known."
    windows = min(len(side.windows[""].requests) for side in sides)
    if is_over and windows < FEWEST_WINDOWS:
        yield f"Too short to be tested: {windows} of the {FEWEST_WINDOWS} windows it takes."
    if differs := load_remark(*parties):
        yield differs
