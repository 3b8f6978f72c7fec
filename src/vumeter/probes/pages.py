"""A page that is fetched over and over, of a server that may be slow, wrong, or mean no good."""

import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp

from vumeter.probes.observing import UnseenError

LARGEST_BYTES = 16 * 1024 * 1024

_CHUNK_BYTES = 64 * 1024


class Page:
    """
    The page at *url*, over one connection that is kept.

    Args:
        url: With user and password, if it takes any.
        token: Shown to it as bearer.
        authorities: PEM file of the authorities that are trusted instead of the system's.
    """

    def __init__(self, url: str, *, token: str | None, authorities: str | None) -> None:
        parts = urlsplit(url)
        self._url = url
        self._token = token
        self._authorities = authorities
        self._session: aiohttp.ClientSession | None = None
        self.place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        """Where it is, as people may see it."""

    async def chunks(self, *, accept: str) -> AsyncIterator[bytes]:
        """
        Yield the page as it comes.

        Raises:
            UnseenError: It cannot be had, or is larger than `LARGEST_BYTES`.
        """
        if self._session is None:
            self._session = self._new_session()
        headers = {"Accept": accept}
        try:
            async with self._session.get(
                self._url, headers=headers, allow_redirects=False
            ) as answer:
                self._check(answer)
                size_bytes = 0
                async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                    size_bytes += len(chunk)
                    if size_bytes > LARGEST_BYTES:
                        raise UnseenError(
                            f"{self.place} has more than {LARGEST_BYTES >> 20} MiB",
                            "ask an exporter for a part of it: ?collect[]=…, ?name[]=…",
                        )
                    yield chunk
        except (aiohttp.ClientError, OSError) as error:
            raise UnseenError(
                f"no answer from {self.place}: {error}", "check that it runs, and the URL"
            ) from error

    async def close(self) -> None:
        """Let go of the connection."""
        if self._session is not None:
            await self._session.close()

    def _new_session(self) -> aiohttp.ClientSession:
        login = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        return aiohttp.ClientSession(
            # Taken as it comes, so that nobody sends a megabyte that becomes a gigabyte.
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", **login},
            connector=aiohttp.TCPConnector(limit=1, ssl=self._tls()),
        )

    def _tls(self) -> ssl.SSLContext | bool:
        if self._authorities is None:
            return True
        try:
            return ssl.create_default_context(cafile=self._authorities)
        except OSError as error:
            raise UnseenError(
                f"{self._authorities} holds no certificates of authorities",
                "it has to be a PEM file",
            ) from error

    def _check(self, answer: aiohttp.ClientResponse) -> None:
        if answer.status != 200:
            raise UnseenError(f"{self.place} answers {answer.status}", _hint(answer.status))
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise UnseenError(
                f"{self.place} compresses what was not to be", "have it answer as it is asked"
            )


def _hint(status: int) -> str:
    if status in (401, 403):
        return "check its token, or user and password in the URL"
    return "check the URL: a page of metrics is usually at /metrics"
