"""How often the target asks its database for each request it answers."""

from vumeter.model.database import StatementFigures

MANY_CALLS_PER_REQUEST = 2.0
"""From so many calls of one statement for each request on, it is worth asking why."""


def calls_per_request(
    statement: StatementFigures, *, span_s: float | None, requests_per_s: float
) -> float | None:
    """
    Return how often *statement* was called for each request, over all endpoints.

    The calls of the statement's own window are set against the requests of the screen's, both
    the newest ten seconds or so: while the load changes the figure lags, by as much. `None`:
    there were no requests, or the window is not known.
    """
    if not span_s or requests_per_s <= 0:
        return None
    return statement.calls / span_s / requests_per_s


def newest_calls_per_s(statement: StatementFigures, span_s: float) -> float:
    """Return the newest there is of how often it is called; older runs have *span_s* as one."""
    if statement.calls_per_s is None:
        return statement.calls / span_s
    return statement.calls_per_s
