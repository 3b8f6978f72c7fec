"""What every test can rely on, wherever the tests are started from."""

import contextlib
import signal

from hypothesis import HealthCheck, settings

# A machine that is busy with other tests must not fail one for being slow.
settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy machine")


def pytest_configure() -> None:
    """
    Let signals do what they do, also to the programs that tests start.

    Under nohup, or in a script's background, a shell has them ignored, and that is inherited.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            # Only the main thread may, and only there does pytest configure itself.
            with contextlib.suppress(ValueError):
                signal.signal(
                    number,
                    signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL,
                )
