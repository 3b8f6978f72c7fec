"""What a browser is answered: the way in, one page, its terminal, and the files for it."""

import importlib.util
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import web

from vumeter.clock import monotonic_ns
from vumeter.errors import UsageError, VumeterError
from vumeter.model.plan import Listen
from vumeter.run.doorkeeper import Complaints, Refusal, refusal_of_page
from vumeter.run.doors import server_tls, tcp_sockets
from vumeter.run.reception import Reception
from vumeter.web import pages
from vumeter.web.bridge import Bridge, environment_of_browsers
from vumeter.web.rights import Right, Tickets

MOST_BROWSERS = 16
"""At the same time: each has a process of its own."""

HEARTBEAT_S = 15.0
"""How often a browser is asked whether it is still there."""

PATIENCE_S = 60.0
"""How long a connection without a token may last: the terminal's files are half a megabyte."""

_LARGEST_BODY_BYTES = 16 * 1024
_WRONG = Refusal(401, "that is not the token")
_HEADERS = {
    "Content-Security-Policy": pages.POLICY,
    "Cache-Control": "no-store",
    # Nothing at all would make the origin of our own form "null".
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Site:
    """
    The cockpit of one run, for browsers. Use once: `serve`.

    Args:
        run: What the run is called.
        listen: Where browsers come in.
        tickets: Which know the tokens.
        command: Returns the process that is the cockpit for a right, and a viewer's name.
        check: Raises a VumeterError when the run cannot be watched now.
        tell: Called with what there is to say to whoever serves.

    Raises:
        UsageError: What a terminal in a page needs is not installed.
    """

    def __init__(
        self,
        run: str,
        listen: Listen,
        *,
        tickets: Tickets,
        command: Callable[[Right, str], Sequence[str]],
        check: Callable[[], Awaitable[None]],
        tell: Callable[[str], None],
    ) -> None:
        self._run = run
        self._listen = listen
        self._tickets = tickets
        self._command = command
        self._check = check
        self._tell = tell
        self._complaints = Complaints()
        self._browsers = 0
        self._came = 0
        self._reception: Reception | None = None
        self._app = web.Application(middlewares=[self._guard], client_max_size=_LARGEST_BODY_BYTES)
        self._app.add_routes(
            [
                web.get("/", self._entrance),
                web.post("/", self._enter),
                web.get("/terminal/{ticket}", self._terminal),
                web.get("/focus.js", _focus),
                web.static("/static", _static_files()),
            ]
        )
        self._app.on_response_prepare.append(_say_headers)

    async def serve(self, on_open: Callable[[str], None]) -> None:
        """
        Let browsers in until this is cancelled; *on_open* is told at which address.

        Raises:
            UsageError: It cannot be listened on.
        """
        tls = server_tls(self._listen)
        listeners = await tcp_sockets(self._listen)
        runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            assert runner.server is not None, "it was set up"
            self._reception = Reception(
                listeners, runner.server, tls=tls, tell=self._tell, patience_s=PATIENCE_S
            )
            host = f"[{self._listen.host}]" if ":" in self._listen.host else self._listen.host
            scheme = "http" if tls is None else "https"
            on_open(f"{scheme}://{host}:{listeners[0].getsockname()[1]}/")
            await self._reception.run()
        finally:
            await runner.cleanup()

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        refusal = refusal_of_page(request.host, request.headers.get("Origin"), listen=self._listen)
        if refusal is None:
            return await handler(request)
        self._complain(request, refusal)
        return web.Response(status=refusal.status, text=refusal.text)

    async def _entrance(self, _: web.Request) -> web.Response:
        return _html(pages.entrance(self._run))

    async def _enter(self, request: web.Request) -> web.Response:
        shown = (await request.post()).get("token")
        right = self._tickets.right_of(shown.strip()) if isinstance(shown, str) else None
        if right is None:
            self._complain(request, _WRONG)
            return _html(pages.entrance(self._run, refused="That is not the token."), status=401)
        self._know(request)
        try:
            await self._check()
        except VumeterError as error:
            return _html(pages.problem(self._run, error.message), status=503)
        ticket = self._tickets.issue(right, at_ns=monotonic_ns())
        scheme = "ws" if self._listen.certificate is None else "wss"
        url = f"{scheme}://{request.host}/terminal/{ticket}"
        return _html(pages.terminal(self._run, url=url))

    async def _terminal(self, request: web.Request) -> web.StreamResponse:
        right = self._tickets.redeem(request.match_info["ticket"], at_ns=monotonic_ns())
        # No page of ours is without an origin here: a program has the control API.
        if right is None or request.headers.get("Origin") is None:
            raise web.HTTPForbidden(text="this ticket is void: open the page anew")
        if self._browsers >= MOST_BROWSERS:
            raise web.HTTPServiceUnavailable(text=f"{MOST_BROWSERS} browsers are here already")
        self._know(request)
        browser = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=_LARGEST_BODY_BYTES, compress=False
        )
        self._browsers += 1
        self._came += 1
        try:
            await browser.prepare(request)
            command = self._command(right, f"browser-{self._came}")
            size = _number(request, "width", 80), _number(request, "height", 24)
            await Bridge(browser, command, environment_of_browsers(), size=size).run()
        finally:
            self._browsers -= 1
        return browser

    def _know(self, request: web.Request) -> None:
        if self._reception is not None:
            self._reception.know(request.transport)

    def _complain(self, request: web.Request, refusal: Refusal) -> None:
        peer = request.remote or "somewhere"
        line = self._complaints.line(refusal, peer=peer, at_ns=monotonic_ns())
        if line:
            self._tell(line)


async def _focus(_: web.Request) -> web.Response:
    return web.Response(text=pages.FOCUS, content_type="text/javascript")


def _static_files() -> Path:
    """Return where textual-serve has its terminal, without loading the server that is there."""
    found = importlib.util.find_spec("textual_serve")
    if found is None or not found.submodule_search_locations:
        raise UsageError(
            "The terminal for browsers is not installed.",
            hint="pip install 'vumeter[serve]'",
        )
    return Path(found.submodule_search_locations[0]) / "static"


def _number(request: web.Request, key: str, default: int) -> int:
    text = request.query.get(key, "")
    return int(text) if text.isdecimal() and len(text) < 5 else default


def _html(page: str, *, status: int = 200) -> web.Response:
    return web.Response(text=page, content_type="text/html", status=status)


async def _say_headers(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update(_HEADERS)
