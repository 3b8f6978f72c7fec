"""A run in the foreground, without a cockpit: progress on stderr, the summary on stdout."""

import asyncio
from pathlib import Path

from msgspec.structs import replace

from vumeter.cli.ending import exit_code, print_summary, print_where, write_report
from vumeter.cli.order import Order
from vumeter.cli.printing import Printer, log_of
from vumeter.errors import ExitCode
from vumeter.link import folders
from vumeter.link.folders import RunFolder
from vumeter.model.summary import Summary
from vumeter.report.json_report import report_bytes
from vumeter.run.process import check, conduct


def run_headless(order: Order) -> ExitCode:
    """
    Run *order* to its end and return the exit code.

    Raises:
        VumeterError: It cannot be started, or its report cannot be written; in that case the
            summary was printed all the same.
    """
    printer = Printer()
    ended: list[tuple[Summary, RunFolder]] = []
    try:
        summary = asyncio.run(_run(order, printer, ended))
    finally:
        printer.close()
        for each, folder in ended:
            print_summary(each)
            print_where(folder)
    return exit_code(summary)


async def _run(order: Order, printer: Printer, ended: list[tuple[Summary, RunFolder]]) -> Summary:
    def on_ended(summary: Summary) -> None:
        ended.append((summary, folder))
        if order.report is not None:
            write_report(Path(order.report), summary)

    await check(order.plan, waits_for_postgres=order.waits_for_postgres)
    with (
        folders.create(order.plan.name, or_numbered=not order.is_named) as folder,
        log_of(folder) as log,
    ):
        return await conduct(
            replace(order.plan, name=folder.name),
            folder,
            written=report_bytes,
            sinks=(printer, log),
            is_stored=order.is_stored,
            is_attended=True,
            on_ended=on_ended,
        )
