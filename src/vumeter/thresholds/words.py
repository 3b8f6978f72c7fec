"""Verdicts in words: for the event log, for lights, and for the summary."""

from vumeter.model.plan import Threshold
from vumeter.model.verdict import Standing, Verdict
from vumeter.thresholds.amounts import amount_text

_SHORT_NAMES = {
    "http_req_duration": "",
    "http_req_service": "service ",
    "http_req_failed": "err",
    "http_reqs": "reqs ",
    "dropped_iterations": "dropped ",
    "generator.limited": "GEN limit",
}
_IMPLIED = ("rate", "value")


def observed_text(verdict: Verdict) -> str:
    """Return what was observed, with its unit."""
    if verdict.observed is None:
        return "nothing yet" if verdict.standing is Standing.PENDING else "no data"
    return amount_text(verdict.observed, verdict.unit)


def threshold_text(threshold: Threshold) -> str:
    """
    Return the threshold as it was written.

    >>> threshold_text(Threshold(metric="http_req_failed", expression="rate < 1%"))
    'http_req_failed: rate < 1%'
    """
    return f"{threshold.metric}: {threshold.expression}"


def aggregate_text(threshold: Threshold) -> str:
    """
    Return what is compared, as it was written.

    >>> aggregate_text(Threshold(metric="checks", expression="rate>0.9"))
    'rate'
    """
    return _split(threshold.expression)[0]


def short_text(threshold: Threshold) -> str:
    """
    Return the threshold as short as it can be understood, for lights and labels.

    >>> short_text(Threshold(metric="http_req_duration", expression="p(95) < 300ms over 30s"))
    'p95<300ms'
    >>> short_text(Threshold(metric="http_req_failed", expression="rate < 1%"))
    'err<1%'
    >>> short_text(Threshold(metric="host.cpu", expression="< 80%"))
    'host.cpu<80%'
    """
    name, brace, selection = threshold.metric.partition("{")
    aggregate, rest = _split(threshold.expression)
    compact = aggregate.replace("(", "").replace(")", "").replace(" ", "")
    is_implied = compact in _IMPLIED or not compact
    shown = _SHORT_NAMES.get(name, f"{name} ")
    shown = shown.rstrip() if is_implied else shown
    compared = "".join(rest.split(" over ")[0].split(" for ")[0].split())
    return (
        f"{brace}{selection}{' ' if brace else ''}{shown}{'' if is_implied else compact}{compared}"
    )


def _split(expression: str) -> tuple[str, str]:
    """Return what stands before the sign that compares, and the rest."""
    at = next((at for at, sign in enumerate(expression) if sign in "<>=!"), len(expression))
    return expression[:at].strip(), expression[at:]
