"""
The detached run process: `python -m vumeter.cli.conduct`, started by `detached.start`.

It reads its order from stdin, answers on stdout once, and from then on writes to the log in
the run's folder. It is in a session of its own: no terminal can take it along.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vumeter.cli.ending import write_report
from vumeter.cli.order import Answer, Order, Refused, Started
from vumeter.cli.printing import log_of
from vumeter.errors import ExitCode, VumeterError
from vumeter.link import folders
from vumeter.link.folders import RunFolder
from vumeter.model.summary import Summary
from vumeter.report.json_report import report_bytes
from vumeter.run.process import check, conduct


def main() -> None:
    """Run the order on stdin; whoever attaches later sees how it goes."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
    try:
        asyncio.run(_run(order))
    except VumeterError as error:
        # Where the answer was given before, this goes to the log, and nobody waits for more.
        if not sys.stdout.closed:
            _answer(Refused(message=error.message, hint=error.hint, exit_code=error.exit_code))
        print(f"vumeter: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


async def _run(order: Order) -> None:
    await check(order.plan, waits_for_postgres=order.waits_for_postgres)
    with (
        folders.create(order.plan.name, or_numbered=not order.is_named) as folder,
        log_of(folder) as log,
    ):
        if order.shop is not None:
            _keep_open(order.shop, folder)
        await conduct(
            replace(order.plan, name=folder.name),
            folder,
            written=report_bytes,
            sinks=(log,),
            is_stored=order.is_stored,
            on_started=lambda: _started(folder),
            on_ended=lambda summary: _report(order, summary),
        )


def _keep_open(shop: str, run: RunFolder) -> None:
    """
    Have the demo shop live as long as *run*, before there is any load.

    Asked by whoever started both, it would be too late when that one is killed in between: the
    shop would close, and the load would go to a dead port.
    """
    from vumeter.demo.backdoor import BackDoor

    BackDoor(Path(shop)).follow(run.name)


def _report(order: Order, summary: Summary) -> None:
    if order.report is not None:
        write_report(Path(order.report), summary)


def _started(folder: RunFolder) -> None:
    """Say so, and let go of whatever was inherited from the terminal."""
    _answer(Started(folder=str(folder.path)))
    sys.stdout.close()
    log = os.open(folder.log, os.O_WRONLY | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.close(log)
    os.chdir("/")


def _answer(answer: Answer) -> None:
    """Write *answer* to whoever started this; when nobody waits for it any more, it is late."""
    try:
        sys.stdout.buffer.write(msgspec.msgpack.encode(answer))
        sys.stdout.buffer.flush()
    except OSError:
        return


if __name__ == "__main__":
    main()
