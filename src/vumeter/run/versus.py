"""
The two targets of one run beside each other.

Imports numpy, and works on a thread, as `yardstick` does.
"""

from collections.abc import Iterator, Sequence

from vumeter.model.comparison import Comparison
from vumeter.model.plan import Plan, Variant
from vumeter.run.party import Party, load_remark
from vumeter.run.turns import prefix
from vumeter.stats.numeric.differences import FEWEST_WINDOWS, figures
from vumeter.thresholds.budgets import Budget
from vumeter.thresholds.comparing import Side, lines


def versus(
    parties: Sequence[Party], plan: Plan, *, budgets: tuple[Budget, ...], is_over: bool
) -> Comparison:
    """Return how the second of *parties*, target b, stands beside the first."""
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
        b=f"b {'' if variants is None else variants.against}".strip(),
        # The same moments of both, or neighbouring turns: what drifts does so for both.
        lines=lines(a, b, budgets=budgets, is_paired=True),
        is_paired=True,
        window_s=measured_s * length_s or length_s,
        windows=tuple(len(side.windows[""].requests) for side in sides),
        remarks=tuple(_remarks(parties, sides, is_over=is_over)),
        only_a=tuple(sorted(a.figures.keys() - b.figures.keys())),
        only_b=tuple(sorted(b.figures.keys() - a.figures.keys())),
        prefix_b=prefix(Variant.B),
    )


def _remarks(parties: Sequence[Party], sides: Sequence[Side], *, is_over: bool) -> Iterator[str]:
    windows = min(len(side.windows[""].requests) for side in sides)
    if is_over and windows < FEWEST_WINDOWS:
        yield f"Too short to be tested: {windows} of the {FEWEST_WINDOWS} windows it takes."
    if differs := load_remark(*parties):
        yield differs
