"""Pages of two runs and of many, made by the command and opened in a real browser."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made_pages import KEPT, PAGES, Page, hostile_kept, hostile_summary
from reader import OPEN_ALL, Reader, needs_chromium
from sample_summary import sample_summary

from atlas_perf.cli.main import cli
from atlas_perf.errors import UsageError
from atlas_perf.report.results_folder import ResultsFolder
from atlas_perf.report.run_files import NoRunError

pytestmark = needs_chromium

STARTED = datetime(2026, 11, 23, 14, 5, 12, tzinfo=UTC)


def finished_run(results: Path, day: int, **changes) -> Path:
    started = STARTED + timedelta(days=day)
    folder = ResultsFolder.create(results, "api", started)
    summary = dataclasses.replace(
        sample_summary(), started_at=started.isoformat().replace("+00:00", "Z"), **changes
    )
    folder.write(summary, KEPT)
    return folder.path


def report(*words: str | Path) -> None:
    cli.main(["report", *map(str, words)], standalone_mode=False)


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    results = tmp_path_factory.mktemp("results")
    for day in range(3):
        finished_run(results, day)
    return results


def test_two_runs_are_laid_over_each_other(results, browser, tmp_path):
    page = tmp_path / "two.html"
    report(*sorted(results.iterdir())[:2], "-o", page)
    reader = Reader(browser, page)
    assert reader.said == []
    assert reader.page.locator("h1").inner_text().startswith("INCONCLUSIVE")
    names = reader.page.locator('[data-chart="latency"] .legend-name').all_inner_texts()
    assert {"p95, base", "p95, candidate"} <= set(names)
    shown = reader.page.locator("#primary-table tbody tr").first
    assert shown.locator('td[data-title="Change"]').get_attribute("data-value") == "0.0"


def test_unlike_runs_are_shown_without_a_conclusion(results, browser, tmp_path):
    base = sorted(results.iterdir())[0]
    other = finished_run(tmp_path / "other", 1, file_sha256="cd" * 32)
    page = tmp_path / "two.html"
    report(base, other, "-o", page)
    reader = Reader(browser, page)
    assert "differ in scenario file" in reader.page.locator(".reasons").inner_text()
    assert reader.page.locator("#primary-table").count() == 0
    assert reader.said == []


def test_many_runs_make_a_trend(results, browser, tmp_path):
    page = tmp_path / "many.html"
    report(results, "-o", page)
    reader = Reader(browser, page, viewport={"width": 375, "height": 800})
    assert reader.said == []
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 375
    assert reader.page.locator(".chart canvas").count() == 3
    assert reader.page.locator(".spark canvas").count() > 0
    assert reader.page.locator("#trend-0-runs tbody tr").count() == 3


def test_the_page_of_a_run_can_be_made_again(results, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(sorted(results.iterdir())[0], folder)
    file = folder / "report.html"
    before = Page(file.read_text()).figures()
    file.unlink()
    report(folder)
    assert Page(file.read_text()).figures() == before


def test_what_cannot_be_shown_is_refused(results, tmp_path):
    one = sorted(results.iterdir())[0]
    with pytest.raises(UsageError, match="named twice"):
        report(one, one, "-o", tmp_path / "page.html")
    with pytest.raises(NoRunError, match="no such results folder"):
        report(tmp_path / "nowhere")
    assert json.loads((one / "summary.json").read_text())["verdict"] == "FAIL"


@pytest.mark.parametrize("page", PAGES)
def test_nothing_of_a_hostile_run_executes(browser, tmp_path, page):
    file = tmp_path / "page.html"
    file.write_text(page(hostile_summary(), hostile_kept()), encoding="utf-8")
    reader = Reader(browser, file)
    reader.page.evaluate(OPEN_ALL)
    for line in reader.page.locator(".spark").all()[:3]:
        line.focus()
    assert reader.said == []
    assert [url for url in reader.asked if not url.startswith("data:")] == [file.as_uri()]
    assert "onerror=alert(1)" in reader.page.locator(".verdict").first.inner_text()
    assert reader.page.evaluate("document.images.length") == 0
