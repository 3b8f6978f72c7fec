"""URLs of a profile: put together, checked, and named."""

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

OPENING = re.compile(r"\{\{\s*(?=[A-Za-z_])")
EXPRESSION = re.compile(
    r"""\{\{\s*(?=[A-Za-z_])((?:"[^"]*"|'[^']*'|[^"'{}]|\{(?!\{)|\}(?!\}))*)\}\}""", re.DOTALL
)
"""What stands between two pairs of braces: filled in for each VU and iteration."""

LONGEST_URL = 16 * 1024

_HINT = 'Write scheme, host and path, for example "http://localhost:8000/".'
_LABEL = re.compile(r"[^A-Za-z0-9_.]+")
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ID_SEGMENT = re.compile(rf"(?<=/)(?:\d+|{_UUID}|[0-9a-fA-F]{{16,}})(?=/|$)")


def url_problem(url: str) -> tuple[str, str] | None:
    """Return what is wrong with *url* and what to do about it; `None` when it can be sent to."""
    if len(url) > LONGEST_URL:
        return f"a URL of {len(url)} characters is too long.", "Servers refuse more than 8,000."
    constant = EXPRESSION.sub("x", url)
    if "://" not in constant:
        return f'"{url}" has no scheme.', f'Did you mean "http://{url}"?'
    if any(character.isspace() or not character.isprintable() for character in constant):
        return f'"{url}" has a space in it.', "Write it as %20."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f'"{url}" is not a URL: {error}.', _HINT
    problem = None
    if "{{" in parts.netloc or "{{" in parts.scheme:
        problem = f'"{url}" has a {{{{…}}}} in its host.', "It may stand in the path and after it."
    elif parts.scheme not in ("http", "https"):
        problem = f'"{url}": {parts.scheme} cannot be spoken.', "Load is sent by http or https."
    elif not parts.hostname or port == 0:
        problem = f'"{url}" names no host, or no port.', _HINT
    return problem


def joined(target: str, path: str) -> str:
    """
    Return the URL of *path* under *target*.

    >>> joined("http://shop:8000/api/", "/orders?page=2")
    'http://shop:8000/api/orders?page=2'
    """
    return target.rstrip("/") + path


def with_query(url: str, query: Mapping[str, Sequence[str]]) -> str:
    """
    Return *url* with *query* appended, everything encoded but `{{…}}`.

    >>> with_query("http://shop/?a=1", {"q": ["x y", "{{word}}"]})
    'http://shop/?a=1&q=x%20y&q={{word}}'
    """
    if not query:
        return url
    pairs = "&".join(
        f"{_encoded(name, _quoted)}={_encoded(value, _quoted)}"
        for name, values in query.items()
        for value in values
    )
    before, mark, fragment = url.partition("#")
    return f"{before}{'&' if '?' in before else '?'}{pairs}{mark}{fragment}"


def form_body(form: Mapping[str, Sequence[str]]) -> str:
    """
    Return *form* as an HTML form is sent, everything encoded but `{{…}}`.

    >>> form_body({"user": ["a b"], "token": ["{{token}}"]})
    'user=a+b&token={{token}}'
    """
    return "&".join(
        f"{_encoded(name, quote_plus)}={_encoded(value, quote_plus)}"
        for name, values in form.items()
        for value in values
    )


def without_fragment(url: str) -> str:
    """Return *url* without what stands after `#`, which is never sent."""
    return urlunsplit(urlsplit(url)._replace(fragment="")) if "#" in url else url


def request_name(method: str, url: str) -> str:
    """
    Return the name of a request that was given none: method and path, without identifiers.

    >>> request_name("GET", "http://shop/orders/4711/items/{{item}}?page=2")
    'GET /orders/{id}/items/{item}'
    """
    path = EXPRESSION.sub(lambda match: f"{{{_LABEL.sub('-', match[1].strip())}}}", url)
    path = urlsplit(path).path or "/"
    return f"{method} {_ID_SEGMENT.sub('{id}', path)}"


def _encoded(text: str, encode: Callable[[str], str]) -> str:
    pieces: list[str] = []
    end = 0
    for match in EXPRESSION.finditer(text):
        pieces += (encode(text[end : match.start()]), match[0])
        end = match.end()
    return "".join((*pieces, encode(text[end:])))


def _quoted(text: str) -> str:
    return quote(text, safe="")
