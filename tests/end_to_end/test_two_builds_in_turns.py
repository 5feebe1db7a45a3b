"""`atlas-perf ab` with real builds and real runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
