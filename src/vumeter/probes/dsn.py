"""
PostgreSQL connection strings: read as libpq reads them, and shown without their password.

Both of libpq's forms are understood, `postgresql://user:password@host/database?sslmode=require`
and `host=… user=… password=…`. What the string leaves out comes from libpq's variables
(PGHOST, PGUSER, PGPASSWORD, …) and `~/.pgpass`, which asyncpg reads.
"""

import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode

from vumeter.errors import ProbeError

_SCHEMES = ("postgresql", "postgres")
_PORT = 5432

_BASIC = frozenset({"host", "port", "user", "password", "dbname"})
# What goes to asyncpg as it stands.
_PASSED_ON = frozenset(
    {
        "passfile",
        "sslmode",
        "sslcert",
        "sslkey",
        "sslrootcert",
        "sslcrl",
        "sslpassword",
        "sslnegotiation",
        "service",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "target_session_attrs",
        "krbsrvname",
        "gsslib",
        "options",
    }
)
# What libpq's client side understands and this probe has no use for, or decides by itself.
_NOT_NEEDED = frozenset(
    {
        "application_name",
        "fallback_application_name",
        "client_encoding",
        "connect_timeout",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "gssencmode",
        "gssdelegation",
        "channel_binding",
        "require_auth",
        "require_peer",
        "requirepeer",
        "sslcompression",
        "sslsni",
        "sslcertmode",
        "load_balance_hosts",
        "min_protocol_version",
        "max_protocol_version",
        "replication",
    }
)
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_SYNONYMS = {"database": "dbname", "hostaddr": "host", "username": "user"}
_SECRET_KEY = re.compile(r"pass(?!file)|secret|token", re.IGNORECASE)
_PAIR = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)(?=\s|$)", re.DOTALL)
_PAIRS = re.compile(f"(?:{_PAIR.pattern})+", re.DOTALL)
_PASSWORD_TO_THE_END = re.compile(r"(\w*pass(?!file)\w*\s*=\s*).*", re.IGNORECASE | re.DOTALL)
_PLACE = r"(?:\[[^\]]*\]|[^][:/?#]*)(?::\d*)?"
_PLACES = re.compile(rf"{_PLACE}(?:,{_PLACE})*(?:[/?]|$)")
_EXAMPLE = "Write for example postgresql://user@localhost:5432/database."
_HIDDEN = "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dsn:
    """A connection string taken apart. What is `None` or empty is left to libpq's defaults."""

    hosts: tuple[str, ...] = ()
    """Names, addresses, or folders of Unix sockets, in the order in which they are tried."""
    ports: tuple[int, ...] = ()
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None
    options: dict[str, str] = field(default_factory=dict, repr=False)
    """sslmode, sslrootcert, passfile and the like."""

    @property
    def is_local(self) -> bool:
        """Whether the server can only be on this host: Unix socket or loopback, or no host."""
        return "service" not in self.options and all(_is_local(host) for host in self.hosts)

    def connect_arguments(self) -> dict[str, object]:
        """Return the keyword arguments that `asyncpg.connect` takes."""
        given = {
            "host": list(self.hosts),
            "port": list(self.ports) if len(self.ports) > 1 else next(iter(self.ports), None),
            "user": self.user,
            "password": self.password,
            "database": self.database,
        }
        arguments: dict[str, object] = {key: value for key, value in given.items() if value}
        if self.options:
            arguments["dsn"] = "postgresql://?" + urlencode(self.options, quote_via=quote)
        return arguments


def parse_dsn(text: str) -> Dsn:
    """
    Return *text* taken apart.

    Raises:
        ProbeError: It is neither of libpq's forms; the message never holds the password.

    >>> parse_dsn("postgresql://ann@db.example:6432/shop").hosts
    ('db.example',)
    """
    stripped = text.strip()
    before, separator, _ = stripped.partition("://")
    # After an equals sign it belongs to a value.
    if separator and "=" not in before:
        return _from_pairs(_url_pairs(stripped), text)
    return _from_pairs(_keyword_pairs(stripped), text)


def validate_dsn(text: str) -> None:
    """
    Check that *text* is a connection string that the probe can use; nothing is connected.

    Raises:
        ProbeError: It is not; the message says why.
    """
    parse_dsn(text)


def redacted(text: str) -> str:
    """
    Return *text* without its password, wherever that stands, also where *text* is malformed.

    >>> redacted("postgresql://ann:s3cret@db/shop?sslpassword=x&sslmode=require")
    'postgresql://ann:***@db/shop?sslpassword=***&sslmode=require'
    >>> redacted("host=db user=ann password='it''s'")
    'host=db user=ann password=***'
    """
    stripped = text.strip()
    scheme, separator, rest = stripped.partition("://")
    if scheme.lower() in _SCHEMES:
        return scheme + separator + _redacted_rest(rest)
    if _PAIRS.fullmatch(stripped) and all(_is_known(key) for key, _ in _PAIR.findall(stripped)):
        return _PAIR.sub(_redacted_pair, stripped)
    # Neither form: where the password ends cannot be told, so nothing after it is shown.
    return _redacted_rest(_PASSWORD_TO_THE_END.sub(rf"\1{_HIDDEN}", stripped))


def _redacted_rest(rest: str) -> str:
    # Up to the last "@" of all: a password may hold "/", "#" or "@" that nobody has encoded.
    userinfo, at, tail = rest.rpartition("@")
    if "?" in userinfo or not (at or _PLACES.match(tail)):
        # An "@" in a parameter, or a password whose "@host" was forgotten: where it begins and
        # ends cannot be told, and rather the host is lost from a message than the password shown.
        return re.split("[:/?#@]", rest, maxsplit=1)[0] + f":{_HIDDEN}"
    user, colon, _ = userinfo.partition(":")
    path, question, query = tail.partition("?")
    secret = colon and colon + _HIDDEN
    return user + secret + at + path + question + _redacted_query(query)


def _redacted_query(query: str) -> str:
    def shown(pair: str) -> str:
        key, equals, _ = pair.partition("=")
        return f"{key}{equals}{_HIDDEN}" if _SECRET_KEY.search(unquote(key)) else pair

    return "".join(part if part in "&;" else shown(part) for part in re.split("([&;])", query))


def _redacted_pair(match: re.Match[str]) -> str:
    whole, key, value = match[0], match[1], match[2]
    return whole[: len(whole) - len(value)] + _HIDDEN if _SECRET_KEY.search(key) else whole


def _url_pairs(text: str) -> list[tuple[str, str]]:
    scheme, _, rest = text.partition("://")
    if scheme.lower() not in _SCHEMES:
        raise ProbeError(
            f'"{redacted(text)}" does not begin with postgresql:// or postgres://.', hint=_EXAMPLE
        )
    match = re.fullmatch(r"(?:([^@/?#]*)@)?([^@/?#]*)(?:/([^@?#]*))?(?:\?([^#]*))?", rest)
    if match is None:
        raise ProbeError(
            f'"{redacted(text)}" cannot be read as a URL.',
            hint="Percent-encode special characters in the password: @ is %40, / is %2F, # is %23.",
        )
    userinfo, places, database, query = (part or "" for part in match.groups())
    user, _, password = userinfo.partition(":")
    hosts, ports = _hosts_and_ports(places, text)
    pairs = [("user", unquote(user)), ("password", unquote(password))]
    pairs += [("host", hosts), ("port", ports), ("dbname", unquote(database))]
    # An empty value in the query does not undo what stands before it.
    return [*pairs, *parse_qsl(query, keep_blank_values=True)]


def _hosts_and_ports(places: str, text: str) -> tuple[str, str]:
    hosts, ports = [], []
    for place in places.split(",") if places else ():
        match = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(\d*))?", place)
        if match is None:
            raise ProbeError(
                f'The host and port in "{redacted(text)}" cannot be read.', hint=_EXAMPLE
            )
        hosts.append(unquote(match[1].strip("[]")))
        ports.append(match[2] or "")
    # Without any port PGPORT counts; beside one that is given, libpq's own.
    listed = ",".join(port or str(_PORT) for port in ports) if any(ports) else ""
    return ",".join(hosts), listed


def _keyword_pairs(text: str) -> list[tuple[str, str]]:
    if not _PAIRS.fullmatch(text):
        raise ProbeError(f'"{redacted(text)}" is not a connection string.', hint=_EXAMPLE)
    return [(key, _unquoted(value)) for key, value in _PAIR.findall(text)]


def _unquoted(value: str) -> str:
    inner = value[1:-1] if value.startswith("'") else value
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)


def _from_pairs(pairs: list[tuple[str, str]], text: str) -> Dsn:
    values: dict[str, str] = {}
    for key, value in pairs:
        if not _is_known(key):
            raise ProbeError(
                f'"{key}" in "{redacted(text)}" is no parameter of PostgreSQL\'s connection '
                "strings.",
                hint="Remove it; TLS, for example, is asked for with sslmode=require.",
            )
        if value:
            values[_SYNONYMS.get(key, key)] = value
    for name in _FILES:
        if name in values and not Path(values[name]).is_file():
            raise ProbeError(
                f'There is no file "{values[name]}", which "{redacted(text)}" names as {name}.',
                hint="Give the path of a PEM file.",
            )
    listed = values.get("host") or ("" if "service" in values else os.environ.get("PGHOST", ""))
    hosts = tuple(host for host in listed.split(",") if host)
    return Dsn(
        hosts=hosts,
        ports=_ports(values.get("port", ""), hosts, text),
        user=values.get("user"),
        password=values.get("password"),
        database=values.get("dbname"),
        options={key: value for key, value in values.items() if key in _PASSED_ON},
    )


def _ports(listed: str, hosts: tuple[str, ...], text: str) -> tuple[int, ...]:
    numbers = listed.split(",") if listed else []
    if not all(number.isdecimal() and 0 < int(number) < 65536 for number in numbers):
        raise ProbeError(f'A port in "{redacted(text)}" is not a number from 1 to 65535.')
    if len(numbers) > 1 and len(numbers) != len(hosts):
        raise ProbeError(
            f'"{redacted(text)}" names {len(hosts)} hosts and {len(numbers)} ports.',
            hint="Give one port for all hosts, or one for each.",
        )
    return tuple(int(number) for number in numbers)


def _is_known(key: str) -> bool:
    return _SYNONYMS.get(key, key) in _BASIC | _PASSED_ON | _NOT_NEEDED


def _is_local(host: str) -> bool:
    if host.startswith(("/", "@")) or host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
