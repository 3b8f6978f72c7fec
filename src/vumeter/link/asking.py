"""One question to a run and its answer, over whichever door; and why there is none, in words."""

import aiohttp

from vumeter.errors import LinkError
from vumeter.link.door import Door, Place
from vumeter.link.protocol import SCHEMA, SCHEMA_HEADER

ANSWER_LIMIT_S = 5.0
"""How long a run may take to answer. It does nothing else that would take a second."""

GONE = (aiohttp.ClientError, OSError, TimeoutError)
"""How a run that is not there, or not any more, makes itself felt."""

# The host is never looked up: every connection goes to the socket.
_BEHIND_SOCKET = "http://run"
_UNAUTHORIZED = 401


def session_to(place: Place) -> aiohttp.ClientSession:
    """
    Return what asks the run at *place*, to be closed by the caller.

    Raises:
        UsageError: The authorities that its certificate is to be verified by are none.
    """
    timeout = aiohttp.ClientTimeout(total=ANSWER_LIMIT_S)
    if isinstance(place, Door):
        return aiohttp.ClientSession(
            place.url,
            connector=aiohttp.TCPConnector(ssl=place.tls()),
            headers={"Authorization": f"Bearer {place.token}"},
            timeout=timeout,
        )
    connector = aiohttp.UnixConnector(path=str(place))
    return aiohttp.ClientSession(_BEHIND_SOCKET, connector=connector, timeout=timeout)


async def answer(
    session: aiohttp.ClientSession, method: str, path: str, body: bytes | None = None
) -> bytes:
    """
    Return what the run answers.

    Raises:
        LinkError: It is gone, refuses, or is of another version.
    """
    try:
        # Whoever follows a redirect would take the token elsewhere.
        async with session.request(method, path, data=body, allow_redirects=False) as response:
            text = await response.read()
    except aiohttp.ClientConnectorCertificateError as error:
        raise _unverified(error) from error
    except TimeoutError as error:
        raise LinkError(
            f"The run has not answered within {ANSWER_LIMIT_S:g} s.",
            hint="Its process is there, and hangs or was stopped.",
        ) from error
    except GONE as error:
        raise LinkError("The run is gone.", hint="vumeter ps lists those that go on.") from error
    if response.status == _UNAUTHORIZED:
        raise _wrong_token()
    if response.headers.get(SCHEMA_HEADER) != str(SCHEMA):
        raise another_version("another version")
    if response.status != 200:
        raise LinkError(f"The run refused: {text.decode(errors='replace').strip()}")
    return text


def unreachable(place: Place, error: BaseException) -> LinkError:
    """Return in words why the stream of the run at *place* could not be opened."""
    match error:
        case aiohttp.WSServerHandshakeError(status=401):
            return _wrong_token()
        case aiohttp.WSServerHandshakeError(status=status, message=message):
            return LinkError(f"The run refused: {status}, {message}.")
        case aiohttp.ClientConnectorCertificateError():
            return _unverified(error)
    where = f"at {place.url}" if isinstance(place, Door) else f"behind {place}"
    return LinkError(
        f"The run {where} does not answer: {str(error) or type(error).__name__}.",
        hint="vumeter ps lists the runs that are going on.",
    )


def another_version(which: str) -> LinkError:
    """Return in words that the run speaks otherwise."""
    return LinkError(
        f"The run was started by {which} of vumeter, which this one cannot talk to.",
        hint="Attach with the vumeter that started it.",
    )


def _wrong_token() -> LinkError:
    return LinkError(
        "The run refused: that is not its token.",
        hint='Where it goes on, the token is in the file "token" of its folder.',
    )


def _unverified(error: aiohttp.ClientConnectorCertificateError) -> LinkError:
    return LinkError(
        f"The run's certificate cannot be verified: {error.certificate_error}.",
        hint="--cacert FILE says which authority to trust.",
    )
