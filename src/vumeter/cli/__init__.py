"""The command line: one module per command."""

import sys


def main() -> None:
    """
    Run the command that was typed, and exit with its code.

    What a person can mend is one message on stderr; anything else is a bug and shows its
    traceback.
    """
    # Here, not above: the detached run process is `vumeter.cli.conduct`, and importing it
    # imports this package; it needs no command line.
    from vumeter.cli.app import app
    from vumeter.errors import ExitCode, VumeterError

    try:
        app()
    except VumeterError as error:
        print(f"vumeter: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
