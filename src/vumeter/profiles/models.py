"""
A profile as a person writes it, as pydantic models: what `docs/profile.md` is made from.

Over 400 lines: each key with its meaning in words, and the page has them in this order.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from vumeter.model.flow import USUAL_REDIRECTS
from vumeter.model.plan import (
    Arrivals,
    Executor,
    FeederOrder,
    HttpVersion,
    IpFamily,
    Shape,
    TlsVersion,
    ViewerLost,
)
from vumeter.model.retention import Retention
from vumeter.profiles.alerts import AlertTable
from vumeter.profiles.monitors import MonitorTables, Name
from vumeter.profiles.prices import PriceTable
from vumeter.profiles.quantities import (
    Count,
    Duration,
    End,
    PositiveCount,
    PositiveDuration,
    Rate,
    Share,
    Size,
    Workers,
)
from vumeter.profiles.steps import CheckTable, Headers, Scalar, Step, Table, or_text, scalar_text

DEFAULT_MAX_DURATION_S = 600.0
"""k6's, for the executors that end by iterations."""


class StageTable(Table):
    """One leg of a ramp."""

    duration: Duration = Field(description="0s jumps to the target.", examples=["1m"])
    target: Annotated[
        str,
        BeforeValidator(scalar_text),
        WithJsonSchema({"type": ["string", "integer"], "examples": [50, "200/s"]}),
    ] = Field(
        description="VUs, or with an arrival rate iterations per time, at its end.",
        examples=[50, "200/s"],
    )
    shape: Shape = Field(Shape.LINEAR, description="How it gets there.")


class ScenarioTable(Table):
    """
    A named workload: an executor, and the steps of one iteration.

    Which keys an executor takes is in the table of executors above; without `executor`, the
    keys tell which one is meant.
    """

    executor: Executor | None = Field(
        None, description="When iterations start; default: the one that the other keys describe."
    )
    vus: PositiveCount | None = Field(None, description="Virtual users.")
    start_vus: Count | None = Field(None, description="VUs before the first stage.")
    max_vus: PositiveCount | None = Field(
        None,
        description="With a rate: how many VUs may be busy at once; an iteration that is due"
        " when all are is dropped, and counted. Default: one second's arrivals, at least 10.",
    )
    rate: Rate | None = Field(None, description="Iterations per time.", examples=["50/s"])
    start_rate: Rate | None = Field(None, description="The rate before the first stage.")
    iterations: PositiveCount | None = Field(
        None, description="How many: of all VUs together, or with per-vu-iterations of each."
    )
    duration: PositiveDuration | None = Field(
        None,
        description="How long; without it there is no end. With stages: ends them earlier, or"
        " holds the last target.",
        examples=["10m"],
    )
    max_duration: End | None = Field(
        None, description='Ends iterations that are not done by then; `"none"`: never.'
    )
    stages: list[StageTable] | None = Field(
        None,
        min_length=1,
        description="The course of the VUs, or of the rate.",
        examples=[[{"duration": "1m", "target": 50}]],
    )
    start_time: Duration = Field(0.0, description="After the start of the run.")
    graceful_ramp_down: Duration = Field(
        30.0, description="How long an iteration may go on on a VU that is no longer wanted."
    )
    arrivals: Arrivals = Field(Arrivals.EVEN, description="With a rate: how starts are spaced.")
    pacing: Duration = Field(
        0.0, description="With VUs: a VU's iterations start at least so far apart."
    )
    steps: list[Step] = Field(min_length=1, description="One iteration.", examples=[["/"]])
    on_start: list[Step] = Field(
        [],
        description="Once per VU before its first iteration: a login. When a request of it"
        " fails, the VU backs off and starts over.",
    )
    on_stop: list[Step] = Field([], description="Once per VU when it ends gracefully.")


class PersonaTable(Table):
    """A type of user: how many of all are of it, and what each does how often."""

    share: Share = Field(description="Of all users.", examples=["80%"])
    rate: Rate | None = Field(None, description="Iterations of one such user.", examples=["0.17/s"])
    think_time: PositiveDuration | None = Field(
        None,
        description="Instead of `rate`: the mean time between two iterations of one such user.",
        examples=["6s"],
    )
    max_vus: PositiveCount | None = Field(
        None, description="As in a scenario; default: one second's arrivals, at least 10."
    )
    steps: list[Step] = Field(min_length=1, description="One iteration.")
    on_start: list[Step] = Field([], description="As in a scenario.")
    on_stop: list[Step] = Field([], description="As in a scenario.")


class PersonasTable(Table):
    """
    Users by type, from which arrival rates follow: each persona becomes a scenario of the
    open model with the rate users × share × rate.
    """

    users: PositiveCount = Field(description="All of them; with stages: at the start.")
    duration: PositiveDuration | None = Field(None, description="As in a scenario.")
    stages: list[StageTable] | None = Field(
        None, min_length=1, description="The course of the number of users."
    )
    start_time: Duration = Field(0.0, description="After the start of the run.")
    arrivals: Arrivals = Field(
        Arrivals.POISSON, description="Users who know nothing of each other arrive like this."
    )
    types: dict[str, PersonaTable] = Field(
        min_length=1, description="Each under its name: [personas.types.NAME]."
    )


class SetupTable(Table):
    """
    What is done once, before any VU begins: test data, a login for all.

    What its steps extract are variables of every VU. When one of its requests fails, or it
    takes too long, there is no load, and no teardown.
    """

    steps: list[Step] = Field(min_length=1, description="In this order, by one user.")
    timeout: PositiveDuration = Field(60.0, description="It has so long, with all of its steps.")


class TeardownTable(Table):
    """
    What is done once, after the last VU has ended: unless the run was aborted, or setup failed.

    Its steps know what setup has extracted. All of them are taken, whichever fail.
    """

    steps: list[Step] = Field(min_length=1, description="In this order, by one user.")
    timeout: PositiveDuration = Field(60.0, description="It has so long, with all of its steps.")


class DefaultsTable(Table):
    """What every request has that does not say otherwise."""

    headers: Headers = Field((), description="Sent with every request.")
    timeout: PositiveDuration = Field(10.0, description="From sending to the last byte.")
    redirects: int = Field(
        USUAL_REDIRECTS, ge=0, le=50, description="How many redirects are followed at most."
    )
    checks: list[CheckTable] = Field([], description="On every answer.")


class HttpTable(Table):
    """How connections are made."""

    keep_alive: bool = Field(True, description="false: a new connection for each request.")
    verify_tls: bool = Field(True, description="false: take any certificate of the target.")
    cookies: bool = Field(
        True, description="Each VU keeps the cookies that targets set, and sends them back."
    )
    authorities: str | None = Field(
        None,
        description="PEM file of the authorities that are trusted instead of the system's;"
        " files are relative to the profile.",
    )
    certificate: str | None = Field(
        None, description="PEM file of the certificate to show to targets that ask for one."
    )
    certificate_key: str | None = Field(
        None, description="PEM file of its key, where that is not in the same file."
    )
    server_name: str | None = Field(
        None, min_length=1, description="What TLS asks for and verifies, not the URL's host."
    )
    tls_minimum: TlsVersion = Field(TlsVersion.TLS_1_2, description="The oldest TLS to speak.")
    overrides: dict[str, str] = Field(
        {},
        description="Where hosts really are, whatever the system says of their names.",
        examples=[{"shop.example:443": "127.0.0.1:8443"}],
    )
    ip_family: IpFamily = Field(
        IpFamily.ANY, description="Which of a host's addresses are connected to."
    )
    local_addresses: list[str] = Field(
        [], description="Connections come from these in turn; each has ports of its own."
    )
    version: HttpVersion = Field(
        HttpVersion.HTTP_1_1, description="The version of HTTP that requests are sent in."
    )
    proxy: str | None = Field(
        None,
        min_length=1,
        description="Connections go by way of it: `http://`, `socks5://` (names are resolved"
        " here) or `socks5h://` (by the proxy), with user and password, which are never shown."
        " The environment (`HTTP_PROXY`) is not asked.",
        examples=["http://user:${PASSWORD}@127.0.0.1:3128"],
    )
    no_proxy: list[str] = Field(
        [],
        description="Hosts that are connected to without it; `.shop.example` is all beneath.",
    )


class FeederTable(Table):
    """Rows of data: `{{NAME.column}}` in a request is a column of the iteration's row."""

    file: str | None = Field(
        None,
        description="CSV with a line of names, or JSON lines (.jsonl); relative to the profile.",
        examples=["users.csv"],
    )
    columns: list[str] | None = Field(
        None, description="Instead of `file`: the names, with `rows` here in the profile."
    )
    rows: list[list[Scalar]] | None = Field(
        None, description="Lists with a value for each column.", examples=[[["ada", 36]]]
    )
    order: FeederOrder = Field(FeederOrder.SEQUENTIAL, description="Which row an iteration gets.")


class MonitorsTable(MonitorTables):
    """What is watched besides the target."""

    postgres: str | None = Field(
        None,
        min_length=1,
        description="A PostgreSQL, as URL or connection string; its password is never shown.",
        examples=["postgresql://monitor@127.0.0.1/shop"],
    )
    postgres_more: dict[Name, str] = Field(
        {},
        description="Others beside it, each under a name.",
        examples=[{"billing": "postgresql://monitor@127.0.0.1:5433/billing"}],
    )


class ThresholdTable(Table):
    """A rule that decides whether the run passes. A string is short for it."""

    threshold: str = Field(
        min_length=1, description="Aggregate, operator, value.", examples=["p(95) < 500ms"]
    )
    abort_on_fail: bool = Field(False, description="End the run when it fails.")
    delay_abort_eval: Duration = Field(0.0, description="But not before this time.")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"threshold": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        return or_text(handler(core))


class ListenTable(Table):
    """
    Where the control API listens beside its socket, for viewers on other machines and for
    Prometheus. Who comes there has to show the run's token; docs/control-api.md says how.
    """

    address: str = Field(
        description="Host and port; port 0 is one that is free. What other machines can reach"
        " needs a certificate.",
        examples=["127.0.0.1:9646"],
    )
    certificate: str | None = Field(None, description="PEM file, relative to the profile.")
    key: str | None = Field(
        None, description="PEM file of its key, where that is not in the same file."
    )


class StoreTable(Table):
    """
    For how long a stored run keeps what it measured as it was. Merging is exact: docs/store.md.
    """

    keep_seconds: PositiveDuration = Field(
        float(Retention().seconds_s), description="Then seconds are merged into tens."
    )
    keep_tens: PositiveDuration = Field(
        float(Retention().tens_s), description="Then tens of seconds are merged into minutes."
    )
    max_size: Size = Field(
        Retention().most_bytes,
        description="Before a store becomes larger, its oldest readings are merged.",
    )


class AgainstTable(Table):
    """
    A second target, b, beside the first, a: both get the same requests and are compared, see
    docs/comparison.md. Without `alternate` each has half of the load at once.
    """

    target: str = Field(
        description="Scheme and host of the other one.", examples=["http://127.0.0.1:8001"]
    )
    alternate: Duration = Field(
        0.0, description="They take turns of so long under the whole load: a b b a."
    )
    warm_up: Duration | None = Field(
        None,
        description="How much of each turn's beginning is not compared. Default: a fifth, 1s at"
        " least.",
    )


class LimitsTable(Table):
    """What no command may exceed, human or automatic, and where panic falls to."""

    max_vus: PositiveCount | None = Field(
        None, description="Default 1000, or what the scenarios ask for where that is more."
    )
    max_rate: Rate | None = Field(
        None, description="Default 100k/s, or what the scenarios ask for where that is more."
    )
    floor_vus: Count = Field(1, description="What panic leaves.")
    floor_rate: Rate = Field(1.0, description="What panic leaves, with a rate.")
    allow_hosts: list[str] = Field(
        [], description="Hosts beyond this machine and private networks that load may go to."
    )
    end_backends: bool = Field(
        False,
        description="Whether the operator may cancel statements and end sessions of the watched"
        " PostgreSQL.",
    )


class Profile(Table):
    """The whole file."""

    name: str | None = Field(
        None,
        pattern=r"^[0-9A-Za-z_][0-9A-Za-z_.-]{0,39}$",
        description="The run's, for `vumeter attach`. Default: the file's name.",
    )
    target: str | None = Field(
        None,
        description="Scheme and host, and what every path begins with.",
        examples=["http://127.0.0.1:8000"],
    )
    workers: Workers = Field(
        1,
        description='Processes that make the load; `"auto"`: one, and more while one is the limit.',
    )
    pin_workers: bool = Field(
        False, description="Whether each keeps to one core, in turn. Linux only."
    )
    graceful_stop: Duration = Field(
        30.0, description="How long iterations in flight may go on at the end of the run."
    )
    dead_man: PositiveDuration = Field(
        300.0, description="A run without an end stops itself when unwatched for so long."
    )
    on_viewer_lost: ViewerLost = Field(
        ViewerLost.CONTINUE,
        description="What the run does when the last viewer that could steer it is lost.",
    )
    secrets: list[str] = Field(
        [], description="Variables whose values no screen, log or report may show."
    )
    variables: dict[str, Scalar] = Field(
        {}, description="What `${NAME}` stands for, unless `-e NAME=…` says otherwise."
    )
    defaults: DefaultsTable = Field(default_factory=DefaultsTable, description="For every request.")
    http: HttpTable = Field(default_factory=HttpTable, description="Connections.")
    scenarios: dict[str, ScenarioTable] = Field(
        {}, description="Each under its name: [scenarios.NAME]. They run at the same time."
    )
    setup: SetupTable | None = Field(None, description="Once, before the load.")
    teardown: TeardownTable | None = Field(None, description="Once, after the load.")
    personas: PersonasTable | None = Field(None, description="Users by type.")
    feeders: dict[str, FeederTable] = Field({}, description="Each under its name: [feeders.NAME].")
    monitors: MonitorsTable = Field(
        default_factory=MonitorsTable, description="What else is watched."
    )
    thresholds: dict[
        str,
        Annotated[
            list[ThresholdTable],
            BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
        ],
    ] = Field(
        {},
        description="By metric, with a filter if there is one; a rule or a list of rules.",
        examples=[{"http_req_duration": "p(95) < 500ms"}],
    )
    baseline: str = Field(
        "",
        description="What the run is held to while it goes on: a baseline, see docs/comparison.md.",
        examples=["main"],
    )
    budgets: list[str] = Field(
        [],
        description="By how much it may be worse than that before the run fails.",
        examples=[["p95 +5%", "errors +0.1%"]],
    )
    against: AgainstTable | None = Field(None, description="A second target to compare with.")
    alerts: list[AlertTable] = Field(
        [],
        description="Each under [[alerts]]: what must not be, and who is told.",
        examples=[["usual"]],
    )
    store: StoreTable = Field(default_factory=StoreTable, description="What is kept of the run.")
    limits: LimitsTable = Field(default_factory=LimitsTable, description="Guard rails.")
    prices: dict[str, PriceTable] = Field(
        {},
        description="What one instance of the target costs, by type.",
        examples=[{"m5.large": "0.096 USD/h"}],
    )
    listen: ListenTable | None = Field(None, description="The control API beyond its socket.")
