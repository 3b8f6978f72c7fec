"""Proxies as people write them: one URL, with user and password in it; and back."""

from collections.abc import Iterable
from urllib.parse import SplitResult, quote, unquote, urlsplit

from vumeter.errors import UsageError
from vumeter.model.plan import Proxy, ProxyKind

_HINT = 'Write for example "http://user:password@127.0.0.1:3128" or "socks5h://127.0.0.1:1080".'
_LONGEST_BYTES = 255
"""Of a user's name and of a password in SOCKS5; longer ones are none anywhere."""


def proxy_of(url: str, direct: Iterable[str] = ()) -> Proxy:
    """
    Return the proxy at *url*.

    Args:
        url: Scheme, host and port, and maybe user and password, percent-encoded.
        direct: Hosts that are connected to without it.

    Raises:
        UsageError: *url* is not a proxy's. Nothing of it is quoted that may be a secret.

    >>> proxy_of("socks5h://ada:pa%3Ass@[::1]:1080").password
    'pa:ss'
    """
    parts = _parts(url)
    user, password = (
        None if each is None else unquote(each) for each in (parts.username, parts.password)
    )
    for text in (user, password):
        if text is not None and not 0 < len(text.encode()) <= _LONGEST_BYTES:
            raise UsageError("user and password of a proxy have 1 to 255 bytes.", hint=_HINT)
    if user is not None and ":" in user:
        raise UsageError("a user has no colon in its name.", hint=_HINT)
    return Proxy(
        kind=ProxyKind(parts.scheme),
        host=parts.hostname or "",
        port=parts.port or 0,
        user=user,
        password=password,
        direct_hosts=direct_hosts(direct),
    )


def direct_hosts(hosts: Iterable[str]) -> tuple[str, ...]:
    """Return *hosts* as a proxy keeps those that are connected to without it."""
    return tuple(host.lower().strip("[]") for host in hosts)


def url_of(proxy: Proxy) -> str:
    """Return the URL of *proxy*, with its password."""
    login = ""
    if proxy.user is not None:
        login = quote(proxy.user, safe="")
        if proxy.password is not None:
            # A star stands for what is not shown, and need not be quoted.
            login += ":" + quote(proxy.password, safe="*")
        login += "@"
    return f"{proxy.kind.value}://{login}{proxy.place}"


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError("that is no URL of a proxy.", hint=_HINT) from None
    if "://" not in url:
        raise UsageError("the URL of a proxy begins with a scheme.", hint=_HINT)
    if parts.scheme not in {kind.value for kind in ProxyKind}:
        known = ", ".join(f'"{kind.value}"' for kind in ProxyKind)
        raise UsageError(
            f'a proxy is not spoken with in "{parts.scheme}", but in {known}.', hint=_HINT
        )
    if not parts.hostname or not port:
        raise UsageError("the URL of a proxy names its host and its port.", hint=_HINT)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise UsageError("the URL of a proxy ends with its port.", hint=_HINT)
    return parts
