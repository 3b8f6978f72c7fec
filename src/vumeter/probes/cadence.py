"""How often the probe asks: too seldom to matter, and less where answers are slow. Pure."""

from vumeter.clock import NANOSECONDS_PER_S

SAMPLE_INTERVAL_S = 0.25
LOOK_INTERVAL_S = 1.0

# A sample costs the server 3 µs for each session: at most 0.1 % of a core is spent on them.
_SAMPLE_INTERVALS_S = ((60, SAMPLE_INTERVAL_S), (250, 2 * SAMPLE_INTERVAL_S))

_LONGEST_INTERVAL_S = 5.0
# Of the time that passes, one tenth at most is spent waiting for answers.
_INTERVALS_PER_ANSWER = 10

# What grows with the number of statements or tables may take this part of a core.
_COSTLY_CORE_RATIO = 0.0005
# In each look, were they a little early: what is a second old has to be seen in the third.
_COSTLY_INTERVAL_S = 0.9
_LONGEST_COSTLY_INTERVAL_S = 60.0


def sample_interval_s(sessions: int) -> float:
    """
    Return how long to wait from one sample to the next, where there are so many *sessions*.

    >>> sample_interval_s(20), sample_interval_s(100), sample_interval_s(1000)
    (0.25, 0.5, 1.0)
    """
    fitting = (interval_s for upto, interval_s in _SAMPLE_INTERVALS_S if sessions <= upto)
    return next(fitting, LOOK_INTERVAL_S)


def interval_ns(usual_s: float, *, took_ns: int) -> int:
    """
    Return the time from one question to the next of its kind, which is *usual_s* or longer.

    >>> interval_ns(0.25, took_ns=1_000_000), interval_ns(0.25, took_ns=90_000_000)
    (250000000, 900000000)
    """
    longest_ns = round(_LONGEST_INTERVAL_S * NANOSECONDS_PER_S)
    usual_ns = round(usual_s * NANOSECONDS_PER_S)
    return max(usual_ns, min(took_ns * _INTERVALS_PER_ANSWER, longest_ns))


def costly_interval_ns(cost_us: float) -> int:
    """
    Return the time between two questions that cost the server *cost_us* of processor time.

    >>> costly_interval_ns(500.0), costly_interval_ns(5000.0)
    (1000000000, 10000000000)
    """
    interval_s = cost_us / 1e6 / _COSTLY_CORE_RATIO
    limited_s = min(max(interval_s, _COSTLY_INTERVAL_S), _LONGEST_COSTLY_INTERVAL_S)
    return round(limited_s * NANOSECONDS_PER_S)
