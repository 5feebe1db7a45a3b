"""A page opened in a real browser, and all that it said or asked for."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

# Where all servers are required, a browser that is not there fails the test.
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("ATLAS_PERF_TEST_ALL_SERVERS"),
    reason="needs Chromium",
)

OPEN_ALL = """() => {
  for (const one of document.querySelectorAll('details')) one.open = true;
  for (const one of document.querySelectorAll('.chart-tools button')) one.click();
  for (const one of document.querySelectorAll('[data-about]')) one.dispatchEvent(
    new MouseEvent('mouseover', { bubbles: true }));
}"""


class Reader:
    """One kind of reader: `context` says how large the screen is, and whether it is night."""

    def __init__(self, browser, file: Path, **context) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page = browser.new_context(**context).new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())

    def first_cells(self, table: str) -> list[str]:
        rows = self.page.locator(f"#{table} tbody tr:visible th")
        return [text.split("\n")[0] for text in rows.all_inner_texts()]
