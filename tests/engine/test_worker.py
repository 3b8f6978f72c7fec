"""What a worker process brings along."""

import subprocess
import sys


def test_a_worker_loads_nothing_of_the_screen_the_api_or_the_database() -> None:
    script = "import sys, vumeter.engine.worker; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    heavy = {"textual", "rich", "aiohttp", "asyncpg", "psutil", "typer", "pydantic", "hdrh"}
    assert not heavy & set(loaded)
    assert "vumeter.engine.generator" in loaded
