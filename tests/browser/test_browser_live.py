"""The live page in a real browser, told of runs by a server of the test's own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from reader import CHROMIUM, needs_chromium

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))

from sample_summary import sample_summary
from test_report_live import OPEN, progress, window

from atlas_perf.model.progress import Exchanges
from atlas_perf.report.live import handler
from atlas_perf.report.live.feed import Feed
from atlas_perf.report.live.handler import MOST_READERS
from atlas_perf.report.live.server import LiveServer

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = needs_chromium

RATE_ROWS = '[data-chart="rate"] tbody tr'
TALK = Exchanges(ws_sessions=9, ws_sessions_open=5, ws_msgs_sent=70, ws_msgs_sent_per_s=35.0)


@dataclass
class Watched:
    """A page that watches a feed, and all that it said."""

    page: Any
    feed: Feed
    server: LiveServer
    stops: list[int]
    said: list[str] = field(default_factory=list)

    def see(self, place: str, text: str) -> None:
        playwright.expect(self.page.locator(place)).to_contain_text(text, timeout=15_000)

    def rows(self, count: int) -> None:
        """The seconds of the rate's chart, as its table has them."""
        playwright.expect(self.page.locator(RATE_ROWS)).to_have_count(count)

    def drop(self) -> None:
        """Cut the stream, as a network does."""
        after, is_cut = self.feed.after, threading.Event()

        def cut(*_: object) -> None:
            self.feed.after = after
            is_cut.set()
            raise ConnectionResetError

        self.feed.after = cut
        self.feed.update(progress())
        assert is_cut.wait(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        yield started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture
def watched(browser: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(handler, "_RETRY_MS", 100)
    feed, stops = Feed(["api", "smoke"]), []
    server = LiveServer(("127.0.0.1", 0), feed, lambda: stops.append(1), pytest.fail)
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    watched = Watched(page, feed, server, stops)
    page.on("console", lambda message: watched.said.append(message.text))
    page.on("pageerror", lambda error: watched.said.append(str(error)))
    page.goto(server.url)
    yield watched
    page.context.close()
    server.close()


def test_a_run_is_followed_over_a_cut_of_the_network_to_its_end_and_into_the_next(
    watched: Watched,
) -> None:
    watched.see("#live-meaning", "waiting for the run")
    watched.feed.begin("api", "http://h", OPEN)
    watched.feed.update(progress(window(0), window(1), window(2), planned=40.0))
    watched.see("#live-target", "api · http://h · run 1 of 2")
    watched.see('[data-figure="Arrivals a second"] + .beneath', "of 40 planned")
    watched.page.click('[data-chart="rate"] [aria-expanded]')
    watched.rows(3)
    watched.drop()
    watched.feed.update(progress(window(3), message="worker 1 was <lost>"))
    watched.see("#live-notes", "worker 1 was <lost>")
    watched.rows(4)  # and not 7: none is there twice
    watched.feed.update(progress(window(4)))
    watched.rows(5)  # an open table grows
    playwright.expect(watched.page.locator("#live-lost")).to_be_hidden()

    watched.feed.end(sample_summary(), "results/1")
    watched.see("#live-word", "FAIL")
    watched.see("#live-said", "results/1")
    watched.see('[data-figure="Requests"]', "12,408")
    assert not watched.page.is_visible("#live-stop")
    watched.feed.begin("smoke", "")
    watched.see("#live-ended", "FAIL")
    watched.see("#live-word", "LIVE")
    assert watched.page.locator("#timeline .chart").count() == 0
    watched.feed.break_off("setup raised KeyError")
    watched.feed.close()
    watched.see("#live-word", "NO VERDICT")
    watched.see("#live-meaning", "setup raised KeyError")
    watched.see("#live-said", "The command has ended")
    assert [text for text in watched.said if "ERR_" not in text] == []


def test_stop_asks_once_more_and_is_known_to_every_page(watched: Watched, browser: Any) -> None:
    other = browser.new_page()
    other.goto(watched.server.url)
    watched.feed.begin("api", "")
    watched.feed.update(progress(window(0)))
    watched.page.click("#live-stop")
    watched.page.click("#live-go-on")
    assert watched.stops == []
    watched.page.click("#live-stop")
    watched.page.keyboard.press("Enter")  # the button that does it has the focus
    for page in (watched.page, other):
        playwright.expect(page.locator("#live-stop")).to_have_text("Stopping")
        assert page.is_disabled("#live-stop")
    assert watched.stops == [1]
    assert watched.said == []
    other.close()


def test_a_page_that_is_one_too_many_says_so_and_tries_again(watched: Watched) -> None:
    watched.see("#live-meaning", "waiting for the run")
    for _ in range(MOST_READERS - 1):
        assert watched.server._server.stage.enter()
    another = watched.page.context.new_page()
    another.clock.install()
    another.goto(watched.server.url)
    playwright.expect(another.locator("#live-lost")).to_have_text(
        "8 pages watch this run already: close one of them. This page tries again."
    )
    for _ in range(MOST_READERS - 1):
        watched.server._server.stage.leave()
    another.clock.fast_forward(6000)
    playwright.expect(another.locator("#live-lost")).to_be_hidden()


def test_another_command_at_the_same_address_is_not_taken_for_this_one(watched: Watched) -> None:
    watched.feed.begin("api", "")
    watched.see("#live-word", "LIVE")
    watched.server._server.stage.name = "another"
    watched.drop()
    watched.see("#live-lost", "Another command answers at this address now: reload the page")
    assert watched.page.is_disabled("#live-stop")


def test_websockets_have_messages_where_requests_would_be(watched: Watched) -> None:
    idle = replace(window(0), requests=0, failed_requests=0, p50_ms=None, p95_ms=None, p99_ms=None)
    talking = replace(idle, ws_sessions_open=5.0, ws_msgs_sent=35, ws_msgs_received=70)
    reading = replace(progress(talking), requests=0, exchanges=TALK)
    watched.feed.begin("talk", "")
    watched.feed.update(reading)
    watched.see('[data-figure="Sent a second"]', "35")
    assert watched.page.locator('[data-figure="Requests a second"]').count() == 0
    first = watched.page.locator("#timeline .chart").first
    assert first.get_attribute("data-chart") == "messages"
    labels = watched.page.locator('[data-chart="failures"] .legend-name').all_inner_texts()
    assert labels == ["failed sessions"]


def test_it_fits_a_phone_and_zooming_in_lasts(watched: Watched) -> None:
    watched.page.set_viewport_size({"width": 375, "height": 800})
    watched.feed.begin("a-rather-long-name-of-a-scenario", "http://orchestrator.example:8080")
    watched.feed.update(progress(*map(window, range(20))))
    plot = watched.page.locator('[data-chart="rate"] .u-over')
    plot.wait_for()
    assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    watched.page.mouse.move(box["x"] + 40, box["y"] + 40)
    watched.page.mouse.down()
    watched.page.mouse.move(box["x"] + 140, box["y"] + 40)
    watched.page.mouse.up()
    whole = watched.page.locator('[data-chart="rate"] .chart-tools button').first
    playwright.expect(whole).to_be_visible()
    watched.page.click('[data-chart="rate"] [aria-expanded]')
    watched.feed.update(progress(window(20)))
    watched.rows(21)
    assert whole.is_visible()
    assert watched.said == []
