"""The command line: one module per command."""

import io
import sys

_TYPER_INTERRUPTED = 130


def main() -> None:
    """
    Run the command that was typed, and exit with its code.

    What a person can mend is one message on stderr; anything else is a bug and shows its
    traceback.
    """
    from vumeter.errors import ExitCode, VumeterError

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that knows no arrows is told "VU 10 ? 12", and not a traceback.
        sys.stdout.reconfigure(errors="replace")
    try:
        # Here, not above: the detached run process is `vumeter.cli.conduct`, and importing
        # it imports this package; it needs no command line. It takes long enough for ctrl+c.
        from vumeter.cli.app import app_for

        app_for(sys.argv[1:])()
    except VumeterError as error:
        print(f"vumeter: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except SystemExit as leaving:
        # How typer ends when ctrl+c comes before a command has taken over the signal.
        if leaving.code == _TYPER_INTERRUPTED:
            sys.exit(ExitCode.INTERRUPTED)
        raise
