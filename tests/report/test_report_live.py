"""The live page's feed and server: what is told, to whom, and who may stop a run."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import unescape
from urllib.parse import urlsplit

import pytest
from sample_summary import sample_summary

from atlas_perf.errors import PlanError
from atlas_perf.model.progress import Progress, RunPhase
from atlas_perf.model.summary import Window
from atlas_perf.report.live import feed as live_feed
from atlas_perf.report.live.feed import Feed, Told
from atlas_perf.report.live.server import TOKEN_HEADER, LiveServer


def window(second: int) -> Window:
    return Window(second, 3.0, 60, 1, 60, 0, 0, 9.0, 9.0, 5.0, 9.0, 12.0, 1.0, 0.1)


def progress(*newest: Window, planned: float | None = None, message: str = "") -> Progress:
    known = Progress(RunPhase.RUNNING, 3.0, 60.0, 3, 5, 180, 0, 180, 60.0, 3, 9.0, 0, 2, 2)
    return replace(known, newest=newest, planned_per_s=planned, message=message)


def after(feed: Feed, told: Told) -> tuple[dict, Told]:
    found = feed.after(told, 5.0)
    assert found is not None
    return json.loads(found[0]), found[1]


class TestFeed:
    def test_a_reader_is_told_each_second_once(self) -> None:
        feed = Feed()
        feed.begin("shop", "http://h")
        feed.update(progress(window(0), window(1)))
        first, told = after(feed, Told())
        assert first["columns"]["second"] == [0, 1]
        assert first["state"]["name"] == "shop"
        assert first["state"]["vus"] == 3
        feed.update(progress(window(0), window(1), window(2), planned=60.0))
        second, told = after(feed, told)
        assert second["columns"]["second"] == [2]
        assert second["columns"]["p95_ms"] == [9]
        assert second["columns"]["planned_arrivals_per_s"] == [60.0]

    def test_a_reader_that_comes_late_is_told_all(self) -> None:
        feed = Feed()
        feed.begin("shop", "http://h")
        for second in range(9):
            feed.update(progress(window(second)))
        told, _ = after(feed, Told())
        assert told["columns"]["second"] == list(range(9))

    def test_columns_are_there_before_they_have_anything(self) -> None:
        feed = Feed()
        feed.begin("shop", "")
        feed.update(progress(window(0)))
        told, _ = after(feed, Told())
        assert told["columns"]["dropped_iterations_per_s"] == [0]
        assert told["columns"]["response_p95_ms"] == [None]

    def test_lines_are_shown_from_the_first_second_that_has_something(self) -> None:
        feed = Feed()
        feed.begin("shop", "")
        feed.update(progress(window(0)))
        shown = set(after(feed, Told())[0]["shown"])
        assert {"second", "vus", "requests_per_s", "failed_requests_per_s", "p95_ms"} <= shown
        assert shown.isdisjoint({"response_p95_ms", "ws_msgs_sent_per_s", "gc_pause_max_ms"})
        feed.update(progress(replace(window(1), ws_msgs_sent=3, gc_pause_max_ms=2.0)))
        feed.update(progress(window(2)))
        later = set(after(feed, Told())[0]["shown"])
        assert later - shown == {"ws_msgs_sent_per_s", "gc_pause_max_ms"}

    def test_a_run_without_requests_has_messages_in_their_place(self) -> None:
        feed = Feed()
        feed.begin("talk", "")
        idle = replace(window(0), requests=0, p50_ms=None, p95_ms=None, p99_ms=None)
        feed.update(progress(idle))
        assert "requests_per_s" in after(feed, Told())[0]["shown"]
        feed.update(progress(replace(idle, second=1, ws_sessions_open=2.0, ws_msgs_sent=9)))
        message, _ = after(feed, Told())
        assert "requests_per_s" not in message["shown"]
        assert message["columns"]["ws_msgs_sent_per_s"] == [0, 9]

    def test_another_run_begins_anew(self) -> None:
        feed = Feed()
        feed.begin("one", "")
        feed.update(progress(window(0), window(1)))
        _, told = after(feed, Told())
        feed.begin("two", "")
        feed.update(progress(window(0)))
        message, _ = after(feed, told)
        assert message["columns"]["second"] == [0]
        assert (message["run"], message["state"]["name"]) == (2, "two")

    def test_a_very_long_run_keeps_its_last_seconds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live_feed, "MOST_SECONDS", 5)
        feed = Feed()
        feed.begin("shop", "")
        _, told = after(feed, Told())
        for second in range(20):
            feed.update(progress(window(second), planned=1.0))
        message, _ = after(feed, told)
        assert message["columns"]["second"] == [15, 16, 17, 18, 19]
        assert len(feed._planned) == 5

    def test_the_verdict_is_told_and_then_nothing(self) -> None:
        feed = Feed()
        feed.begin("shop", "")
        feed.update(progress(window(0)))
        summary = sample_summary()
        feed.end(summary, "results/x")
        message, told = after(feed, Told())
        assert message["state"]["verdict"] == summary.verdict.value
        assert message["state"]["reasons"] == list(summary.reasons)
        assert message["state"]["results"] == "results/x"
        feed.close()
        assert feed.after(told, 5.0) is None

    def test_text_from_outside_cannot_control_a_page(self) -> None:
        feed = Feed()
        feed.begin("a\u202eb\x07", "")
        feed.update(progress(message="x\u2028y"))
        message, _ = after(feed, Told())
        assert "\u202e" not in json.dumps(message, ensure_ascii=False)
        assert "\x07" not in message["state"]["name"]


@dataclass
class Served:
    server: LiveServer
    feed: Feed
    stops: list[int] = field(default_factory=list)

    def ask(
        self, path: str, *, method: str = "GET", host: str | None = None, **headers: str
    ) -> tuple[int, str]:
        address = urlsplit(self.server.url)
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host or address.netloc)
        for name, value in named.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", "0")
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    @property
    def token(self) -> str:
        return self.server._token


@pytest.fixture
def serve() -> Iterator[object]:
    made: list[Served] = []

    def start(host: str = "127.0.0.1") -> Served:
        feed = Feed()
        stops: list[int] = []
        made.append(Served(LiveServer((host, 0), feed, lambda: stops.append(1)), feed, stops))
        return made[-1]

    yield start
    for one in made:
        one.server.close()


class TestServer:
    def test_the_page_is_whole_and_may_ask_only_where_it_came_from(self, serve) -> None:
        status, page = serve().ask("/")
        assert status == 200
        policy = unescape(page.partition("<title>")[0])
        assert "connect-src 'self'" in policy
        assert "default-src 'none'" in policy

    def test_events_are_told_until_the_end(self, serve) -> None:
        served = serve()
        served.feed.begin("shop", "http://h")
        served.feed.update(progress(window(0)))
        threading.Timer(0.2, served.feed.close).start()
        status, body = served.ask("/events")
        assert status == 200
        first, *_ = body.split("\n\n")
        assert json.loads(first.removeprefix("data: "))["columns"]["second"] == [0]
        assert body.endswith("event: end\ndata: {}\n\n")

    def test_the_stop_button_needs_the_token(self, serve) -> None:
        served = serve()
        assert served.ask("/stop", method="POST")[0] == 403
        assert served.ask("/stop", method="POST", **{TOKEN_HEADER: "wrong"})[0] == 403
        assert served.ask(f"/stop?token={served.token}", method="POST")[0] == 403
        assert served.stops == []
        assert served.ask("/stop", method="POST", **{TOKEN_HEADER: served.token})[0] == 204
        assert served.stops == [1]
        assert served.ask("/else", method="POST", **{TOKEN_HEADER: served.token})[0] == 404

    @pytest.mark.parametrize("host", ["evil.example", "evil.example:8090", "10.0.0.1", ""])
    def test_a_name_of_another_site_is_turned_away(self, serve, host: str) -> None:
        served = serve()
        assert served.ask("/", host=host or "x")[0] == 403
        answer = served.ask(
            "/stop", method="POST", host=host or "x", **{TOKEN_HEADER: served.token}
        )
        assert answer[0] == 403

    def test_beyond_this_machine_the_address_has_a_token(self, serve) -> None:
        served = serve("0.0.0.0")
        assert served.server.url.endswith(f"?token={served.token}")
        assert served.ask("/")[0] == 403
        assert served.ask("/events?token=wrong")[0] == 403
        assert served.ask(f"/?token={served.token}", host="ci.example")[0] == 200

    def test_on_this_machine_the_address_is_short(self, serve) -> None:
        assert serve().server.url.endswith("/")

    def test_each_server_has_a_token_of_its_own(self, serve) -> None:
        assert serve().token != serve().token

    def test_what_is_not_there(self, serve) -> None:
        assert serve().ask("/favicon.ico")[0] == 404

    def test_a_port_that_is_taken_is_told(self, serve) -> None:
        port = urlsplit(serve().server.url).port
        with pytest.raises(PlanError, match=f"--live cannot listen on 127.0.0.1:{port}: Address"):
            LiveServer(("127.0.0.1", port), Feed(), lambda: None)
