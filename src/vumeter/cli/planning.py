"""From what was typed to a plan: every check that needs neither the network nor a process."""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

from msgspec import Struct

from vumeter.client.render import CONTROL, compiled
from vumeter.errors import UsageError
from vumeter.model.flow import USUAL_REDIRECTS, Request
from vumeter.model.plan import AUTO, MOST_VUS, Limits, Load, Plan, Scenario, ViewerLost
from vumeter.probes.dsn import validate_dsn
from vumeter.profiles.peaks import pool_for
from vumeter.stats.plaintext import plain
from vumeter.units import parse_count, parse_duration_s, parse_rate_per_s

DEFAULT_VUS = 10

NumberT = TypeVar("NumberT", int, float)

_NAME = re.compile(r"[0-9A-Za-z_.-]{1,40}")
_NOT_IN_NAMES = re.compile(r"[^0-9A-Za-z_.-]+")
_LONGEST_NAME = 40
_DEFAULT_LIMITS = Limits()
_MOST_WORKERS = 64
_URL_HINT = 'Write scheme, host and path, for example "http://localhost:8000/".'


class Wishes(Struct, frozen=True, kw_only=True):
    """The flags of `vumeter run`, as they were typed. `None`: not given."""

    url: str
    vus: str | None = None
    duration: str | None = None
    iterations: str | None = None
    rate: str | None = None
    method: str | None = None
    headers: tuple[str, ...] = ()
    body: str | None = None
    body_file: Path | None = None
    content_type: str | None = None
    accept: str | None = None
    auth: str | None = None
    timeout: str = "10s"
    redirects: int = USUAL_REDIRECTS
    no_cookies: bool = False
    insecure: bool = False
    disable_keepalive: bool = False
    cacert: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    server_name: str | None = None
    tls_minimum: str | None = None
    resolve: tuple[str, ...] = ()
    ipv4: bool = False
    ipv6: bool = False
    local_addresses: tuple[str, ...] = ()
    http_version: str | None = None
    proxy: str | None = None
    no_proxy: tuple[str, ...] = ()
    workers: int | str = 1
    pin_workers: bool = False
    max_vus: str | None = None
    max_rate: str | None = None
    allow_hosts: tuple[str, ...] = ()
    postgres: str | None = None
    name: str | None = None
    graceful_stop: str = "30s"
    dead_man: str = "5m"
    on_viewer_lost: ViewerLost = ViewerLost.CONTINUE


def is_profile(argument: str) -> bool:
    """
    Return whether the argument of `vumeter run` is a profile, not a URL.

    >>> is_profile("night.toml"), is_profile("http://localhost/x.toml")
    (True, False)
    """
    return "://" not in argument and (argument.endswith(".toml") or Path(argument).is_file())


def is_script(argument: str) -> bool:
    """
    Return whether the argument of `vumeter run` is a script.

    >>> is_script("shop.py"), is_script("http://localhost/shop.py")
    (True, False)
    """
    return "://" not in argument and argument.endswith(".py")


def plan(wishes: Wishes) -> Plan:
    """
    Return the plan that *wishes* describe.

    Raises:
        UsageError: A flag cannot be meant as it was given.
        ProbeError: The DSN is not one.
    """
    if wishes.postgres is not None:
        validate_dsn(wishes.postgres)
    limits = _limits(wishes)
    request = _request(wishes)
    # Once for its checks: what cannot be rendered must not be found out by a worker.
    if not compiled(request, keep_alive=True).is_constant:
        raise UsageError(
            '"{{…}}" stands for a variable, and one URL alone has none.',
            hint="Percent-encode the braces: %7B%7B and %7D%7D.",
        )
    return Plan(
        name=_name(wishes, request.url),
        scenarios=(
            Scenario(
                name="main",
                steps=(request,),
                load=_load(wishes, limits),
            ),
        ),
        limits=limits,
        workers=within_workers(wishes.workers),
        adds_workers=wishes.workers == AUTO,
        pins_workers=wishes.pin_workers,
        keep_alive=not wishes.disable_keepalive,
        verify_tls=not wishes.insecure,
        cookies=not wishes.no_cookies,
        graceful_stop_s=duration_s("--graceful-stop", wishes.graceful_stop, zero_is_fine=True),
        dead_man_s=duration_s("--dead-man", wishes.dead_man),
        on_viewer_lost=wishes.on_viewer_lost,
        postgres_dsn=wishes.postgres,
    )


# The target


def _request(wishes: Wishes) -> Request:
    url, credentials = _target(wishes.url)
    body = _body(wishes)
    method = wishes.method or ("GET" if body is None else "POST")
    if wishes.auth is not None and ":" not in wishes.auth:
        raise UsageError("--auth: there is no colon in it.", hint='Write "user:password".')
    headers = [_header(text) for text in wishes.headers]
    if wishes.auth or credentials:
        flag = "--auth" if wishes.auth else "The URL's user and password"
        token = base64.b64encode((wishes.auth or credentials).encode()).decode("ascii")
        headers.append(_own_header("Authorization", f"Basic {token}", flag, beside=headers))
    if wishes.content_type is not None:
        own = _own_header("Content-Type", wishes.content_type, "--content-type", beside=headers)
        headers.append(own)
    if wishes.accept is not None:
        headers.append(_own_header("Accept", wishes.accept, "--accept", beside=headers))
    return Request(
        name=f"{method.upper()} {urlsplit(url).path or '/'}",
        url=url,
        method=method.upper(),
        headers=tuple(headers),
        body=body or b"",
        timeout_s=duration_s("--timeout", wishes.timeout),
        redirects=wishes.redirects,
    )


def _target(url: str) -> tuple[str, str]:
    """Return the URL without credentials, and the credentials as "user:password", or nothing."""
    if "://" not in url:
        raise UsageError(f'"{url}" has no scheme.', hint=f"Did you mean http://{url} ?")
    if any(character.isspace() or not character.isprintable() for character in url):
        raise UsageError(f'"{url}" has a space in it.', hint="Write it as %20.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f'"{url}" is not a URL: {error}.', hint=_URL_HINT) from error
    if parts.scheme not in ("http", "https"):
        raise UsageError(
            f'"{url}": {parts.scheme} cannot be spoken.', hint="Load is sent by http or https."
        )
    if not parts.hostname or port == 0:
        raise UsageError(f'"{url}" names no host, or no port.', hint=_URL_HINT)
    credentials = ""
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    netloc = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=netloc, fragment="")), credentials


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError(
            f'"{text}" is not a header.', hint="Write name, colon and value: -H 'Accept: text/html'"
        )
    return name.strip(), _header_value("--header", name.strip(), value)


def _header_value(flag: str, name: str, text: str) -> str:
    value = text.strip(" \t")
    if control := CONTROL.search(value):
        raise UsageError(
            f'{flag}: the value of "{plain(name)}" has the control character'
            f" U+{ord(control[0]):04X} in it.",
            hint="Only a tab can be sent; encode what is binary, in base64 for example.",
        )
    return value


def _own_header(
    name: str, text: str, flag: str, *, beside: list[tuple[str, str]]
) -> tuple[str, str]:
    """Return the header that *flag* stands for, which nothing *beside* it may give as well."""
    if any(other.lower() == name.lower() for other, _ in beside):
        raise UsageError(
            f"{flag} and --header both give {name}, and one request has one.",
            hint="Leave one of them away.",
        )
    return name, _header_value(flag, name, text)


def _body(wishes: Wishes) -> bytes | None:
    if wishes.body is not None and wishes.body_file is not None:
        raise UsageError("--body and --body-file are given, and one request has one body.")
    if wishes.body_file is None:
        return None if wishes.body is None else wishes.body.encode()
    try:
        return wishes.body_file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"--body-file: {wishes.body_file} cannot be read: {error.strerror}."
        ) from error


def _name(wishes: Wishes, url: str) -> str:
    if wishes.name is not None:
        return run_name(wishes.name)
    return name_from(urlsplit(url).netloc)


def name_from(text: str) -> str:
    """
    Return a run's name that is like *text*.

    >>> name_from("localhost:8000")
    'localhost-8000'
    """
    return _NOT_IN_NAMES.sub("-", text).strip("-.")[:_LONGEST_NAME] or "run"


def run_name(text: str) -> str:
    """
    Return the name that --name gives a run.

    Raises:
        UsageError: *text* cannot be one.
    """
    if not _NAME.fullmatch(text) or text.startswith((".", "-")):
        raise UsageError(
            f'--name: "{text}" cannot be a run\'s name.',
            hint='Up to 40 letters, digits, "_", "." or "-", not beginning with "." or "-".',
        )
    return text


# The load


def _load(wishes: Wishes, limits: Limits) -> Load:
    rate = rate_per_s("--rate", wishes.rate) if wishes.rate is not None else None
    return Load(
        vus=_vus(wishes, limits, rate),
        rate_per_s=rate,
        iterations=count("--iterations", wishes.iterations) if wishes.iterations else None,
        duration_s=duration_s("--duration", wishes.duration) if wishes.duration else None,
    )


def _vus(wishes: Wishes, limits: Limits, rate: float | None) -> int:
    if wishes.vus is not None:
        return vus_count("--vus", wishes.vus)
    if rate is None:
        return min(DEFAULT_VUS, limits.max_vus)
    return min(limits.max_vus, pool_for(rate))


def _limits(wishes: Wishes) -> Limits:
    vus = vus_count("--vus", wishes.vus) if wishes.vus is not None else 0
    rate = rate_per_s("--rate", wishes.rate) if wishes.rate is not None else 0.0
    max_vus = max(_DEFAULT_LIMITS.max_vus, vus)
    max_rate = max(_DEFAULT_LIMITS.max_rate_per_s, rate)
    if wishes.max_vus is not None:
        max_vus = vus_count("--max-vus", wishes.max_vus)
    if wishes.max_rate is not None:
        max_rate = rate_per_s("--max-rate", wishes.max_rate)
    if vus > max_vus:
        raise UsageError(f"--vus {vus} is above --max-vus {max_vus}.")
    if rate > max_rate:
        raise UsageError(f"--rate {rate:g} is above --max-rate {max_rate:g}.")
    return Limits(
        max_vus=max_vus,
        max_rate_per_s=max_rate,
        floor_vus=min(_DEFAULT_LIMITS.floor_vus, max_vus),
        floor_rate_per_s=min(_DEFAULT_LIMITS.floor_rate_per_s, max_rate),
        allow_hosts=wishes.allow_hosts,
    )


# Numbers, with the name of the flag in every complaint


def count(flag: str, text: str) -> int:
    """
    Return the whole number, at least 1, that *flag* was given.

    Raises:
        UsageError: *text* is not one.
    """
    number = _parsed(flag, parse_count, text)
    if number < 1:
        raise UsageError(f"{flag} {text}: at least 1.")
    return number


def vus_count(flag: str, text: str) -> int:
    """
    Return the number of VUs that *flag* was given.

    Raises:
        UsageError: *text* is not one, or more than there can be.
    """
    number = count(flag, text)
    if number > MOST_VUS:
        raise UsageError(
            f"{flag} {text}: at most {MOST_VUS}.",
            hint="A VU waits for its answer before it goes on; for more requests, raise --rate.",
        )
    return number


def rate_per_s(flag: str, text: str) -> float:
    """
    Return the rate above 0 that *flag* was given.

    Raises:
        UsageError: *text* is not one.
    """
    rate = _parsed(flag, parse_rate_per_s, text)
    if rate <= 0:
        raise UsageError(f"{flag} {text}: above 0.")
    return rate


def duration_s(flag: str, text: str, *, zero_is_fine: bool = False) -> float:
    """
    Return the seconds that *flag* was given.

    Raises:
        UsageError: *text* is not a duration, or 0 where that makes no sense.
    """
    seconds = _parsed(flag, parse_duration_s, text)
    if seconds == 0 and not zero_is_fine:
        raise UsageError(f"{flag} {text}: above 0.")
    return seconds


def within_workers(number: int | str) -> int:
    """
    Return the number of worker processes that --workers gives; with `AUTO`, that at the start.

    Raises:
        UsageError: There cannot be so many, or it is no number.
    """
    if number == AUTO:
        return 1
    if not str(number).isdecimal() or not 1 <= int(number) <= _MOST_WORKERS:
        raise UsageError(
            f"--workers {number}: from 1 to {_MOST_WORKERS}.",
            hint=f'"{AUTO}" starts one, and adds more while one is the limit.',
        )
    return int(number)


def _parsed(flag: str, parse: Callable[[str], NumberT], text: str) -> NumberT:
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"{flag}: {error.message}", hint=error.hint) from error
