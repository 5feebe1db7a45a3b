"""Every page looked at by axe, the checker of accessibility, in light and in dark.

axe is a script from npm that `.ci/run` installs. The pages' own policy would not let it in, so it
is set aside here, and here only.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from made_pages import compared_page, live_page, many_page, one_page
from reader import OPEN_ALL, needs_chromium

AXE = Path(__file__).parents[2] / "build/ci-tools/node_modules/axe-core/axe.min.js"

pytestmark = [
    needs_chromium,
    pytest.mark.skipif(
        not AXE.exists() and not os.environ.get("ATLAS_PERF_TEST_ALL_SERVERS"),
        reason="needs axe-core, which .ci/run installs",
    ),
]

FOUND = """async (rules) => {
  const only = rules.length ? { runOnly: { type: 'rule', values: rules } } : {};
  const { violations } = await axe.run(document, { resultTypes: ['violations'], ...only });
  return violations.flatMap(({ id, nodes }) => nodes.map(
    (one) => `${id}: ${one.target.join(' ')}: ${one.any.map((why) => why.message).join('; ')}`));
}"""


@pytest.mark.parametrize("page", [one_page, compared_page, many_page, live_page])
def test_axe_finds_nothing(browser, page, tmp_path):
    """Every rule by day; by night only the colours are others."""
    file = tmp_path / "page.html"
    file.write_text(page(), encoding="utf-8")
    tab = browser.new_context(bypass_csp=True, color_scheme="light").new_page()
    tab.goto(file.as_uri())
    tab.evaluate(OPEN_ALL)
    tab.add_script_tag(path=AXE)
    by_day = tab.evaluate(FOUND, [])
    tab.emulate_media(color_scheme="dark")
    by_night = tab.evaluate(FOUND, ["color-contrast"])
    assert (by_day, by_night) == ([], [])
