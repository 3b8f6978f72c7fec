"""The run that an argument is the address of, and the token to go there with."""

import os
from pathlib import Path

from vumeter.errors import UsageError
from vumeter.link.door import Door, door_of, is_url
from vumeter.link.protocol import TOKEN_VARIABLE


def door_to(run: str | None, *, token_file: Path | None, authorities: Path | None) -> Door | None:
    """
    Return the door that *run* is the address of; `None`: it is the name of a run.

    Raises:
        UsageError: There is no token to go there with, or no address that it would be for.
    """
    if run is not None and is_url(run):
        return door_of(run, token=_token(token_file), authorities=authorities)
    if token_file is not None or authorities is not None:
        raise UsageError(
            "--token-file and --cacert are for a run's address, and this is no address.",
            hint="Write for example https://jump.example:9646.",
        )
    return None


def _token(file: Path | None) -> str:
    """Return the token in *file*, or in the environment: never from the command line itself."""
    if file is None:
        token = os.environ.get(TOKEN_VARIABLE, "")
        if not token:
            raise UsageError(
                "The address of a run is opened by its token, and there is none.",
                hint=f"Give --token-file FILE, or {TOKEN_VARIABLE} in the environment; the run"
                ' has it in the file "token" of its folder.',
            )
        return token
    return token_in(file)


def token_in(file: Path) -> str:
    """
    Return the token in *file*.

    Raises:
        UsageError: There is none.
    """
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--token-file: {file} cannot be read: {error}.") from None
    if not token or not token.isprintable():
        raise UsageError(f"--token-file: {file} holds no token.")
    return token
