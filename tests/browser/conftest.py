"""One browser for each file of tests: a loop of Playwright's must not outlive them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from reader import CHROMIUM, playwright


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()
