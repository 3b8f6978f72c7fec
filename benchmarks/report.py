"""RESULTS.md, and the figures in the README, out of `results.json`."""

from benchmarks.results import Bar, Column, Part, Results, Row, Spread

_BEGIN = "<!-- figures: written by make bench -->"
_END = "<!-- end of figures -->"

_INTRODUCTION = """# Results

Written by `make bench` out of `results.json`; [README.md](README.md) says how it is measured and
how to repeat it. Generators take turns, round by round; a figure is the median of the rounds, with
the lowest and the highest beside it where they matter. A ratio is taken within each round, so that
a noisy machine is noisy for both. Requests are counted by the target, CPU time by the kernel, over
all processes of a generator. ✓ and ✗ say whether a bar holds; nothing is rounded for that.
"""


_README_WORDS = """\
Requests per CPU-second of a generator's whole process tree; generator on one core, nginx on
another, in alternation. [benchmarks/RESULTS.md](benchmarks/RESULTS.md) has all figures, the bars
that we hold ourselves to, and the machine; `make bench` repeats them."""


def results_page(results: Results) -> str:
    """Return RESULTS.md."""
    machines = dict.fromkeys((part.machine, part.measured_on) for part in results.parts)
    measured_on = "\n".join(f"Measured on {machine}, {day}." for machine, day in machines)
    parts = "\n".join(_section(part) for part in results.parts)
    return f"{_INTRODUCTION}\n{measured_on}\n\n{parts}"


def table(part: Part) -> str:
    """Return the part's rows as a table in Markdown."""
    lines = [
        "| generator | " + " | ".join(column.heading for column in part.columns) + " |",
        "|---|" + "--:|" * len(part.columns),
    ]
    for row in part.rows:
        cells = " | ".join(_cell(column, row) for column in part.columns)
        lines.append(f"| {row.name} | {cells} |")
    return "\n".join(lines)


def bar_line(bar: Bar) -> str:
    """Return whether a promise is kept, in one line."""
    sign = "≥" if bar.is_floor else "≤"
    mark = "✓" if bar.holds else "✗"
    return f"{mark} {bar.says}: {bar.measured:{bar.form}} (bar: {sign} {bar.limit:{bar.form}})"


def readme_figures(results: Results) -> str:
    """Return what the README says in figures: between its two marks, and nowhere else."""
    blocks = [
        _README_WORDS,
        "![How many requests a CPU-second makes, beside wrk, k9-load, k6 and Locust]"
        "(benchmarks/chart.svg)",
    ]
    facts = [
        line
        for key, say in _FACTS.items()
        if (part := results.part(key)) is not None
        for line in say(part)
    ]
    return "\n\n".join([*blocks, "\n".join(facts)]).rstrip() + "\n"


def with_figures(readme: str, results: Results) -> str:
    """Return *readme* with its figures in the place of those that it had."""
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{readme_figures(results)}{_END}{after}"


def _ratio_facts(part: Part) -> list[str]:
    """Return what vumeter makes of a CPU-second beside each peer that a bar is about."""
    found: dict[str, list[str]] = {}
    for bar in part.bars:
        ours, _, other = bar.says.partition(" × ")
        found.setdefault(ours, []).append(f"{bar.measured:.2f} × {other}")
    return [f"- {part.title}: {ours} makes {'; '.join(them)}." for ours, them in found.items()]


def _cockpit_facts(part: Part) -> list[str]:
    figures = part.rows[0].figures
    return [
        f"- The cockpit at {part.rows[0].name} costs {figures['cpu_percent'].median:.1f} % of a "
        f"core and {figures['kb_per_s'].median:.0f} kB/s to the terminal."
    ]


def _open_facts(part: Part) -> list[str]:
    figures = part.row("vumeter").figures
    if "punctual" not in figures:
        return []
    return [
        f"- {part.title}: {figures['rate_error'].median:+.3%} off the rate, "
        f"{figures['punctual'].median:.1%} within a millisecond of due, on "
        f"{figures['busy_ratio'].median:.0%} of a core."
    ]


def _start_up_facts(part: Part) -> list[str]:
    first_ms = part.row("vumeter").figures["first_request_ms"].median
    painted_ms = max(
        row.figures["painted_ms"].median for row in part.rows if "painted_ms" in row.figures
    )
    return [
        f"- From the command to the first request {first_ms / 1000:.1f} s, to the painted cockpit "
        f"{painted_ms / 1000:.1f} s."
    ]


def _crowd_facts(part: Part) -> list[str]:
    lines = []
    for row in part.rows:
        rate, busy = row.figures["rate_per_s"].median, row.figures["busy_ratio"].median
        memory_mb = row.figures["memory_mb"].median
        lines.append(f"{row.name} {rate:,.0f}/s with {busy:.0%} of a core and {memory_mb:,.0f} MB")
    return [f"- {part.title}: {'; '.join(lines)}."]


_FACTS = {
    "get": _ratio_facts,
    "scenario": _ratio_facts,
    "https": _ratio_facts,
    "crowd": _crowd_facts,
    "open": _open_facts,
    "start-up": _start_up_facts,
    "cockpit": _cockpit_facts,
}


def _section(part: Part) -> str:
    rounds = "once" if part.rounds == 1 else f"{part.rounds} rounds"
    text = (
        f"## {part.title}\n\n{part.how} ({rounds}; `make bench PART={part.key}`)\n\n{table(part)}\n"
    )
    for line in (*(bar_line(bar) for bar in part.bars), *part.notes):
        text += f"\n- {line}"
    return text + "\n" if part.bars or part.notes else text


def _cell(column: Column, row: Row) -> str:
    figure: Spread | None = row.figures.get(column.key)
    if figure is None:
        return "–"
    text = format(figure.median, column.form)
    if column.shows_spread and figure.lowest != figure.highest:
        text += f" ({figure.lowest:{column.form}}–{figure.highest:{column.form}})"
    return text
