"""`vumeter risk`: what an outage, or the share of errors that a run had, puts at risk."""

from typing import TYPE_CHECKING, Annotated

import typer

from vumeter.cli.calculating import Form, named, require, share, write
from vumeter.cli.flags import Text
from vumeter.errors import UsageError
from vumeter.units import parse_duration_s, parse_rate_per_s

if TYPE_CHECKING:
    from vumeter.report.forecast.worth import Risk, Trade


def risk(  # noqa: PLR0917 - one parameter per flag
    run: Annotated[
        Text, typer.Argument(metavar="[RUN]", help="Whose share of errors is meant.")
    ] = None,
    downtime: Annotated[
        Text, typer.Option("--downtime", metavar="TIME", help="Instead: an outage of 30m.")
    ] = None,
    availability: Annotated[
        Text,
        typer.Option("--availability", metavar="PERCENT", help="Instead: what 99.9% leaves open."),
    ] = None,
    errors: Annotated[
        Text, typer.Option("--errors", metavar="PERCENT", help="Instead: of the requests, 0.5%.")
    ] = None,
    rate: Annotated[
        Text,
        typer.Option("--rate", metavar="RATE", help="Requests that could be orders: 600/m, 40k/h."),
    ] = None,
    conversion: Annotated[
        Text, typer.Option("--conversion", metavar="PERCENT", help="Of these become orders.")
    ] = None,
    order_value: Annotated[
        Text, typer.Option("--order-value", metavar="MONEY", help="Of one, on average: 40 USD.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.TEXT,
) -> None:
    """Say what revenue is at risk: lost requests × conversion × average value of an order."""
    from vumeter.profiles.money import money
    from vumeter.report.forecast.worth import Trade, risk_tables

    sources = {
        "RUN": run,
        "--downtime": downtime,
        "--availability": availability,
        "--errors": errors,
    }
    said = [flag for flag, value in sources.items() if value is not None]
    needed = {"--rate": rate, "--conversion": conversion, "--order-value": order_value}
    if not said:
        needed = {"one of RUN, --downtime, --availability and --errors": None, **needed}
    require(needed, "Revenue at risk")
    if len(said) > 1:
        raise UsageError(f"{' and '.join(said)}: only one of them can say what is lost.")
    assert rate is not None and conversion is not None and order_value is not None, "required"
    value = named(money, order_value, "--order-value")
    trade = Trade(
        currency=value.currency,
        rate_per_s=named(parse_rate_per_s, rate, "--rate"),
        conversion_ratio=share(conversion, "--conversion"),
        order_value=value.amount,
    )
    answer = _answer(trade, run, downtime, availability, errors)
    tables = risk_tables(answer)
    write(answer, form, title="Revenue at risk", tables=tables, remarks=answer.remarks)


def _answer(
    trade: "Trade",
    run: str | None,
    downtime: str | None,
    availability: str | None,
    errors: str | None,
) -> "Risk":
    from vumeter.report.forecast.worth import risk_of_downtime, risk_of_errors
    from vumeter.stats.worth import downtime_h

    if downtime is not None:
        hours = named(parse_duration_s, downtime, "--downtime") / 3600
        return risk_of_downtime(trade, hours, source=f"an outage of {downtime}", is_monthly=False)
    if availability is not None:
        hours = downtime_h(share(availability, "--availability"))
        source = f"an availability of {availability}"
        return risk_of_downtime(trade, hours, source=source, is_monthly=True)
    if errors is not None:
        ratio = share(errors, "--errors")
        return risk_of_errors(trade, ratio, source=f"{errors} of errors")
    return _of_run(trade, run)


def _of_run(trade: "Trade", run: str | None) -> "Risk":
    from vumeter.link import archive
    from vumeter.report.forecast.worth import risk_of_errors

    folder = archive.find(run)
    total = archive.summary(folder).total
    if not total.requests:
        raise UsageError(f"{folder.id}: no request was sent, so no share of them failed.")
    source = f"{folder.id}: {total.errors:,} of {total.requests:,} requests failed"
    seen = (total.errors, total.requests)
    return risk_of_errors(trade, total.error_ratio, source=source, seen=seen)
