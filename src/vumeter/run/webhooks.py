"""Posting a notice to a webhook: bounded in time and in tries."""

import asyncio

import aiohttp

from vumeter import __version__

TRY_LIMIT_S = 5.0
WAITS_S = (0.0, 1.0, 3.0)
"""Before each try."""

_TOO_MANY = 429
_BROKEN = 500


class Webhooks:
    """Posts JSON; keeps one session for all webhooks of a run. Closed with `close`."""

    def __init__(
        self, *, try_limit_s: float = TRY_LIMIT_S, waits_s: tuple[float, ...] = WAITS_S
    ) -> None:
        self._try_limit_s = try_limit_s
        self._waits_s = waits_s
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes) -> str:
        """
        Return why *body* could not be delivered, in words without the URL; empty: it was.

        What may pass is tried again: no connection, no answer, 429 and 5xx. Redirects are not
        followed: what is behind them is not what the profile names.
        """
        problem = ""
        for wait_s in self._waits_s:
            await asyncio.sleep(wait_s)
            problem, is_final = await self._try(url, body)
            if is_final:
                return problem
        return f"{problem}, {len(self._waits_s)} times"

    async def close(self) -> None:
        """Let go of all connections."""
        if self._session is not None:
            await self._session.close()

    async def _try(self, url: str, body: bytes) -> tuple[str, bool]:
        """Return what went wrong, and whether that is for good; "" when nothing did."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._try_limit_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": f"vumeter/{__version__}",
                },
            )
        try:
            async with self._session.post(url, data=body, allow_redirects=False) as answer:
                status = answer.status
        except TimeoutError:
            return f"no answer within {self._try_limit_s:g} s", False
        except aiohttp.InvalidURL:
            return "it is not a URL", True
        except (aiohttp.ClientError, OSError) as error:
            # Its words may have the URL in them, which is a secret.
            return f"no connection ({type(error).__name__})", False
        if 200 <= status < 300:
            return "", True
        return f"it answered {status}", not (status == _TOO_MANY or status >= _BROKEN)
