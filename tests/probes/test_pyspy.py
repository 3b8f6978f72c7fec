"""py-spy on real processes: what it sees of one, and what is said where it can see nothing."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from vumeter.model.flow import Request
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.model.watched import ProcessMonitor, RedisMonitor
from vumeter.probes.observing import UnseenError
from vumeter.probes.pyspy import Sampled, program_path, sampled
from vumeter.probes.suspect import Suspect, monitor_of, python_process
from vumeter.stats.stacks import hottest, stacks_of

pytestmark = pytest.mark.slow

HIDDEN = "canary-4711"
LOOKED_S = 0.5
"""Of processor time; 5 ms is a look."""


@pytest.fixture(scope="session")
def pyspy() -> str:
    path = program_path()
    if path is None:
        pytest.skip("no py-spy in this environment: pip install py-spy")
    return path


@pytest.fixture
def sleeper() -> Iterator[int]:
    """A process that is no Python."""
    process = subprocess.Popen(["sleep", "300"])
    yield process.pid
    process.kill()
    process.wait()


@pytest.fixture
def gone() -> int:
    """A process that was there."""
    process = subprocess.Popen(["sleep", "0"])
    process.wait()
    return process.pid


async def look(pyspy: str, duration_s: int = 1, **by: int) -> Sampled:
    suspect = python_process(ProcessMonitor(name="target", **by))
    return await sampled(pyspy, suspect, duration_s=duration_s, cut=asyncio.Event())


async def test_the_function_that_burns_is_the_hottest(pyspy: str, burner) -> None:
    with burner() as target, target.loaded():
        found = await look(pyspy, 2, port=target.port)
    hot = hottest(stacks_of(found.stacks))
    assert hot[0].function == "burn_here (burner.py)"
    assert 0 < hot[0].own <= found.samples == sum(each.own for each in hot)
    callers = {each.function: each for each in hot}
    assert callers["Burner.do_GET (burner.py)"].total >= hot[0].own


async def test_workers_count_with_their_parent_and_no_command_line_is_told(
    pyspy: str, burner
) -> None:
    with burner("--workers", "2", "--token", f'{HIDDEN}";x') as target, target.loaded():
        suspect = python_process(ProcessMonitor(name="target", port=target.port))
        found = await look(pyspy, 2, port=target.port)
    assert suspect == Suspect(target.pid, "python burner.py", has_children=True, others=0)
    workers = {stack.frames[1] for stack in stacks_of(found.stacks) if len(stack.frames) > 1}
    assert sum(frame.startswith("process ") for frame in workers) == 2, "both have worked"
    assert hottest(stacks_of(found.stacks))[0].function == "burn_here (burner.py)"
    assert HIDDEN not in found.stacks


async def test_hostile_names_cannot_move_a_cursor(pyspy: str, burner) -> None:
    with burner("--hostile") as target, target.loaded():
        found = await look(pyspy, pid=target.pid)
    assert "[red]<script>alert(1)</script>" in found.stacks
    assert found.stacks.replace("\n", "").isprintable()


async def test_it_ends_when_it_is_told_to_and_keeps_what_it_has(pyspy: str, burner) -> None:
    cut = asyncio.Event()
    with burner() as target, target.loaded():
        suspect = python_process(ProcessMonitor(name="target", pid=target.pid))
        looking = asyncio.create_task(sampled(pyspy, suspect, duration_s=300, cut=cut))
        await until(lambda: has_looked(target.pid))
        cut.set()
        async with asyncio.timeout(20):
            found = await looking
    assert found.samples


async def test_one_that_is_ended_before_it_has_begun_says_so(tmp_path: Path, burner) -> None:
    slow = tmp_path / "py-spy"
    slow.write_text("#!/bin/sh\nexec sleep 300\n")
    slow.chmod(stat.S_IRWXU)
    cut = asyncio.Event()
    cut.set()
    with burner() as target:
        suspect = Suspect(target.pid, "burner", has_children=False, others=0)
        with pytest.raises(UnseenError, match="ended before py-spy had begun"):
            await sampled(str(slow), suspect, duration_s=300, cut=cut)


async def test_one_that_is_given_up_leaves_no_pyspy_behind(pyspy: str, burner) -> None:
    with burner() as target:
        looking = asyncio.create_task(look(pyspy, 300, pid=target.pid))
        await until(lambda: spies_on(target.pid))
        looking.cancel()
        await asyncio.wait({looking}, timeout=20)
        assert looking.cancelled()
        assert not spies_on(target.pid)
        assert psutil.Process(target.pid).status() != psutil.STATUS_STOPPED


async def test_looks_that_failed_are_told_beside_those_that_did_not(tmp_path: Path, burner) -> None:
    stumbling = tmp_path / "py-spy"
    stumbling.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        'path = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])\n'
        'path.write_text("main (shop.py:1);burn (shop.py:2) 90\\n")\n'
        'print(f"py-spy> Wrote raw flamegraph data to {path}. Samples: 90 Errors: 10")\n'
    )
    stumbling.chmod(stat.S_IRWXU)
    with burner() as target:
        suspect = Suspect(target.pid, "burner", has_children=False, others=0)
        found = await sampled(str(stumbling), suspect, duration_s=1, cut=asyncio.Event())
    assert found.remark == "10 looks failed, 90 saw a stack"


async def test_one_that_never_ends_is_killed(tmp_path: Path, burner) -> None:
    deaf = tmp_path / "py-spy"
    deaf.write_text(
        f"#!{sys.executable}\nimport signal, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(300)\n"
    )
    deaf.chmod(stat.S_IRWXU)
    with burner() as target:
        suspect = Suspect(target.pid, "burner", has_children=False, others=0)
        with pytest.raises(UnseenError, match="did not end within 1 s"):
            await sampled(str(deaf), suspect, duration_s=0, cut=asyncio.Event(), starting_s=1.0)
        assert not spies_on(target.pid)


def test_what_is_no_python_is_refused_with_its_name(sleeper: int) -> None:
    with pytest.raises(UnseenError, match=rf"pid {sleeper} sleep 300 is no Python process"):
        python_process(ProcessMonitor(name="target", pid=sleeper))


async def test_what_pyspy_takes_for_no_python_is_said(pyspy: str, sleeper: int) -> None:
    suspect = Suspect(sleeper, "sleep", has_children=False, others=0)
    with pytest.raises(UnseenError, match="is no Python that py-spy knows"):
        await sampled(pyspy, suspect, duration_s=1, cut=asyncio.Event())


async def test_one_that_has_ended_is_said_to(pyspy: str, gone: int) -> None:
    suspect = Suspect(gone, "python", has_children=False, others=0)
    with pytest.raises(UnseenError, match=f"pid {gone} has ended"):
        await sampled(pyspy, suspect, duration_s=1, cut=asyncio.Event())


async def test_another_users_process_is_refused_with_what_to_do(
    pyspy: str, tmp_path: Path, burner
) -> None:
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        pytest.skip("only root can be somebody else for this (setpriv)")
    # The real one, as a user who may not look into a process of root's.
    as_nobody = tmp_path / "py-spy"
    real = tmp_path / "real"
    shutil.copy(pyspy, real)
    as_nobody.write_text(f'#!/bin/sh\nexec {setpriv} --reuid 65534 --clear-groups {real} "$@"\n')
    for path in (as_nobody, real):
        path.chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    with burner() as target:
        suspect = python_process(ProcessMonitor(name="target", pid=target.pid))
        with pytest.raises(UnseenError, match=f"py-spy may not look into pid {target.pid}") as said:
            await sampled(str(as_nobody), suspect, duration_s=1, cut=asyncio.Event())
    assert said.value.hint, "and what to do"


def test_vumeter_does_not_look_into_itself() -> None:
    with pytest.raises(UnseenError, match="that is vumeter itself"):
        python_process(ProcessMonitor(name="target", pid=os.getpid()))


def test_where_there_is_no_pyspy_on_the_path_there_is_none(tmp_path: Path) -> None:
    assert program_path(str(tmp_path)) is None


def a_plan(url: str, *monitors: ProcessMonitor | RedisMonitor) -> Plan:
    steps = (Request(name="GET /", url=url),)
    scenario = Scenario(name="main", steps=steps, load=Load(vus=1))
    return Plan(name="shop", scenarios=(scenario,), monitors=monitors)


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://127.0.0.1:8000/", 8000), ("https://[::1]/", 443), ("http://localhost/", 80)],
    ids=["port", "https", "name"],
)
def test_the_target_is_who_listens_on_its_port(url: str, port: int) -> None:
    assert monitor_of(a_plan(url)).port == port


def test_a_process_that_the_profile_names_comes_first_and_a_pid_before_it() -> None:
    redis = RedisMonitor(name="cache", url="redis://127.0.0.1")
    named = ProcessMonitor(name="api", pattern="gunicorn")
    plan = a_plan("http://127.0.0.1:8000/", redis, named)
    assert monitor_of(plan) == named
    assert monitor_of(plan, 811).pid == 811


def test_a_target_elsewhere_is_refused() -> None:
    with pytest.raises(UnseenError, match=r"192\.0\.2\.7 is not on this host"):
        monitor_of(a_plan("http://192.0.2.7/"))


def spies_on(pid: int) -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if "--pid" in (words := child.cmdline()) and str(pid) in words
    ]


def has_looked(pid: int) -> bool:
    """Whether py-spy has looked into that process for a while: to begin takes it less."""
    return any(sum(each.cpu_times()[:2]) > LOOKED_S for each in spies_on(pid))


async def until(is_true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not is_true():  # noqa: ASYNC110 - another process does not notify
            await asyncio.sleep(0.01)
