"""The loops of these tests: where they generate load themselves, the one that load has."""

import asyncio

import uvloop


def pytest_asyncio_loop_factories(config, item):
    """Most fly the program in processes of its own, beside servers on asyncio's loop."""
    if item.path.name == "test_http_behaviour.py":
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}
