"""Whether values of one time are larger than those of another, however they are distributed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import mannwhitneyu, norm


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How the later values lie to the earlier ones."""

    ratio: float
    """Of the later median to the earlier one; NaN where that is 0."""
    superiority: float
    """How often a later value is above an earlier one, 0 to 1; ½: they are alike."""
    p: float
    """How often chance alone shifts them so far, or farther, one way or the other."""


def shift(earlier: Sequence[float], later: Sequence[float], *, factor: float = 1.0) -> Shift:
    """
    Return Mann and Whitney's test of *later* against *earlier*, at least two values each.

    Its variance is multiplied by *factor*, `trends.Slope.factor` of the series that both are
    from: values that resemble their neighbours say less. docs/measurement.md, "Drift"
    """
    before, after = np.asarray(earlier, dtype=float), np.asarray(later, dtype=float)
    above = float(mannwhitneyu(after, before, method="asymptotic").statistic)
    pairs = len(before) * len(after)
    variance = pairs * (len(before) + len(after) + 1) / 12 * factor
    z = (above - pairs / 2) / variance**0.5
    middle = float(np.median(before))
    return Shift(
        ratio=float(np.median(after)) / middle if middle else float("nan"),
        superiority=above / pairs,
        p=float(2 * norm.sf(abs(z))),
    )
