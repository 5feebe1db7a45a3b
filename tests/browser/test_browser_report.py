"""The report in a real browser: quiet, drawn, sortable, defined, in both colours, on a phone.

Debian's Chromium, driven by Playwright; skipped where there is none. One browser, and a page for
each kind of reader.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from made_pages import KEPT, sketch
from reader import Reader, needs_chromium, playwright
from sample_summary import sample_summary

from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import KeptTrend
from atlas_perf.model.summary import CriterionState
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.html.run_page import run_page
from atlas_perf.report.run_outcomes import EarlierRuns, Outcome, RunOutcomes

pytestmark = needs_chromium

P95 = ("http_req_duration", "p(95)<500")
OUTCOMES = (
    Outcome(612.25, CriterionState.FAILED),
    Outcome(None, CriterionState.NO_DATA),
    Outcome(20.0, CriterionState.PASSED),
)

COLOURS_OF_A_CANVAS = """canvas => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const found = new Set();
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i + 3]) found.add(pixels.slice(i, i + 3).join());
  }
  return found.size;
}"""

COLOUR_OF_TEXT = "getComputedStyle(document.body).color"


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    summary = sample_summary()
    first = summary.windows[0]
    windows = tuple(dataclasses.replace(first, second=second, vus=second) for second in range(30))
    page = run_page(dataclasses.replace(summary, windows=windows), KEPT)
    file.write_text(page, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def desk(browser, file) -> Reader:
    return Reader(browser, file, viewport={"width": 1280, "height": 900}, color_scheme="light")


def test_it_is_quiet_and_asks_nobody(desk, file):
    assert desk.said == []
    assert [url for url in desk.asked if not url.startswith("data:")] == [file.as_uri()]


def test_the_endpoints_rows_are_the_summarys(desk):
    """Requests, failures and every latency of each row, to the last digit."""
    summary = sample_summary()
    rows = desk.page.locator("#endpoints-table tbody tr").evaluate_all(
        """rows => rows.map(row => [row.cells[0].textContent, Object.fromEntries(
          [...row.cells].slice(1).map(one => [one.dataset.title, Number(one.dataset.value)]))])"""
    )
    assert dict(rows) == {
        f"{one.method} {one.name}": {
            "Requests": one.requests,
            "per s": one.requests / summary.measured_s,
            "Failed": one.failed / one.requests,
            **{key.replace("(", "").replace(")", ""): ms for key, ms in one.latency_ms.items()},
        }
        for one in summary.endpoints
    }


def test_criteria_stand_with_state_value_and_limit(desk):
    words = {"passed": "met", "failed": "not met", "no_data": "no data"}
    shown = desk.page.locator("#thresholds-table tbody tr").evaluate_all(
        """rows => rows.map(row => ['State', 'Value', 'Limit'].map(title => {
          const cell = row.querySelector(`[data-title="${title}"]`);
          const { value } = cell.dataset;
          return title === 'State' ? cell.textContent.trim()
            : value === undefined ? null : Number(value);
        }))"""
    )
    asked = sample_summary().thresholds
    assert shown == [[words[one.state.value], one.value, one.limit] for one in asked]


def test_its_charts_are_drawn(desk):
    canvases = desk.page.locator(".chart canvas")
    assert canvases.count() >= 5
    for canvas in canvases.all():
        assert canvas.evaluate(COLOURS_OF_A_CANVAS) > 3


def test_curves_far_apart_begin_on_a_logarithmic_axis(browser, desk, tmp_path):
    tasks = KeptTrend("task_duration", Contains.TIME, 0, (sketch(900, 1500, 1700),))
    file = tmp_path / "report.html"
    kept = dataclasses.replace(KEPT, trends=(*KEPT.trends, tasks))
    file.write_text(run_page(sample_summary(), kept), encoding="utf-8")
    far_apart = Reader(browser, file)
    pressed = [
        reader.page.locator('[data-chart="spectrum"] button', has_text="Log scale").get_attribute(
            "aria-pressed"
        )
        for reader in (far_apart, desk)
    ]
    assert pressed == ["true", "false"]
    assert far_apart.said == []


def test_a_click_on_a_head_sorts(desk):
    head = desk.page.locator("#endpoints-table thead th", has_text="Requests")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    values = desk.page.locator('#endpoints-table td[data-title="Requests"]').evaluate_all(
        "cells => cells.map(cell => Number(cell.dataset.value))"
    )
    assert values == sorted((one.requests for one in sample_summary().endpoints), reverse=True)


def test_typing_filters(desk):
    everything = desk.first_cells("endpoints-table")
    desk.page.fill("#endpoints-table-filter", everything[0])
    assert everything[0] in desk.first_cells("endpoints-table")
    desk.page.fill("#endpoints-table-filter", "nothing is called so")
    assert desk.first_cells("endpoints-table") == []
    desk.page.fill("#endpoints-table-filter", "")
    assert desk.first_cells("endpoints-table") == everything


def test_a_number_is_defined_on_hover_and_its_head_on_focus(desk):
    tooltip = desk.page.locator("#tooltip")
    desk.page.locator('#endpoints-table td[data-title="p95"]').first.hover()
    assert tooltip.inner_text().startswith("95 % of the successful requests took less")
    desk.page.keyboard.press("Escape")
    assert tooltip.is_hidden()
    desk.page.locator('#thresholds-table [data-about="margin"]').focus()
    assert tooltip.inner_text().startswith("Distance between value and limit")


def test_arrow_keys_read_a_chart(desk):
    plot = desk.page.locator('[data-chart="latency"] .plot')
    plot.focus()
    plot.press("ArrowRight")
    read = desk.page.locator('[data-chart="latency"] .legend-value').all_inner_texts()
    assert any(read)
    other = desk.page.locator('[data-chart="lateness"] .legend-value').all_inner_texts()
    assert any(other)  # the cursor is shared


def test_dark_and_light(browser, file, desk):
    dark = Reader(browser, file, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    night, day = dark.page.evaluate(ground), desk.page.evaluate(ground)
    assert night != day
    dark.page.click("#theme")
    assert dark.page.evaluate(ground) == day
    dark.page.emulate_media(media="print")
    assert dark.page.locator(".bar").is_hidden()
    assert dark.said == []


def test_on_paper_it_is_light_and_nothing_is_cut(browser, file, desk):
    paper = Reader(browser, file, viewport={"width": 720, "height": 1000}, color_scheme="dark")
    at_night = paper.page.evaluate(COLOUR_OF_TEXT)
    paper.page.emulate_media(media="print", color_scheme="dark")
    assert paper.page.evaluate(COLOUR_OF_TEXT) == desk.page.evaluate(COLOUR_OF_TEXT) != at_night
    for control in ("#endpoints-table-filter", ".chart-tools", "#theme"):
        assert paper.page.locator(control).first.is_hidden()
    cut = (
        "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.ariaLabel)"
    )
    assert paper.page.locator(".scrolls:visible").evaluate_all(cut) == []
    assert paper.said == []


def test_a_phone_needs_no_sideways_scrolling(browser, file):
    phone = Reader(browser, file, viewport={"width": 375, "height": 800})
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 375
    assert phone.said == []


def test_each_point_of_a_history_says_what_it_is(browser, tmp_path):
    """On hover, and by arrow keys; who cannot see the line has every run in words."""
    runs = tuple(
        RunOutcomes(f"run-{day}", f"2026-11-0{day}T14:05:12Z", Verdict.PASS, {P95: outcome})
        for day, outcome in enumerate(OUTCOMES, 1)
    )
    file = tmp_path / "report.html"
    file.write_text(run_page(sample_summary(), KEPT, EarlierRuns(runs)), encoding="utf-8")
    reader = Reader(browser, file)
    tooltip = reader.page.locator("#tooltip")
    line = reader.page.locator('[data-history="threshold-0-runs"]')
    line.scroll_into_view_if_needed()
    line.hover(position={"x": 8, "y": 10})
    playwright.expect(tooltip).to_have_text("2026-11-01 14:05 · run-1 · 612 ms · not met")
    reader.page.mouse.move(0, 0)
    playwright.expect(tooltip).to_be_hidden()
    line.focus()
    playwright.expect(tooltip).to_have_text("2026-11-23 14:05 · this run · 31.4 ms · met")
    for _ in range(2):
        line.press("ArrowLeft")
    playwright.expect(tooltip).to_have_text("2026-11-02 14:05 · run-2 · – · no data")
    line.blur()
    playwright.expect(tooltip).to_be_hidden()
    assert line.locator("xpath=following-sibling::ol/li").all_inner_texts() == [
        "2026-11-01 14:05 · run-1 · 612 ms · not met",
        "2026-11-02 14:05 · run-2 · – · no data",
        "2026-11-03 14:05 · run-3 · 20.0 ms · met",
        "2026-11-23 14:05 · this run · 31.4 ms · met",
    ]
    assert line.get_attribute("aria-label").startswith("4 runs, 1 of them not met. From 612 ms to")
    assert reader.said == []
