"""
Measure, write RESULTS.md and the chart, and say which bars hold.

Ends with 0 when all of them do, with 1 when one does not, with 2 when it could not be measured.
"""

import argparse
import datetime
import sys
from pathlib import Path

import msgspec

from benchmarks import chart, machine, report, results
from benchmarks.catalogue import PARTS
from benchmarks.generators import GeneratorError
from benchmarks.results import Part, Results
from benchmarks.rounds import Bench


def main() -> int:
    """Run the parts that are asked for."""
    options = _options()
    try:
        target_core, generator_core = machine.cores()
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    bench = Bench(
        rounds=options.rounds,
        seconds=options.seconds,
        retries=options.retries,
        target_core=target_core,
        generator_core=generator_core,
    )
    held: list[bool] = []
    for key in options.parts or PARTS:
        print(f"{key}:", file=sys.stderr, flush=True)
        try:
            part = _measured(key, bench)
        except (GeneratorError, FileNotFoundError) as error:
            print(f"{key}: {error}", file=sys.stderr)
            return 2
        print(f"\n{part.title}\n\n{report.table(part)}\n", flush=True)
        for line in (*map(report.bar_line, part.bars), *part.notes):
            print(line, flush=True)
        _keep(part, options.into)
        held += [bar.holds for bar in part.bars]
    print(f"\n{sum(held)} of {len(held)} bars hold: {options.into / 'RESULTS.md'}")
    return 0 if all(held) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measured window")
    parser.add_argument(
        "--retries", type=int, default=1, help="of a run in which others had the machine"
    )
    parser.add_argument(
        "--into",
        type=Path,
        default=results.FILE.parent,
        help="the folder of results.json, RESULTS.md and chart.svg",
    )
    return parser.parse_args()


def _measured(key: str, bench: Bench) -> Part:
    runs_before, disturbed_before = bench.runs, bench.disturbed_runs
    part = PARTS[key](bench)
    disturbed = bench.disturbed_runs - disturbed_before
    attempted = bench.runs - runs_before
    notes = part.notes
    if disturbed:
        notes += (
            f"{disturbed} of {attempted} runs were disturbed: other processes and the machine's "
            f"host had more than a tenth of a core, also when they were repeated.",
        )
    return msgspec.structs.replace(
        part,
        notes=notes,
        machine=machine.description(),
        measured_on=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


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
