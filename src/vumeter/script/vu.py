"""The virtual user, as a script sees it."""

import random
from collections.abc import Awaitable, Coroutine, Mapping
from typing import Any, Protocol

from vumeter.model.flow import USUAL_REDIRECTS
from vumeter.script.call import Call, Data, Params
from vumeter.script.response import RequestFailed, Response
from vumeter.script.writer import Writer


class Actor(Protocol):
    """Who does what a script asks for: the engine's side of a VU."""

    number: int

    @property
    def iteration(self) -> int:
        """Its present one, from 0."""

    @property
    def rng(self) -> random.Random:
        """Its own chance."""

    def call(self, call: Call, payload: bytes) -> Awaitable[Response]:
        """Send *payload*, and return what became of it."""

    def pause(self, wait_s: float) -> Coroutine[Any, Any, None]:
        """Do nothing for a while."""

    @property
    def checks(self) -> dict[str, list[int]]:
        """How often each check has passed and failed, of requests called as the last one is."""


class Vu:
    """
    One virtual user. It sends one request at a time, over connections of its own.

    A request that fails is counted and returned; it raises only where that is asked for.
    """

    __slots__ = ("_actor", "_gets", "_random", "_writer", "data", "vars")

    def __init__(self, actor: Actor, writer: Writer, *, data: Any = None) -> None:
        self._actor = actor
        self._writer = writer
        self._gets = writer.gets
        self._random: random.Random | None = None
        self.vars: dict[str, Any] = {}
        """What this VU keeps from one iteration to the next."""
        self.data: Any = data
        """What setup has returned, read-only and the same for all; `None`: there is none."""

    @property
    def id(self) -> int:
        """From 1, over all workers; 0 in setup and in teardown."""
        return self._actor.number

    @property
    def iteration(self) -> int:
        """From 0; −1 while on_start runs for the first time."""
        return self._actor.iteration

    @property
    def random(self) -> random.Random:
        """Chance that is the same in every run, for each VU its own."""
        if self._random is None:
            self._random = self._actor.rng
        return self._random

    def check(self, name: str, passed: object) -> bool:
        """Count whether something is as it should be, and return that."""
        try:
            outcomes = self._actor.checks[name]
        except KeyError:
            outcomes = self._actor.checks[name] = [0, 0]
        if passed:
            outcomes[0] += 1
            return True
        outcomes[1] += 1
        return False

    def think(self, first_s: float, second_s: float | None = None) -> Coroutine[Any, Any, None]:
        """Pause so long, or for a time between the two, drawn evenly."""
        wait_s = first_s
        if second_s is not None:
            wait_s += (second_s - first_s) * self._actor.rng.random()
        return self._actor.pause(wait_s)

    async def get(self, url: str, *, name: str | None = None, **options: Any) -> Response:
        """Send a GET; all options are those of `request`."""
        if options:
            return await self.request("GET", url, name=name, **options)
        # Most requests are no more than this; to bind the options of `request` costs as much.
        try:
            call, payload = self._gets[url, name]
        except KeyError:
            call, payload = self._writer.get(url, name)
        return await self._actor.call(call, payload)

    def post(self, url: str, **options: Any) -> Coroutine[Any, Any, Response]:
        """Send a POST."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> Coroutine[Any, Any, Response]:
        """Send a PUT."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> Coroutine[Any, Any, Response]:
        """Send a PATCH."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> Coroutine[Any, Any, Response]:
        """Send a DELETE."""
        return self.request("DELETE", url, **options)

    async def request(
        self,
        method: str,
        url: str,
        *,
        name: str | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Data | None = None,
        timeout: float | None = None,
        redirects: int = USUAL_REDIRECTS,
        raises: bool = False,
    ) -> Response:
        """
        Send a request, and return what became of it.

        Args:
            method: GET, POST, …
            url: A path below the target, or a whole URL.
            name: What it is counted under; without one, method and path, with numbers and UUIDs
                in it as `{id}`.
            params: Added to the query.
            headers: By name.
            json: The body, to be written as JSON.
            data: The body: a mapping is a form, text and bytes are sent as they are.
            timeout: In seconds, from sending to the last byte.
            redirects: How many are followed at most.
            raises: Whether a failure is an exception.

        Raises:
            RequestFailed: It failed, and *raises* is true.
            ValueError: It cannot be sent as it stands.
        """
        if params is None and headers is None and json is None and data is None:
            call, payload = self._writer.plain(method, url, name, timeout, redirects)
        else:
            call, payload = self._writer.written(
                method,
                url,
                name,
                timeout,
                redirects,
                params=params,
                headers=headers,
                json=json,
                data=data,
            )
        response = await self._actor.call(call, payload)
        if raises and response.error is not None:
            raise RequestFailed(call.name, response)
        return response
