"""Turns what a script asks for into bytes; what came before is not worked out again."""

import re
from collections.abc import Mapping
from typing import Any

from vumeter.client.origin import Origin, origin_of
from vumeter.model.flow import USUAL_REDIRECTS
from vumeter.profiles.targets import request_name
from vumeter.script.call import (
    Call,
    Data,
    Manner,
    Params,
    absolute,
    body_of,
    path_of,
    with_params,
)

_MOST_KNOWN = 1000
_MOST_MANNERS = 4000
"""VUs that log in have headers of their own, and so have a manner each."""
_PLAIN_PATH = re.compile(r"/(?!/)[A-Za-z0-9/:?@!$&'()*+,;=._~-]*")
"""A path and query that stand in a request line as they are."""

_Known = tuple[str, str, str | None, float | None, int]
_Manner = tuple[str, Origin, float, int, str, tuple[str, ...]]


class Writer:
    """
    Writes the requests of one scenario, for all its VUs in a worker.

    Args:
        target: What paths are appended to.
        timeout_s: Of requests that do not say otherwise.
        keep_alive: Whether connections are to be kept.
    """

    def __init__(self, *, target: str, timeout_s: float, keep_alive: bool) -> None:
        self._target = target
        self._timeout_s = timeout_s
        self._keep_alive = keep_alive
        self.origin = origin_of(target)
        """Where paths lead."""
        self._base_path = "" if path_of(target) == "/" else path_of(target).rstrip("/")
        self._known: dict[_Known, tuple[Call, bytes]] = {}
        self.gets: dict[tuple[str, str | None], tuple[Call, bytes]] = {}
        """The latest of `get`, by URL and name."""
        self._manners: dict[_Manner, Manner] = {}

    def get(self, url: str, name: str | None) -> tuple[Call, bytes]:
        """Return a GET that is no more than its URL, and its bytes; keep them in `gets`."""
        found = self.written("GET", url, name, None, USUAL_REDIRECTS)
        if len(self.gets) >= _MOST_KNOWN:
            self.gets.clear()
        self.gets[url, name] = found
        return found

    def plain(
        self, method: str, url: str, name: str | None, timeout_s: float | None, redirects: int
    ) -> tuple[Call, bytes]:
        """Return a request that is no more than its URL, and its bytes: made once, kept a while."""
        key = (method, url, name, timeout_s, redirects)
        found = self._known.get(key)
        if found is None:
            found = self.written(method, url, name, timeout_s, redirects)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = found
        return found

    def written(
        self,
        method: str,
        url: str,
        name: str | None,
        timeout_s: float | None,
        redirects: int,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Data | None = None,
    ) -> tuple[Call, bytes]:
        """
        Return a request, and its bytes.

        Raises:
            ValueError: It cannot be sent as it stands.
        """
        origin, path = self._place(url, params)
        body, content_type = body_of(json, data)
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        own = () if headers is None else tuple([f"{n}: {v}" for n, v in headers.items()])
        key = (method, origin, limit_s, redirects, content_type, own)
        manner = self._manners.get(key)
        if manner is None:
            manner = Manner(
                method,
                origin,
                headers=headers,
                content_type=content_type,
                keep_alive=self._keep_alive,
                timeout_s=limit_s,
                redirects=redirects,
            )
            if len(self._manners) >= _MOST_MANNERS:
                self._manners.clear()
            self._manners[key] = manner
        call = manner.call(name or request_name(method, path))
        return call, manner.payload(path, body)

    def _place(self, url: str, params: Params | None) -> tuple[Origin, str]:
        """Return where *url* leads, and what stands in the request line for it."""
        if params is None and _PLAIN_PATH.fullmatch(url):
            return self.origin, self._base_path + url
        whole = with_params(absolute(self._target, url), params)
        return origin_of(whole), path_of(whole)
