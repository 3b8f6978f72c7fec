"""
Measure, write RESULTS.md and the chart, and say which bars hold.

Ends with 0 when all of them do, with 1 when one does not, with 2 when it could not be measured.
"""

import argparse
import compileall
import datetime
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

import vumeter
from benchmarks import chart, machine, report, results
from benchmarks.catalogue import PARTS
from benchmarks.generators import GeneratorError
from benchmarks.results import Part, Results
from benchmarks.rounds import Bench
from vumeter.errors import VumeterError


def main() -> int:
    """Run the parts that are asked for."""
    options = _options()
    try:
        target_core, generator_core = machine.cores()
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    _compile()
    bench = Bench(
        rounds=options.rounds,
        seconds=options.seconds,
        retries=options.retries,
        target_core=target_core,
        generator_core=generator_core,
    )
    # What was started is stopped on the way out, whoever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    held: list[bool] = []
    unmeasured: list[str] = []
    for key in options.parts or PARTS:
        part = _measured(key, bench)
        if part is None:
            unmeasured.append(key)
            continue
        _keep(part, options.into)
        held += [bar.holds for bar in part.bars]
    print(f"\n{sum(held)} of {len(held)} bars hold: {options.into / 'RESULTS.md'}")
    if unmeasured:
        print(f"Not measured: {', '.join(unmeasured)}", file=sys.stderr)
        return 2
    return 0 if all(held) else 1


def _compile() -> None:
    """
    Compile vumeter, as installing it would.

    In a checkout where Python is told to write no bytecode each process would do that again when
    it starts: a cockpit took 0.93 s of CPU to its first picture then, and 0.77 s with it.
    """
    compileall.compile_dir(Path(vumeter.__file__).parent, quiet=1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", type=_part, metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    parser.add_argument("--rounds", type=_at_least(1), default=3)
    parser.add_argument("--seconds", type=_at_least(1), default=3, help="of each measured window")
    parser.add_argument(
        "--retries", type=_at_least(0), default=1, help="of a run in which others had the machine"
    )
    parser.add_argument(
        "--into",
        type=Path,
        default=results.FILE.parent,
        help="the folder of results.json, RESULTS.md and chart.svg",
    )
    return parser.parse_args()


def _part(text: str) -> str:
    if text not in PARTS:
        raise argparse.ArgumentTypeError(f'"{text}" is none of {", ".join(PARTS)}')
    return text


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f'"{text}" is no whole number from {least} on')
        return int(text)

    return number


def _measured(key: str, bench: Bench) -> Part | None:
    """Measure a part and print it; `None` when that could not be done, which is said."""
    print(f"{key}:", file=sys.stderr, flush=True)
    runs_before, disturbed_before = bench.runs, bench.disturbed_runs
    try:
        part = PARTS[key](bench)
    except (GeneratorError, VumeterError, FileNotFoundError, TimeoutError) as error:
        print(f"{key}: {error}", file=sys.stderr)
        return None
    notes = part.notes
    if disturbed := bench.disturbed_runs - disturbed_before:
        notes += (
            f"{disturbed} of {bench.runs - runs_before} runs were disturbed: other processes and "
            "the machine's host had more than a tenth of a core, also when they were repeated.",
        )
    part = msgspec.structs.replace(
        part,
        notes=notes,
        machine=machine.description(),
        measured_on=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
    print(f"\n{part.title}\n\n{report.table(part)}\n", flush=True)
    for line in (*map(report.bar_line, part.bars), *part.notes):
        print(line, flush=True)
    return part


def _keep(part: Part, folder: Path) -> None:
    """Put *part* into the results in *folder*, and write anew what is made from them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / results.FILE.name
    found = results.load(path).with_part(part, order=tuple(PARTS))
    results.save(found, path)
    write_all(found, folder)


def write_all(found: Results, folder: Path) -> None:
    """Write what is made from results: the page, the chart, and the README's figures."""
    (folder / "RESULTS.md").write_text(report.results_page(found))
    (folder / "chart.svg").write_text(chart.drawn(found))
    if folder == results.FILE.parent:
        readme = folder.parent / "README.md"
        readme.write_text(report.with_figures(readme.read_text(), found))


if __name__ == "__main__":
    sys.exit(main())
