"""How a run's end reaches the person and the shell: summary, report file, exit code."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from vumeter.errors import ExitCode, UsageError, VumeterError
from vumeter.link.folders import RunFolder
from vumeter.model.frame import PhaseStanding, StopCause
from vumeter.model.pilot import Outcome
from vumeter.model.summary import Summary
from vumeter.model.verdict import Standing
from vumeter.report.json_report import report_bytes
from vumeter.report.terminal import summary_text
from vumeter.run.writing import write_whole

_CODES = {
    StopCause.SCHEDULE: ExitCode.OK,
    StopCause.ABORTED: ExitCode.STOPPED,
    StopCause.SIGNAL: ExitCode.INTERRUPTED,
    StopCause.DEAD_MAN: ExitCode.STOPPED,
    StopCause.VIEWER_LOST: ExitCode.STOPPED,
    StopCause.WORKERS_LOST: ExitCode.BUG,
    StopCause.THRESHOLD: ExitCode.THRESHOLD,
    StopCause.SETUP: ExitCode.PHASE,
    StopCause.KILLED: ExitCode.BUG,
    # Of a run that goes on, only its thresholds can say more.
    None: ExitCode.OK,
}


def exit_code(summary: Summary) -> ExitCode:
    """
    Return what the shell is told of a run that has ended.

    A graceful stop is how a run without an end ends well; one with an end, and one in which
    there was no load yet, was cut short. As in k6, thresholds decide only where nothing else
    has ended the run, and teardown comes before them.
    """
    setup, teardown = summary.setup, summary.teardown
    if summary.plan.probe is not None and summary.stop in (StopCause.SCHEDULE, StopCause.STOPPED):
        return _of_search(summary)
    if summary.stop is StopCause.STOPPED:
        was_cut = summary.plan.has_end or summary.duration_s == 0
        code = ExitCode.STOPPED if was_cut else ExitCode.OK
    elif summary.stop is StopCause.SETUP and setup and setup.standing is PhaseStanding.TIMED_OUT:
        code = ExitCode.SETUP_TIMEOUT
    else:
        code = _CODES[summary.stop]
    if code is ExitCode.OK and teardown and teardown.standing is not PhaseStanding.DONE:
        is_late = teardown.standing is PhaseStanding.TIMED_OUT
        return ExitCode.TEARDOWN_TIMEOUT if is_late else ExitCode.PHASE
    # What nothing was measured for has not passed: 0 says that every threshold has.
    has_passed = all(each.standing is Standing.PASSED for each in summary.verdicts)
    # Without budgets nothing was promised: then a comparison is there to be looked at.
    if summary.plan.budgets and (summary.comparison is None or summary.comparison.regressions):
        has_passed = False
    return ExitCode.THRESHOLD if code is ExitCode.OK and not has_passed else code


def _of_search(summary: Summary) -> ExitCode:
    """Return what the shell is told of a run that was a search for a capacity."""
    if not summary.findings:
        return ExitCode.STOPPED
    found = summary.findings[-1]
    match found.outcome:
        case Outcome.INTERRUPTED:
            return ExitCode.STOPPED
        case _ if found.sustainable is None:
            return ExitCode.THRESHOLD
        case Outcome.BROKEN:
            return ExitCode.THRESHOLD
        case _:
            return ExitCode.OK


def print_summary(summary: Summary) -> None:
    """Print the summary on stdout, as far as anybody still reads it."""
    # Python has no stdout when it was started with a closed one (`>&-`).
    colour = sys.stdout is not None and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    try:
        print(summary_text(summary, colour=colour), flush=True)
    except OSError:
        # The reader has gone (`| head`, a closed terminal): what is left cannot fail again
        # when the interpreter flushes at exit.
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - lives until the exit


def print_where(folder: RunFolder) -> None:
    """Say on stderr how what is stored of the run in *folder* is found again, if anything is."""
    if folder.store.is_file():
        words = f"Stored as {folder.id}: vumeter show, replay or export it by that name."
        with suppress(OSError):
            print(words, file=sys.stderr, flush=True)


def checked_report_path(path: Path | None) -> Path | None:
    """
    Return *path* made absolute, when a report can be written there at the end.

    Raises:
        UsageError: It cannot; better known now than after an hour of load.
    """
    if path is None:
        return None
    absolute = path.absolute()
    problem = _problem(absolute)
    if problem:
        raise UsageError(f"--output: {path} {problem}.", hint="Name a file that can be written.")
    return absolute


def write_report(path: Path, summary: Summary) -> None:
    """
    Write the report (docs/report.md) to *path*.

    Raises:
        VumeterError: It could not be written.
    """
    try:
        write_whole(path, report_bytes(summary))
    except OSError as error:
        raise VumeterError(f"The report could not be written to {path}: {error}.") from error


def _problem(path: Path) -> str:
    if path.is_dir():
        return "is a folder"
    if not path.parent.is_dir():
        return f"cannot be made: there is no folder {path.parent}"
    # A plain file is replaced, which takes the folder; anything else is written to.
    place = path if path.exists() and not path.is_file() else path.parent
    return "" if os.access(place, os.W_OK) else "is not writable"
