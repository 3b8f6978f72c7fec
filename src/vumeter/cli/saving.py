"""A plan written out as a profile."""

import os
import sys
from pathlib import Path

from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.profiles.writing import written


def save(plan: Plan, path: Path) -> None:
    """
    Write *plan* as a profile to *path*, for its owner's eyes only: it may have passwords.

    Raises:
        UsageError: There is such a file, or it cannot be written.
    """
    text = written(plan)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(
            f"--save-profile: there is a {path} already.", hint="Name a file that is not there yet."
        ) from None
    except OSError as error:
        raise UsageError(f"--save-profile: {path}: {error.strerror}.") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"Written to {path}: vumeter run {path}", file=sys.stderr)
