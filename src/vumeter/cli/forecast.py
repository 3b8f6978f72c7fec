"""`vumeter forecast`: how many instances, until when they suffice, and what they cost."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vumeter.cli.calculating import Form, percent, share, write
from vumeter.cli.flags import Text
from vumeter.errors import UsageError

if TYPE_CHECKING:
    from vumeter.report.forecast.building import Levels
    from vumeter.report.forecast.sources import Measured

USUAL_MONTHS = 12
MOST_MONTHS = 120
_FASTEST = 10.0
"""Elevenfold in a month: what grows faster is not forecast."""


def forecast(  # noqa: PLR0917 - one parameter per flag
    run: Annotated[
        Text,
        typer.Argument(metavar="[RUN]", help="A probe, or a run with thresholds. [the newest run]"),
    ] = None,
    capacity: Annotated[
        list[str] | None,
        typer.Option(
            "--capacity",
            metavar="LOAD",
            help="Instead of a run: 180/s, 170/s..190/s, '500 users'; or of several: 2=350/s …",
        ),
    ] = None,
    slo: Annotated[
        list[str] | None,
        typer.Option(
            "--slo", metavar="RULE", help="What the run has to hold. Repeatable. [its thresholds]"
        ),
    ] = None,
    users: Annotated[
        Text, typer.Option("--users", metavar="N", help="At the peak, to be borne now.")
    ] = None,
    rate_per_user: Annotated[
        Text,
        typer.Option("--rate-per-user", metavar="RATE", help="Iterations of one user: 0.2/s."),
    ] = None,
    rate: Annotated[
        Text, typer.Option("--rate", metavar="RATE", help="Instead: iterations of all of them.")
    ] = None,
    utilisation: Annotated[
        str, typer.Option("--utilisation", metavar="PERCENT", help="Planned, of the capacity.")
    ] = "70%",
    spare: Annotated[
        int, typer.Option("--spare", metavar="N", min=0, help="Instances beyond those: 1 is N+1.")
    ] = 0,
    instances: Annotated[
        int | None,
        typer.Option(
            "--instances", metavar="N", min=1, help="That there are now. [as many as it takes]"
        ),
    ] = None,
    contention: Annotated[
        str,
        typer.Option("--contention", metavar="PERCENT", help="σ: what instances wait for."),
    ] = "0%",
    coherency: Annotated[
        str,
        typer.Option("--coherency", metavar="PERCENT", help="κ: what each costs each other."),
    ] = "0%",
    growth: Annotated[
        Text, typer.Option("--growth", metavar="RATE", help="5%/month or 60%/year, compound.")
    ] = None,
    months: Annotated[
        int | None,
        typer.Option(
            "--months",
            metavar="N",
            min=1,
            max=MOST_MONTHS,
            help=f"To look ahead, with --growth. [{USUAL_MONTHS}]",
        ),
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            "--price",
            metavar="TYPE=PRICE",
            help="'m5.large=0.096 USD/h', 'm5.large:reserved=…', ':spot=', ':capacity=200%'."
            " Repeatable. [the profile's]",
        ),
    ] = None,
    shape: Annotated[
        Text,
        typer.Option(
            "--shape", metavar="RUN|PROFILE", help="Whose load goes up and down as it really does."
        ),
    ] = None,
    interruptible: Annotated[
        bool, typer.Option("--interruptible", help="The work may be interrupted at any time.")
    ] = False,
    variable: Annotated[
        list[str] | None,
        typer.Option("-e", metavar="KEY=VALUE", help="Of the profile of --shape; repeats."),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.TEXT,
) -> None:
    """
    Say how many instances a load takes, until when they suffice, and what they cost.

    From the capacity of one instance that a probe has found, or somebody says. Nothing is assumed
    that is not written in the answer; docs/forecast.md has the formulas.
    """
    from vumeter.profiles.prices import prices_of
    from vumeter.report.forecast.building import Intent
    from vumeter.report.forecast.building import forecast as forecast_of
    from vumeter.report.forecast.given import demand
    from vumeter.report.forecast.words import tables, title

    if growth is None and months is not None:
        raise UsageError("--months: without --growth all of them are like this one.")
    if shape is None and (interruptible or variable):
        raise UsageError("--interruptible and -e are of a load over time: give --shape, too.")
    found = _measured(
        run,
        capacity or [],
        slo or [],
        sigma=share(contention, "--contention"),
        kappa=share(coherency, "--coherency"),
    )
    wanted = demand(found.capacity.unit, users=users, rate_per_user=rate_per_user, rate=rate)
    planned = share(utilisation, "--utilisation")
    if not planned:
        raise UsageError(f"--utilisation {utilisation}: above 0 %.")
    of_profile = None if found.plan is None else found.plan.prices
    intent = Intent(
        load=wanted.load,
        users=wanted.users,
        rate_per_user_per_s=wanted.rate_per_user_per_s,
        utilisation_ratio=planned,
        spare=spare,
        present=instances,
        growth_per_month_ratio=_growth(growth),
        months=0 if growth is None else months or USUAL_MONTHS,
        prices=prices_of(price or ()) or of_profile,
        levels=_levels(shape, variable or []),
        is_interruptible=interruptible,
    )
    answer = forecast_of(found.capacity, intent, curve=found.curve, doubts=found.doubts)
    write(answer, form, title=title(answer), tables=tables(answer), remarks=answer.remarks)


def _measured(
    run: str | None, capacities: list[str], slos: list[str], *, sigma: float, kappa: float
) -> "Measured":
    from msgspec.structs import replace

    from vumeter.link import archive
    from vumeter.pilot.slo import slo
    from vumeter.report.forecast.given import given
    from vumeter.report.forecast.sources import Measured, measured

    if capacities:
        if run is not None or slos:
            raise UsageError("--capacity is said instead of a run and of what it has to hold.")
        return Measured(capacity=given(capacities, sigma=sigma, kappa=kappa))
    found = measured(archive.find(run), slos=tuple(map(slo, slos)))
    return replace(found, capacity=replace(found.capacity, sigma=sigma, kappa=kappa))


def _growth(text: str | None) -> float:
    """Return the growth in a month."""
    from vumeter.stats.forecast import monthly_ratio

    if text is None:
        return 0.0
    amount, _, span = text.strip().rpartition("/")
    if span.strip() not in ("month", "year"):
        raise UsageError(
            f'--growth: "{text}" does not say of what time.',
            hint='Write for example "5%/month" or "60%/year".',
        )
    ratio = percent(amount, "--growth")
    if ratio <= -1:
        raise UsageError(f"--growth {text}: more than all of it cannot go.")
    monthly = monthly_ratio(ratio) if span.strip() == "year" else ratio
    if monthly > _FASTEST:
        raise UsageError(f"--growth {text}: {_FASTEST:.0%} a month is the most that is forecast.")
    return monthly


def _levels(name: str | None, variables: list[str]) -> "Levels":
    if name is None:
        return ()
    from vumeter.cli.planning import is_profile
    from vumeter.report.forecast.shapes import levels_of_plan, levels_of_run

    if is_profile(name):
        from vumeter.cli.profiled import profile_plan, variables_of

        plan = profile_plan(
            Path(name),
            variables=variables_of(variables),
            environment=os.environ,
            time_scale=1.0,
        )
        return levels_of_plan(plan)
    if variables:
        raise UsageError(f"-e is for profiles, and {name} is a run.")
    from vumeter.link import archive

    with archive.opened(archive.find(name)) as stored:
        return levels_of_run(stored)
