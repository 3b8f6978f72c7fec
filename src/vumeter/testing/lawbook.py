"""Laws of test servers as they are written on a command line."""

from vumeter.errors import UsageError
from vumeter.testing.laws import Law, bimodal, by_path, fixed
from vumeter.testing.queues import exponential, queue, scalable
from vumeter.units import parse_duration_s


def parse_law(text: str) -> Law:  # noqa: PLR0911 - one for each law
    """
    Return the law that *text* describes.

    `none`, `fixed:20ms`, `bimodal:5ms,50ms,10%` (fast, slow, how many are slow),
    `path:/a=5ms,/b=50ms`; or a queue: `mm1:400` (requests per second), `mmc:4,100` (servers,
    and the rate of each), `md1:400`, `mdc:8,25`, `usl:100,0.05,0.001` (λ, σ, κ).

    Raises:
        UsageError: *text* describes none.

    >>> parse_law("fixed:20ms")("/", 0)
    0.02
    """
    name, _, rest = text.partition(":")
    parts = [part.strip() for part in rest.split(",")]
    match name, parts:
        case "none", [""]:
            return fixed(0.0)
        case "fixed", [time]:
            return fixed(parse_duration_s(time))
        case "bimodal", [fast, slow, ratio] if ratio.endswith("%"):
            slow_ratio = float(ratio[:-1]) / 100
            return bimodal(parse_duration_s(fast), parse_duration_s(slow), slow_ratio=slow_ratio)
        case "path", pairs if all("=" in pair for pair in pairs):
            split = (pair.split("=", 1) for pair in pairs)
            return by_path({path: parse_duration_s(time) for path, time in split})
        case "mm1", [rate]:
            return queue(exponential(float(rate)))
        case "mmc", [servers, rate]:
            return queue(exponential(float(rate)), servers=int(servers))
        case "md1", [rate]:
            each_s = 1 / float(rate)
            return queue(lambda _: each_s)
        case "mdc", [servers, rate]:
            one_s = 1 / float(rate)
            return queue(lambda _: one_s, servers=int(servers))
        case "usl", [rate, sigma, kappa]:
            return scalable(float(rate), float(sigma), float(kappa))
    raise UsageError(
        f'"{text}" is not a law.',
        hint='Write "none", "fixed:20ms", "bimodal:5ms,50ms,10%", "path:/a=5ms" or "mm1:400".',
    )
