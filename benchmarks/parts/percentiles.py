"""Whether percentiles are right: those that generators report beside the target's own."""

from benchmarks.cost import Cost
from benchmarks.exact_target import exact_target
from benchmarks.generators import (
    K6,
    K9,
    LOCUST,
    VUMETER,
    Errand,
    Generator,
    installed,
    missing_notes,
)
from benchmarks.own_words import PERCENTS
from benchmarks.results import Column, Part, Row, Spread, at_most, spread
from benchmarks.rounds import Bench

_LAWS = {"fixed": "fixed:20ms", "bimodal": "bimodal:5ms,50ms,8%"}
_CONNECTIONS = 16
_GENERATORS = (VUMETER, K9, K6, LOCUST)
_ALLOWED_MS = 0.5
_ALLOWED_RATIO = 0.02

_COLUMNS = tuple(
    Column(key=f"{law}_p{percent}_ms", heading=f"{law} p{percent}", form="+.2f")
    for law in _LAWS
    for percent in PERCENTS
)


def measured(bench: Bench) -> Part:
    """Return the answer, of one run for each generator and law."""
    rows = []
    worst = 0.0
    for generator in installed(_GENERATORS):
        figures: dict[str, Spread] = {}
        for law in _LAWS:
            said_ms, true_ms = _percentiles(generator, law, bench)
            for percent in PERCENTS:
                key = f"p{percent}"
                error_ms = said_ms[f"{key}_ms"] - true_ms[key]
                figures[f"{law}_{key}_ms"] = spread([error_ms])
                if generator is VUMETER:
                    allowed_ms = max(_ALLOWED_MS, _ALLOWED_RATIO * true_ms[key])
                    worst = max(worst, abs(error_ms) / allowed_ms)
        rows.append(Row(name=generator.name, figures=figures))
        bench.say(generator.name)
    return Part(
        key="percentiles",
        title="Percentiles, off the target's own by so many milliseconds",
        how=f"{_CONNECTIONS} connections, closed model, against a target that takes 20 ms "
        "(fixed), or 5 ms, and 50 ms for 8 % of the requests (bimodal). It measures "
        "every service time from the kernel's stamp of the request to the writing of the answer; "
        "what lies between that and the generator is part of the difference.",
        columns=_COLUMNS,
        rows=tuple(rows),
        bars=(at_most("vumeter's largest error, of the larger of 0.5 ms and 2 %", worst, 1.0),),
        notes=missing_notes(_GENERATORS),
    )


def _percentiles(
    generator: Generator, law: str, bench: Bench
) -> tuple[dict[str, float], dict[str, float]]:
    """Return what the generator says, and what the target knows."""

    def attempt() -> tuple[Cost, dict[str, float]]:
        with exact_target(_LAWS[law], core=bench.target_core) as target:
            errand = Errand(url=target.url, seconds=bench.window.told_s, connections=_CONNECTIONS)
            return bench.run(generator, errand, target=target), target.service_ms()

    cost, true_ms = bench.undisturbed(attempt)
    return dict(cost.own_words), true_ms
