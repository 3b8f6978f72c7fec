"""`vumeter roi`: whether a measure pays for itself."""

from typing import Annotated

import typer

from vumeter.cli.calculating import Form, named, require, write
from vumeter.cli.flags import Text
from vumeter.errors import UsageError


def roi(
    cost: Annotated[
        Text, typer.Option("--cost", metavar="MONEY", help="Of the measure, once: 12k USD.")
    ] = None,
    gain: Annotated[
        Text,
        typer.Option(
            "--gain", metavar="MONEY/month", help="What it saves or earns: '1500 USD/month'."
        ),
    ] = None,
    running: Annotated[
        Text, typer.Option("--running", metavar="MONEY/month", help="What it costs from then on.")
    ] = None,
    months: Annotated[
        int | None, typer.Option("--months", metavar="N", min=1, help="That are looked at.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.TEXT,
) -> None:
    """Say what a measure returns on its cost, and when it is paid back: (gain − cost) / cost."""
    from vumeter.profiles.money import money, money_per_month, one_currency
    from vumeter.report.forecast import worth

    require({"--cost": cost, "--gain": gain, "--months": months}, "A return on investment")
    assert cost is not None and gain is not None and months is not None, "just required"
    once = named(money, cost, "--cost")
    monthly = named(money_per_month, gain, "--gain")
    after = None if running is None else named(money_per_month, running, "--running")
    if once.amount + (0 if after is None else after.amount) <= 0:
        raise UsageError("--cost: what costs nothing has no return on it.")
    answer = worth.roi(
        cost=once.amount,
        running_per_month=None if after is None else after.amount,
        gain_per_month=monthly.amount,
        months=months,
        currency=one_currency([once, monthly, *([] if after is None else [after])]),
    )
    write(
        answer,
        form,
        title="Return on investment",
        tables=worth.roi_tables(answer),
        remarks=answer.remarks,
    )
