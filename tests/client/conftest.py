"""The loop that load is generated on."""

import uvloop


def pytest_asyncio_loop_factories(config, item):
    """Load is generated on uvloop, so it is tested there."""
    return {"uvloop": uvloop.new_event_loop}
