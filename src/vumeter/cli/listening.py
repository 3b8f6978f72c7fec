"""`--listen` and what belongs to it: where the control API listens beside its socket."""

from pathlib import Path

from msgspec.structs import replace

from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.profiles.listening import listen_of


def listening(plan: Plan, address: str | None, certificate: Path | None, key: Path | None) -> Plan:
    """
    Return *plan*, whose control API listens where the flags say, if they say anything.

    Raises:
        UsageError: It cannot, or must not.
    """
    if address is None:
        if certificate is not None or key is not None:
            raise UsageError("--listen-cert and --listen-key are for --listen, which is not given.")
        return plan
    files = [None if path is None else str(path.absolute()) for path in (certificate, key)]
    try:
        return replace(plan, listen=listen_of(address, certificate=files[0], key=files[1]))
    except UsageError as error:
        raise UsageError(f"--listen: {error.message}", hint=error.hint) from None
