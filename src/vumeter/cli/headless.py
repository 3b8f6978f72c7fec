"""A run in the foreground, without a cockpit: progress on stderr, the summary on stdout."""

import asyncio
from pathlib import Path

from msgspec.structs import replace

from vumeter.cli.ending import exit_code, print_summary, write_report
from vumeter.cli.order import Order
from vumeter.cli.printing import Printer
from vumeter.errors import ExitCode
from vumeter.link import folders
from vumeter.model.summary import Summary
from vumeter.run.process import check, conduct


def run_headless(order: Order) -> ExitCode:
    """
    Run *order* to its end and return the exit code.

    Raises:
        VumeterError: It cannot be started, or its report cannot be written.
    """
    printer = Printer()
    try:
        summary = asyncio.run(_run(order, printer))
    finally:
        printer.close()
    print_summary(summary)
    return exit_code(summary)


async def _run(order: Order, printer: Printer) -> Summary:
    await check(order.plan, waits_for_postgres=order.waits_for_postgres)
    with folders.create(order.plan.name, or_numbered=not order.is_named) as folder:
        return await conduct(
            replace(order.plan, name=folder.name),
            folder,
            sinks=(printer,),
            is_attended=True,
            on_ended=lambda summary: (
                write_report(Path(order.report), summary) if order.report else None
            ),
        )
