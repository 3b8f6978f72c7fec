"""What can go wrong by a user's hand, and the exit code that each error ends with."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How `vumeter` ends. From 99 on these are k6's numbers, so scripts carry over."""

    OK = 0
    BUG = 1
    USAGE = 2
    THRESHOLD = 99
    SETUP_TIMEOUT = 100
    TEARDOWN_TIMEOUT = 101
    STOPPED = 103
    PROFILE = 104
    INTERRUPTED = 105
    PHASE = 107


EXIT_CODE_MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "ended well, every threshold passed",
    ExitCode.BUG: "a bug in vumeter",
    ExitCode.USAGE: "wrong use of the command line",
    ExitCode.THRESHOLD: "a threshold failed",
    ExitCode.SETUP_TIMEOUT: "setup took longer than it may",
    ExitCode.TEARDOWN_TIMEOUT: "teardown took longer than it may",
    ExitCode.STOPPED: "aborted by an operator or through the control API",
    ExitCode.PROFILE: "the profile is wrong",
    ExitCode.INTERRUPTED: "interrupted by a signal",
    ExitCode.PHASE: "setup or teardown failed",
}


class VumeterError(Exception):
    """
    A problem that the person at the terminal can mend.

    *message* says what is wrong and where, quoting the offending value; *hint* says what
    to do. Anything else that reaches `main` is a bug and shows its traceback.
    """

    exit_code: ExitCode = ExitCode.BUG

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(VumeterError):
    """A flag, a URL or a unit on the command line that cannot be meant."""

    exit_code = ExitCode.USAGE


class ProfileError(VumeterError):
    """A profile that cannot be run as it stands."""

    exit_code = ExitCode.PROFILE


class TargetError(VumeterError):
    """A target that load must not, or cannot, be sent to."""

    exit_code = ExitCode.USAGE


class ProbeError(VumeterError):
    """Something that was to be watched cannot be watched, as asked on the command line."""

    exit_code = ExitCode.USAGE


class LinkError(VumeterError):
    """The run that was asked for is not there, does not answer, or speaks another version."""

    exit_code = ExitCode.USAGE


class StoreError(VumeterError):
    """A stored run that is not there, or not one that can be read."""

    exit_code = ExitCode.USAGE
