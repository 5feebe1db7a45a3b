"""`atlas-perf ab` with real builds and real runs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

SCENARIO = """
options = {"vus": 2, "duration": "1s", "warmUp": "200ms"}
async def default(vu):
    await vu.http.get("/")
"""

BUILD = """
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        time.sleep(float(sys.argv[2]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_): pass
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


def ab(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "atlas_perf", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
    )


def test_a_slower_build_is_found_and_compare_reads_the_same_runs(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SCENARIO)
    (tmp_path / "build.py").write_text(BUILD)
    # What ab starts itself is no host that limits leave out.
    (tmp_path / "atlas-perf.toml").write_text("allowed_hosts = ['staging.example']\n")
    serve = f"{sys.executable} build.py {{port}}"
    finished = ab(
        tmp_path,
        *("ab", "shop.py", "--base", f"{serve} 0.001", "--candidate", f"{serve} 0.009"),
        *("--pairs", "3", "-p", "1", "--seed", "1", "--json"),
        *("--primary", "http_req_duration p(50)"),
    )
    found = json.loads(finished.stdout)
    assert (finished.returncode, found["verdict"]) == (1, "FAIL"), finished.stderr
    assert found["metrics"][0]["change"] > 2

    (folder,) = (tmp_path / "results").iterdir()
    runs = [folder / f"pair-{number:02}-{side}" for number in (1, 2, 3) for side in "bc"]
    names = {"b": "base", "c": "candidate"}
    runs = [one.with_name(one.name[:-1] + names[one.name[-1]]) for one in runs]
    again = ab(
        tmp_path,
        *("compare", *map(str, runs[::2])),
        *(word for one in runs[1::2] for word in ("--candidate", str(one))),
        *("--primary", "http_req_duration p(50)", "--json"),
    )
    compared = json.loads(again.stdout)
    assert compared["metrics"] == found["metrics"]


def test_a_host_that_the_limits_leave_out_is_refused_before_any_load(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SCENARIO)
    (tmp_path / "atlas-perf.toml").write_text("allowed_hosts = ['staging.example']\n")
    builds = ("--base", "http://staging.example", "--candidate", "http://127.0.0.1:9")
    finished = ab(tmp_path, "ab", "shop.py", *builds)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "127.0.0.1 is not in allowed_hosts" in finished.stderr
    assert not (tmp_path / "results").exists()


FALLS_OVER = BUILD.replace(
    "time.sleep(float(sys.argv[2]))",
    """Answer.asked += 1
        if Answer.asked == 20: print("out of memory", flush=True); os._exit(9)""",
).replace('protocol_version = "HTTP/1.1"', 'protocol_version, asked = "HTTP/1.1", 0')


def test_a_build_that_falls_over_under_the_load_ends_it_and_is_not_run_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "shop.py").write_text(SCENARIO)
    (tmp_path / "build.py").write_text(FALLS_OVER.replace("import sys", "import os, sys"))
    serve = f"{sys.executable} build.py {{port}}"
    finished = ab(
        tmp_path, "ab", "shop.py", "--base", serve, "--candidate", serve, "-p", "1", "--seed", "1"
    )
    assert (finished.returncode, finished.stdout) == (3, "")
    assert re.search(
        r"pair 1 \w+: The build ended with code 9: out of memory; a build must outlive its run",
        finished.stderr,
    ), finished.stderr
    (folder,) = (tmp_path / "results").iterdir()
    assert not list(folder.glob("*-again*"))
    (run,) = folder.glob("pair-01-*/summary.json")
    assert json.loads(run.read_text())["verdict"] == "INVALID"


def test_an_interruption_while_a_build_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SCENARIO)
    os.mkfifo(tmp_path / "started")
    slow = "sh -c 'sleep 600 & echo $! > started; wait'"
    arguments = ("ab", "shop.py", "--base", slow, "--candidate", slow)
    command = [sys.executable, "-m", "atlas_perf", *arguments]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as running:
        pid = int((tmp_path / "started").read_text())
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "interrupted: 0 of 5 pairs are in" in said
    deadline_s = time.monotonic() + 10
    while runs(pid) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert not runs(pid)


def runs(pid: int) -> bool:
    """False for one that only waits to be reaped, too."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        os.kill(pid, 0)
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
