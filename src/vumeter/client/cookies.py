"""
A VU's cookies, by RFC 6265: what a target may set, and where it is sent back to.

Of the RFC, lists of public suffixes are left out: `Domain=co.uk` is believed, where a browser
would refuse it. One label alone (`Domain=com`) is not.
"""

import ipaddress
import re
from calendar import timegm
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from vumeter.client.origin import Origin
from vumeter.clock import NANOSECONDS_PER_S, unix_ms

COOKIE_LIMIT = 100
"""Of one VU; the oldest make room for new ones."""
JAR_LIMIT_BYTES = 16_384
"""Of all names, values, domains and paths of one VU: 10,000 VUs must fit into memory."""
COOKIE_LIMIT_BYTES = 4096
"""Of one name and value; a longer one is not kept, as in browsers."""
_LONGEST_LINE_BYTES = 8192
_KEPT_LINES = 1024
_MOST_HEADERS = 64
_LONGEST_AGE_S = 400 * 86_400
"""Cookies live for at most 400 days, in browsers too; larger numbers overflow no clock here."""

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_AGE = re.compile(rb"-?[0-9]+")
_DATE_DELIMITERS = re.compile(rb"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(rb"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[^0-9].*)?")
_DAY = re.compile(rb"([0-9]{1,2})(?:[^0-9].*)?")
_YEAR = re.compile(rb"([0-9]{2,4})(?:[^0-9].*)?")
_MONTHS = b"jan feb mar apr may jun jul aug sep oct nov dec".split()


class SetCookie(NamedTuple):
    """One `Set-Cookie` header, as it was understood."""

    name: bytes
    value: bytes
    domain: str = ""
    """Without its leading dot; empty: for the host that set it, and no other."""
    path: bytes = b""
    """Empty: the folder of the request's path."""
    is_secure: bool = False
    max_age_s: int | None = None
    expires_unix_s: int | None = None


@lru_cache(maxsize=_KEPT_LINES)
def parsed(line: bytes) -> SetCookie | None:
    """
    Return what *line*, the value of a `Set-Cookie` header, sets; `None` when it is to be ignored.

    RFC 6265, 5.2. Kept for the lines that came last, for most answers set what others did.

    >>> parsed(b"id=7; Path=/shop; Secure")
    SetCookie(name=b'id', value=b'7', domain='', path=b'/shop', is_secure=True, \
max_age_s=None, expires_unix_s=None)
    """
    pair, *attributes = line.split(b";")
    name, equals, value = (part.strip(b" \t") for part in pair.partition(b"="))
    if not equals or not name or len(name) + len(value) > COOKIE_LIMIT_BYTES:
        return None
    if _CONTROL.search(pair):
        return None
    cookie = SetCookie(name, value)
    for attribute in attributes:
        key, _, text = (part.strip(b" \t") for part in attribute.partition(b"="))
        cookie = _with(cookie, key.lower(), text)
    return cookie


def _with(cookie: SetCookie, key: bytes, text: bytes) -> SetCookie:
    """Return *cookie* with one more attribute; the last of several of one name holds."""
    match key:
        case b"domain" if text:
            return cookie._replace(domain=text.removeprefix(b".").decode("latin-1").lower())
        case b"path":
            is_path = text.startswith(b"/") and not _CONTROL.search(text)
            return cookie._replace(path=text if is_path else b"")
        case b"secure":
            return cookie._replace(is_secure=True)
        case b"max-age" if _MAX_AGE.fullmatch(text):
            # Cut before int(), which refuses thousands of digits; the sign stays.
            return cookie._replace(max_age_s=int(text[:18]))
        case b"expires":
            expires_unix_s = date_unix_s(text)
            if expires_unix_s is not None:
                return cookie._replace(expires_unix_s=expires_unix_s)
    return cookie


def date_unix_s(text: bytes) -> int | None:
    """
    Return the time that a cookie's date means; `None` when it is none. RFC 6265, 5.1.1.

    >>> date_unix_s(b"Wed, 21-Oct-2015 07:28:00 GMT")
    1445412480
    """
    time: tuple[int, ...] | None = None
    day = month = year = None
    for token in _DATE_DELIMITERS.split(text):
        if time is None and (found := _TIME.fullmatch(token)):
            time = (int(found[1]), int(found[2]), int(found[3]))
        elif day is None and (found := _DAY.fullmatch(token)):
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := _YEAR.fullmatch(token)):
            year = int(found[1])
    if time is None or day is None or month is None or year is None:
        return None
    year += 1900 if 70 <= year <= 99 else 2000 if year <= 69 else 0
    hour, minute, second = time
    if not 1 <= day <= 31 or year < 1601 or hour > 23 or minute > 59 or second > 59:
        return None
    return timegm((year, month, day, hour, minute, second))


class _Cookie(NamedTuple):
    value: bytes
    is_host_only: bool
    is_secure: bool
    until_ns: int | None
    """`None`: it lives as long as its VU."""


class _Key(NamedTuple):
    domain: str
    path: bytes
    name: bytes


class CookieJar:
    """The cookies of one VU: bounded in number and in bytes, whatever the targets set."""

    __slots__ = ("_bytes", "_cookies", "_earliest_ns", "_headers", "is_news")

    def __init__(self) -> None:
        # In the order of creation, which a later value of the same cookie does not change.
        self._cookies: dict[_Key, _Cookie] = {}
        self._bytes = 0
        self._headers: dict[tuple[Origin, bytes], bytes] = {}
        """What was found for an origin and a path, while nothing changes."""
        self._earliest_ns: int | None = None
        """When the first cookie expires."""
        self.is_news = False
        """Whether it has changed since `header` was asked for last."""

    def take(self, lines: Iterable[bytes], *, origin: Origin, path: bytes, now_ns: int) -> None:
        """Keep what the `Set-Cookie` *lines* of an answer to *path* at *origin* set."""
        host = _canonical(origin.host)
        for line in lines:
            cookie = parsed(line) if len(line) <= _LONGEST_LINE_BYTES else None
            if cookie is not None:
                self._set(cookie, host=host, path=path, now_ns=now_ns)

    def header(self, origin: Origin, path: bytes, *, now_ns: int) -> bytes:
        """Return the value of the Cookie header of a request; empty when there is none."""
        if self._earliest_ns is not None and self._earliest_ns <= now_ns:
            self._drop_expired(now_ns)
        self.is_news = False
        path = path.partition(b"?")[0]
        header = self._headers.get((origin, path))
        if header is None:
            if len(self._headers) >= _MOST_HEADERS:
                self._headers.clear()
            header = self._headers[origin, path] = self._found(origin, path)
        return header

    def _found(self, origin: Origin, path: bytes) -> bytes:
        host = _canonical(origin.host)
        fitting = [
            (key, cookie)
            for key, cookie in self._cookies.items()
            if (origin.is_tls or not cookie.is_secure)
            and (host == key.domain if cookie.is_host_only else domain_matches(host, key.domain))
            and path_matches(path, key.path)
        ]
        # Longer paths first; the sort is stable, so that of equal ones the older is first.
        fitting.sort(key=lambda found: -len(found[0].path))
        return b"; ".join(b"%b=%b" % (key.name, cookie.value) for key, cookie in fitting)

    def _set(self, cookie: SetCookie, *, host: str, path: bytes, now_ns: int) -> None:
        domain = cookie.domain
        if domain and not (domain == host or ("." in domain and domain_matches(host, domain))):
            return
        key = _Key(domain or host, cookie.path or folder_of(path), cookie.name)
        until_ns = _until_ns(cookie, now_ns)
        if until_ns is not None and until_ns <= now_ns:
            self._remove(key)
            return
        kept = _Cookie(cookie.value, not domain, cookie.is_secure, until_ns)
        before = self._cookies.get(key)
        if before == kept:
            return
        self._note_change()
        self._cookies[key] = kept
        self._bytes += _size(key, kept) - (0 if before is None else _size(key, before))
        if until_ns is not None:
            self._earliest_ns = min(until_ns, self._earliest_ns or until_ns)
        while len(self._cookies) > COOKIE_LIMIT or self._bytes > JAR_LIMIT_BYTES:
            self._remove(next(iter(self._cookies)))

    def _remove(self, key: _Key) -> None:
        cookie = self._cookies.pop(key, None)
        if cookie is not None:
            self._bytes -= _size(key, cookie)
            self._note_change()

    def _note_change(self) -> None:
        self._headers.clear()
        self.is_news = True

    def _drop_expired(self, now_ns: int) -> None:
        ends = {key: cookie.until_ns for key, cookie in self._cookies.items()}
        for key, until_ns in ends.items():
            if until_ns is not None and until_ns <= now_ns:
                self._remove(key)
        left = [cookie.until_ns for cookie in self._cookies.values()]
        self._earliest_ns = min((end for end in left if end is not None), default=None)


def domain_matches(host: str, domain: str) -> bool:
    """
    Return whether a cookie of *domain* may go to *host*. RFC 6265, 5.1.3.

    >>> domain_matches("www.shop.example", "shop.example"), domain_matches("127.0.0.1", "0.0.1")
    (True, False)
    """
    return host == domain or (host.endswith("." + domain) and not _is_address(host))


def path_matches(path: bytes, folder: bytes) -> bool:
    """
    Return whether a cookie of *folder* may go with *path*. RFC 6265, 5.1.4.

    >>> path_matches(b"/shop/cart", b"/shop"), path_matches(b"/shopping", b"/shop")
    (True, False)
    """
    if path == folder:
        return True
    return path.startswith(folder) and (folder.endswith(b"/") or path[len(folder)] == ord("/"))


def folder_of(path: bytes) -> bytes:
    """
    Return the path of a cookie that was set without one. RFC 6265, 5.1.4.

    >>> folder_of(b"/shop/cart?item=7")
    b'/shop'
    """
    folder = path.partition(b"?")[0].rpartition(b"/")[0]
    return folder if folder.startswith(b"/") else b"/"


def _until_ns(cookie: SetCookie, now_ns: int) -> int | None:
    """Return the end of *cookie* by our own clock, which does not jump; Max-Age goes first."""
    if cookie.max_age_s is not None:
        left_s: float = cookie.max_age_s
    elif cookie.expires_unix_s is not None:
        left_s = cookie.expires_unix_s - unix_ms() / 1000
    else:
        return None
    return now_ns + round(min(left_s, _LONGEST_AGE_S) * NANOSECONDS_PER_S)


def _size(key: _Key, cookie: _Cookie) -> int:
    return len(key.domain) + len(key.path) + len(key.name) + len(cookie.value)


def _canonical(host: str) -> str:
    """Return *host* as it is compared: in lower case, beyond ASCII in its IDNA form."""
    return host.lower() if host.isascii() else host.encode("idna").decode("ascii")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
