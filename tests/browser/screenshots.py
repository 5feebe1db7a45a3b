"""Pictures of a page as its readers see it, to be looked at.

python tests/browser/screenshots.py results/20261123T140512Z-api/report.html pictures
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

READERS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 375, "height": 800}, "device_scale_factor": 2},
}


def take(file: Path, folder: Path) -> None:
    """One picture for each kind of reader, and the page as it prints."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name, context in READERS.items():
            page = browser.new_context(**context).new_page()
            page.goto(file.resolve().as_uri())
            page.wait_for_selector(".chart canvas, #criteria", state="attached")
            page.screenshot(path=folder / f"{file.stem}-{name}.png", full_page=True)
        page = browser.new_page()
        page.goto(file.resolve().as_uri())
        page.pdf(path=folder / f"{file.stem}.pdf", format="A4", print_background=True)
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(sys.argv[2]))
