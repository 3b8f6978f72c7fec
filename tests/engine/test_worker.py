"""What a worker process brings along."""

import gc
import subprocess
import sys

import pytest

from vumeter.model.plan import Load
from vumeter.testing.server_process import ServerProcess


def test_a_worker_loads_nothing_of_the_screen_the_api_or_the_database() -> None:
    script = "import sys, vumeter.engine.worker; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    heavy = {"textual", "rich", "aiohttp", "asyncpg", "psutil", "typer", "pydantic", "hdrh"}
    assert not heavy & set(loaded)
    assert "vumeter.engine.generator" in loaded


@pytest.mark.slow
@pytest.mark.parametrize("keep_alive", [True, False], ids=["kept", "closed each time"])
async def test_a_request_leaves_nothing_to_the_collector(total_of, plan_for, keep_alive) -> None:
    with ServerProcess() as server:
        plan = plan_for(server.url, load=Load(vus=4, iterations=400), keep_alive=keep_alive)
        gc.collect()
        gc.disable()
        try:
            performance = await total_of(plan)
            found = gc.collect()
        finally:
            gc.enable()
    assert performance.total.answered == 400
    # What a run itself leaves is a handful; one object per request would be 400.
    assert found < 100
