"""Whether a cockpit that looks on changes what is measured."""

import tempfile
from pathlib import Path

from benchmarks.cost import started, wait_for_load
from benchmarks.generators import VUMETER, Errand, GeneratorError
from benchmarks.nginx import Nginx, nginx
from benchmarks.own_words import from_vumeter
from benchmarks.results import Column, Part, Row, at_most, ratios, spread
from benchmarks.rounds import Bench
from benchmarks.terminal import Terminal
from vumeter.link.folders import RUNS_VARIABLE

_RATE_PER_S = 5_000
_DRAWS_PER_S = 2
_MORE_ROUNDS = 2
"""As many times the rounds of the others: p99 of a millisecond varies more than what it costs."""
_ALONE, _WATCHED = "alone", "with a cockpit attached"

_COLUMNS = (
    Column(key="p50_ms", heading="p50, ms", form=".3f", shows_spread=True),
    Column(key="p99_ms", heading="p99, ms", form=".3f", shows_spread=True),
)


def measured(bench: Bench) -> Part:
    """Return the answer."""
    words: dict[str, list[dict[str, float]]] = {_ALONE: [], _WATCHED: []}
    rounds = bench.rounds * _MORE_ROUNDS
    with nginx(core=bench.target_core) as target:
        for number in range(1, rounds + 1):
            for name, runs in words.items():
                runs.append(_run(bench, target, is_watched=name == _WATCHED))
                bench.say(f"{number}/{rounds}  {name:24} p99 {runs[-1]['p99_ms']:.3f} ms")
    p99_ms = {name: [run["p99_ms"] for run in runs] for name, runs in words.items()}
    change = ratios(p99_ms[_WATCHED], p99_ms[_ALONE])
    return Part(
        key="interference",
        title="A cockpit that looks on",
        how=f"GETs that are due {_RATE_PER_S:,} times a second against nginx, by turns alone and "
        f"with `vumeter attach` drawing {_DRAWS_PER_S} times a second in a terminal of 120×40 on "
        "the same two cores. The percentiles are response times of the whole run.",
        columns=_COLUMNS,
        rows=tuple(
            Row(
                name=name,
                figures={key: spread(run[key] for run in runs) for key in ("p50_ms", "p99_ms")},
            )
            for name, runs in words.items()
        ),
        bars=(at_most("p99 with a cockpit × without", change.median, 1.05, form=".3f"),),
        rounds=rounds,
    )


def _run(bench: Bench, target: Nginx, *, is_watched: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="vumeter-bench-") as name:
        folder = Path(name)
        errand = Errand(
            url=target.url,
            seconds=bench.window.told_s + 2,
            connections=100,
            rate_per_s=_RATE_PER_S,
        )
        program = VUMETER.required_path()
        # A run's socket has its path in 103 bytes.
        environ = {RUNS_VARIABLE: f"{name}/runs"}
        command = [program, *VUMETER.command(errand, folder), "--name", "watched"]
        asked_before = target.requests()
        with started(command, core=bench.generator_core, folder=folder, environ=environ) as process:
            wait_for_load(target, asked_before)
            if is_watched:
                attach = [program, "attach", "watched"]
                with Terminal(attach, size=(120, 40), environ=environ) as terminal:
                    terminal.read_for(errand.seconds - 1)
            if process.wait(timeout=60) != 0:
                raise GeneratorError((folder / "output.txt").read_text()[-2000:])
        return dict(from_vumeter(folder))
