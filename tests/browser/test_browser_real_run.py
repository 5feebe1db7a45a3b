"""A real run in a real browser: watched and stopped on its live page, then read in its report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from reader import CHROMIUM, needs_chromium

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = needs_chromium

SCENARIO = """
options = {"scenarios": {"s": {
    "executor": "constant-arrival-rate", "rate": 40, "duration": "60s", "preAllocatedVUs": 5,
}}}
async def default(vu):
    await vu.http.get("/", name="front page")
    if vu.iteration % 5 == 0:
        await vu.http.get("/broken", name="<b>broken</b>")
"""
IS_DRAWN = """canvas => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.some(value => value !== 0);
}"""


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/broken" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def target() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def running(target: str, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "shop.py").write_text(SCENARIO)
    command = [sys.executable, "-m", "atlas_perf", "run", "shop.py", "-p", "1", "--live"]
    process = subprocess.Popen(
        [*command, "-e", f"BASE_URL={target}"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    yield process
    process.kill()
    process.wait()


def test_a_run_is_watched_and_stopped_and_its_report_is_read(
    running: subprocess.Popen[str], tmp_path: Path
) -> None:
    said: list[str] = []
    asked: list[str] = []
    expect = playwright.expect
    assert running.stderr is not None
    url = running.stderr.readline().removeprefix("live: ").strip()
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))

        page.goto(url)
        page.wait_for_selector("#timeline canvas")
        assert page.locator("#timeline canvas").first.evaluate(IS_DRAWN)
        before = page.inner_text("#live-time")
        expect(page.locator("#live-time")).not_to_have_text(before)
        assert "of 1:00" in page.inner_text("#live-time")
        page.click("#live-stop")
        page.click("#live-stop-now")
        expect(page.locator("#live-word")).to_have_text("INVALID", timeout=30_000)
        assert "interrupted" in page.inner_text("#live-meaning")
        assert not page.is_visible("#live-stop")
        stdout, _ = running.communicate(timeout=60)
        assert running.returncode == 130
        assert "interrupted" in stdout
        expect(page.locator("#live-said")).to_contain_text("The command has ended")
        assert {one.partition("?")[0] for one in asked if not one.startswith("data:")} == {
            url,
            f"{url}events",
            f"{url}stop",
        }

        (folder,) = (tmp_path / "results").iterdir()
        asked.clear()
        page.goto((folder / "report.html").as_uri())
        page.wait_for_selector("#timeline canvas")
        assert page.locator("#timeline canvas").first.evaluate(IS_DRAWN)
        summary = json.loads((folder / "summary.json").read_text())
        requests = summary["metrics"]["http_reqs"]["values"]["count"]
        shown = page.locator('[data-figure="Requests"]').get_attribute("data-value")
        assert float(shown) == requests
        assert "<b>broken</b>" in page.inner_text("#failed-requests-table")
        assert all(one.startswith(("data:", "file:")) for one in asked)
        browser.close()
    assert said == []
