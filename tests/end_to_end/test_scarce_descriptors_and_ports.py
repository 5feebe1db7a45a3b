"""Too few descriptors or ports: refused with the numbers, and if forced, the generator's fault."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from counting_server import answer

SCENARIO = """
options = {"vus": 100, "duration": "1s"}


async def default(vu):
    await vu.http.get("/")
    await vu.sleep(0.5)
"""

WITHOUT_REUSE = SCENARIO.replace('"1s"', '"2s", "noConnectionReuse": True').replace("0.5", "0.01")

SERVED_INSIDE = """
import subprocess, sys
sys.path.insert(0, TESTS)
from counting_server import CountingServer, answer

server = CountingServer(lambda method, path: answer(200))
finished = subprocess.run([*sys.argv[1:], "-e", f"BASE_URL={server.url}"])
server.close()
sys.exit(finished.returncode)
"""

FEW = 64


def limited_run(folder: Path, url: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "shop.py").write_text(SCENARIO)
    command = [sys.executable, "-m", "atlas_perf", "run", "shop.py", "-p", "1", *options]
    return subprocess.run(
        ["sh", "-c", f'ulimit -n {FEW}; exec "$@"', "sh", *command, "-e", f"BASE_URL={url}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_too_few_descriptors_are_refused_before_any_load(tmp_path, serve) -> None:
    server = serve(lambda method, path: answer(200))
    refused = limited_run(tmp_path, server.url)
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "64 for each process (hard limit 64)" in line
    assert "needs 132 (100 users" in line
    assert "--ignore-preflight" in line
    assert not server.received
    assert not (tmp_path / "results").exists()


def test_too_few_descriptors_by_force_are_the_generators_fault(tmp_path, serve) -> None:
    server = serve(lambda method, path: answer(200))
    forced = limited_run(tmp_path, server.url, "--ignore-preflight")
    assert forced.returncode == 3, forced.stdout + forced.stderr
    assert "warning: shop: open files: 64 for each process" in forced.stderr
    assert "failed in the generator and not in the target (too many open files)" in " ".join(
        forced.stdout.split()
    )


@pytest.fixture
def namespace() -> Iterator[list[str]]:
    """The beginning of a command that runs where there are a hundred local ports."""
    ip = shutil.which("ip")
    if ip is None:
        pytest.skip("there is no `ip` here (iproute2)")
    name = f"atlas-perf-{os.getpid()}"
    made = subprocess.run([ip, "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"`ip netns` does not work here: {made.stderr.strip()}")
    inside = [ip, "netns", "exec", name]
    try:
        for command in (
            [ip, "link", "set", "lo", "up"],
            ["sh", "-c", "echo 50000 50099 > /proc/sys/net/ipv4/ip_local_port_range"],
        ):
            done = subprocess.run([*inside, *command], capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"a network namespace cannot be set up here: {done.stderr.strip()}")
        yield inside
    finally:
        subprocess.run([ip, "netns", "delete", name], check=True)


def run_inside(
    namespace: list[str], folder: Path, source: str, *options: str
) -> subprocess.CompletedProcess[str]:
    (folder / "shop.py").write_text(source)
    program = SERVED_INSIDE.replace("TESTS", repr(str(Path(__file__).parent)))
    command = [sys.executable, "-m", "atlas_perf", "run", "shop.py", "-p", "1", *options]
    return subprocess.run(
        [*namespace, sys.executable, "-c", program, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_too_few_ports_are_refused_before_any_load(tmp_path, namespace) -> None:
    refused = run_inside(namespace, tmp_path, SCENARIO, "-u", "101", "-d", "1s")
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert "100 to each address" in refused.stderr
    assert "101 users need one each" in refused.stderr


def test_ports_used_up_are_the_generators_fault(tmp_path, namespace) -> None:
    finished = run_inside(namespace, tmp_path, WITHOUT_REUSE)
    assert finished.returncode == 3, finished.stdout + finished.stderr
    assert "failed in the generator and not in the target (cannot assign requested" in " ".join(
        finished.stdout.split()
    )
