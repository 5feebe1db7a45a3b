"""`--live` with a real run: its stream grows, and its stop button stops it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

from counting_server import CountingServer, Handler, answer

SCENARIO = """
options = {"vus": 2, "duration": "60s"}
async def default(vu):
    await vu.http.get("/")
    await vu.sleep(0.02)
"""


def test_a_run_is_watched_and_stopped_from_its_page(
    serve: Callable[[Handler], CountingServer], tmp_path: Path
) -> None:
    server = serve(lambda _method, _path: answer(200))
    (tmp_path / "shop.py").write_text(SCENARIO)
    command = [sys.executable, "-m", "atlas_perf", "run", "shop.py", "-p", "1", "--live"]
    command += ["-e", f"BASE_URL={server.url}"]
    running = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    try:
        assert running.stderr is not None
        first = running.stderr.readline()
        url = first.removeprefix("live: ").strip()
        with urllib.request.urlopen(url, timeout=20) as page:
            token = re.search(r'data-token="([^"]+)"', page.read().decode())
        assert token is not None, first

        seconds: list[int] = []
        state: dict[str, object] = {}
        stopped = False
        with urllib.request.urlopen(f"{url}events", timeout=60) as stream:
            for line in stream:
                if not line.startswith(b'data: {"run"'):
                    continue
                message = json.loads(line.removeprefix(b"data: "))
                fresh = message["columns"].get("second", [])
                seconds = fresh if message["anew"] else seconds + fresh
                state = message["state"]
                if len(seconds) >= 2 and not stopped:
                    stopped = True
                    stop = urllib.request.Request(
                        f"{url}stop",
                        method="POST",
                        data=b"",
                        headers={"X-Atlas-Perf-Token": token[1]},
                    )
                    with urllib.request.urlopen(stop, timeout=20) as done:
                        assert done.status == 204
        stdout, stderr = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait()
    assert seconds == list(range(len(seconds)))
    assert len(seconds) >= 2
    assert state["phase"] == "finished"
    assert state["verdict"] == "INVALID"
    assert running.returncode == 130
    assert "interrupted" in stdout
    assert str(state["results"]) in stderr
