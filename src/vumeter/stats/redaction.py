"""
Taking secrets out of whatever leaves a run: its plan, and text that may quote one.

The rule for a plan is to keep only what is known to be harmless: header values but of the
few headers listed here, bodies, query values and the database's DSN all go. For text there
are two nets: the plan's own secrets, to the letter, and patterns of what secrets look like.
"""

import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TypeVar, cast
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

from msgspec import Struct
from msgspec.structs import replace

from vumeter.model.alert import Alert
from vumeter.model.flow import Request, with_requests
from vumeter.model.plan import Plan, Procedure, Scenario, Transport, Variants
from vumeter.model.watched import (
    AgentMonitor,
    Monitor,
    PgBouncerMonitor,
    ProcessMonitor,
    PrometheusMonitor,
    RedisMonitor,
)

REDACTED = "***"

ValueT = TypeVar("ValueT")

HARMLESS_HEADERS = frozenset(
    {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-type",
        "host",
        "user-agent",
    }
)
"""The only headers whose values a report, a viewer or a log may show."""

_SHORTEST_SECRET = 6
"""Shorter values ("true", "1") would be found in innocent text; patterns must do for them."""

_SECRET_WORD = (
    r"passw|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|auth(?!or)|"
    r"signature|session|credential|cookie"
)
_PATTERNS = (
    (re.compile(r"(://[^\s/:@]*):[^\s/@]*@"), rf"\1:{REDACTED}@"),
    (
        re.compile(
            r"\b((?:proxy-)?authorization|(?:set-)?cookie|[\w-]*(?:token|secret|api-?key))"
            r"(\s*:\s*)[^\r\n]+",
            re.IGNORECASE,
        ),
        rf"\1\2{REDACTED}",
    ),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (
        # As in a query or a connection string: password=…, api_key=…, sig=….
        re.compile(
            rf"(\b[\w.-]*(?:{_SECRET_WORD})[\w.-]*|\bkey|\bsig)(\s?=\s?)('[^']*'|[^\s&#;]+)",
            re.IGNORECASE,
        ),
        rf"\1\2{REDACTED}",
    ),
    (
        # As in JSON: "password": "…".
        re.compile(rf'("[\w.-]*(?:{_SECRET_WORD})[\w.-]*"\s*:\s*)"[^"]*"', re.IGNORECASE),
        rf'\1"{REDACTED}"',
    ),
)
_DSN_PASSWORD = re.compile(r"password\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&]+)", re.IGNORECASE)


class Redactor:
    """Knows the secrets of one plan, and takes them out of it and of any text."""

    def __init__(self, plan: Plan) -> None:
        secrets = {secret for secret in _secrets(plan) if len(secret) >= _SHORTEST_SECRET}
        # What a profile calls secret is one, however short.
        secrets |= _both_spellings(set(filter(None, plan.secrets)))
        # Longest first: a secret may be the beginning of another one.
        alternatives = "|".join(re.escape(each) for each in sorted(secrets, key=len, reverse=True))
        self._known = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)") if secrets else None
        self.plan: Plan = without_secrets(plan)
        """The plan as it may be shown to anybody."""
        self._learned: tuple[str, ...] = ()

    def learn(self, values: Iterable[str]) -> None:
        """Take *values* for secrets, too: what setup has come by, a token as likely as not."""
        long = {value for value in values if len(value) >= _SHORTEST_SECRET}
        self._learned = tuple(sorted(long, key=len, reverse=True))

    def text(self, text: str) -> str:
        """Return *text* with each secret replaced by `REDACTED`."""
        for value in self._learned:
            if value in text:
                text = text.replace(value, REDACTED)
        return self.name(text)

    def name(self, text: str) -> str:
        """
        Return the name of a request or a check without the secrets that the plan has.

        A name is written down before a run, and stays the same in all of its figures: what
        is learned in mid-run, a word like "europe" perhaps, does not change it.
        """
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        return _without_patterns(text)

    def texts(self, value: ValueT) -> ValueT:
        """Return *value* with each secret replaced in every text that is anywhere in it."""
        return _with_texts(value, self.text)


def without_secrets(plan: Plan) -> Plan:
    """Return *plan* without header values, bodies, query values, passwords, DSN and webhooks."""
    for secret in sorted(filter(None, plan.secrets), key=len, reverse=True):
        plan = _without(secret, plan)
    return replace(
        plan,
        secrets=(),
        scenarios=tuple(_shown_scenario(scenario) for scenario in plan.scenarios),
        transport=_shown_transport(plan.transport),
        setup=_shown_procedure(plan.setup),
        teardown=_shown_procedure(plan.teardown),
        postgres_dsn=None if plan.postgres_dsn is None else REDACTED,
        postgres_more=tuple((name, REDACTED) for name, _ in plan.postgres_more),
        monitors=tuple(map(_shown_monitor, plan.monitors)),
        # Rows may be anybody's e-mail addresses and passwords; columns' names are not.
        variants=_shown_variants(plan.variants),
        feeders=tuple(replace(feeder, rows=()) for feeder in plan.feeders),
        alerts=tuple(map(_shown_alert, plan.alerts)),
    )


def _without_patterns(text: str) -> str:
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _without(secret: str, value: ValueT) -> ValueT:
    """Return *value* with *secret* replaced in every text that is anywhere in it."""
    return _with_texts(value, lambda text: text.replace(secret, REDACTED))


def _with_texts(value: ValueT, change: Callable[[str], str]) -> ValueT:
    match value:
        case Enum():
            changed: object = value
        case str():
            changed = change(value)
        case tuple():
            changed = tuple(_with_texts(each, change) for each in value)
        case Struct():
            fields = {name: getattr(value, name) for name in value.__struct_fields__}
            changed = replace(
                value, **{name: _with_texts(each, change) for name, each in fields.items()}
            )
        case _:
            changed = value
    return cast(ValueT, changed)


def _shown_scenario(scenario: Scenario) -> Scenario:
    return replace(
        scenario,
        steps=with_requests(scenario.steps, _shown_request),
        on_start=with_requests(scenario.on_start, _shown_request),
        on_stop=with_requests(scenario.on_stop, _shown_request),
    )


def _shown_variants(variants: Variants | None) -> Variants | None:
    if variants is None:
        return None
    return replace(
        variants,
        against=_shown_url(variants.against),
        scenarios=tuple(map(_shown_scenario, variants.scenarios)),
    )


def _shown_transport(transport: Transport) -> Transport:
    proxy = transport.proxy
    if proxy is None or proxy.password is None:
        return transport
    return replace(transport, proxy=replace(proxy, password=REDACTED))


def _shown_procedure(procedure: Procedure | None) -> Procedure | None:
    if procedure is None:
        return None
    return replace(procedure, steps=with_requests(procedure.steps, _shown_request))


def _shown_request(request: Request) -> Request:
    return replace(
        request,
        url=_shown_url(request.url),
        headers=tuple(
            (name, value if name.lower() in HARMLESS_HEADERS else REDACTED)
            for name, value in request.headers
        ),
        body=b"",
    )


def _shown_monitor(monitor: Monitor) -> Monitor:
    match monitor:
        case ProcessMonitor():
            return monitor
        case RedisMonitor() | PgBouncerMonitor():
            return replace(monitor, url=_shown_address(monitor.url))
        case AgentMonitor():
            return replace(monitor, token=REDACTED)
        case PrometheusMonitor():
            token = None if monitor.token is None else REDACTED
            return replace(monitor, url=_shown_address(monitor.url), token=token)


def _shown_address(url: str) -> str:
    """Return *url* with what stands before its host, and behind its path, taken out."""
    parts = _split(url)
    login = f"{REDACTED}@" if parts.username is not None or parts.password is not None else ""
    bare = _shown_url(url)
    return bare.replace("://", f"://{login}", 1)


def _monitor_secrets(monitor: Monitor) -> set[str]:
    if isinstance(monitor, ProcessMonitor):
        return set()
    query = parse_qsl(_split(monitor.url).query)
    found = _userinfo_secrets(monitor.url) | {value for name, value in query if "pass" in name}
    token = getattr(monitor, "token", None)
    return _both_spellings(found | ({token} if token else set()))


def _shown_alert(alert: Alert) -> Alert:
    return replace(
        alert,
        command=tuple(_without_patterns(word) for word in alert.command),
        webhook=None if alert.webhook is None else _shown_webhook(alert.webhook),
    )


def _shown_webhook(url: str) -> str:
    """Return where *url* goes, without what lets anybody who knows it in."""
    parts = _split(url)
    # A URL that is a secret as a whole has been taken out by now.
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/" if parts.netloc else ""
    return place + REDACTED


def _shown_url(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(
        parts._replace(
            netloc=parts.netloc.rpartition("@")[2],
            query="&".join(
                f"{name}={REDACTED}" if equals else name
                for name, equals, _ in (pair.partition("=") for pair in parts.query.split("&"))
            ),
            fragment="",
        )
    )


def _secrets(plan: Plan) -> set[str]:
    found = _dsn_secrets(plan.postgres_dsn) if plan.postgres_dsn else set()
    for _, dsn in plan.postgres_more:
        found |= _dsn_secrets(dsn)
    if plan.transport.proxy is not None:
        found |= _both_spellings({plan.transport.proxy.password or ""} - {""})
    for request in plan.requests:
        found |= _request_secrets(request)
    for monitor in plan.monitors:
        found |= _monitor_secrets(monitor)
    for alert in plan.alerts:
        found |= _webhook_secrets(alert.webhook) if alert.webhook else set()
    return found


def _webhook_secrets(url: str) -> set[str]:
    parts = _split(url)
    # A path is quoted with its slash, or without.
    found = {url, parts.path, parts.path.strip("/"), parts.query}
    return _both_spellings(found | _userinfo_secrets(url))


def _dsn_secrets(dsn: str) -> set[str]:
    passwords = {match[1].strip("'") for match in _DSN_PASSWORD.finditer(dsn)}
    return {dsn} | _both_spellings(passwords | _userinfo_secrets(dsn))


def _request_secrets(request: Request) -> set[str]:
    found = _userinfo_secrets(request.url)
    for name, value in request.headers:
        if name.lower() not in HARMLESS_HEADERS:
            # "Bearer abc" is quoted whole, or only its last word; cookies pair by pair.
            found |= {value, value.rpartition(" ")[2]}
            found |= {pair.rpartition("=")[2] for pair in value.split("; ")}
    return _both_spellings(found)


def _userinfo_secrets(url: str) -> set[str]:
    netloc = _split(url).netloc
    password = netloc.rpartition("@")[0].partition(":")[2]
    return {password} if password else set()


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        # Not a URL that anything could be connected to; taken whole as a secret elsewhere.
        return SplitResult("", "", "", "", "")


def _both_spellings(secrets: set[str]) -> set[str]:
    return secrets | {unquote(secret) for secret in secrets}
