"""The live page's server: what it answers, to whom, and who may stop a run."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest

from atlas_perf.errors import PlanError
from atlas_perf.report.live import server as live_server
from atlas_perf.report.live.access import TOKEN_HEADER, Access
from atlas_perf.report.live.feed import Feed
from atlas_perf.report.live.handler import MOST_READERS, Handler, Stage
from atlas_perf.report.live.server import LiveServer


@dataclass
class Served:
    server: LiveServer
    feed: Feed
    stops: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def ask(
        self, path: str, *, method: str = "GET", host: str | None = None, **headers: str
    ) -> tuple[int, str, http.client.HTTPMessage]:
        address = urlsplit(self.server.url)
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", address.netloc if host is None else host)
        for name, value in named.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", "0")
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body, answer.headers

    def status(self, path: str, **rest: Any) -> int:
        return self.ask(path, **rest)[0]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", urlsplit(self.server.url).port), timeout=10)

    @property
    def token(self) -> str:
        return self.server.access.token

    @property
    def stage(self) -> Stage:
        return self.server._server.stage


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    made: list[Served] = []

    def start(host: str = "127.0.0.1") -> Served:
        feed, stops, faults = Feed(), [], []
        server = LiveServer((host, 0), feed, lambda: stops.append(1), faults.append)
        made.append(Served(server, feed, stops, faults))
        return made[-1]

    yield start
    for one in made:
        one.server.close()


def stop(served: Served, **headers: str) -> int:
    return served.status("/stop", method="POST", **headers)


class TestAnswers:
    def test_the_page_is_whole_and_may_ask_only_where_it_came_from(self, serve) -> None:
        status, page, headers = serve().ask("/")
        assert status == 200
        policy = unescape(page.partition("<title>")[0])
        assert "connect-src 'self'" in policy
        assert "default-src 'none'" in policy
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"

    def test_events_are_told_until_the_end_and_say_first_whose_they_are(self, serve) -> None:
        served = serve()
        served.feed.begin("shop", "http://h")
        threading.Timer(0.2, served.feed.close).start()
        status, body, headers = served.ask("/events")
        assert (status, headers["Content-Type"]) == (200, "text/event-stream")
        command, first, *_ = body.split("\n\n")
        assert command.endswith(f"event: command\ndata: {served.stage.name}")
        assert served.stage.name in served.ask("/")[1]
        assert json.loads(first.removeprefix("data: "))["state"]["name"] == "shop"
        assert body.endswith("event: end\ndata: {}\n\n")

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/favicon.ico", 404),
            ("GET", "//[", 404),
            ("GET", "http://[/", 404),
            ("GET", "/?token=%ff%00&token", 200),
            ("HEAD", "/", 200),
            ("HEAD", "/events", 405),
            ("OPTIONS", "/", 501),
            ("PUT", "/stop", 501),
            ("POST", "/stop", 403),
            ("GET", "/" + "x" * 70_000, 414),
        ],
    )
    def test_every_request_has_an_answer(self, serve, method: str, path: str, status: int) -> None:
        served = serve()
        answer, body, headers = served.ask(path, method=method)
        assert answer == status
        assert body == "" if method == "HEAD" else body
        assert headers["Cache-Control"] == "no-store"
        assert (served.stops, served.faults) == ([], [])

    def test_what_is_no_http_harms_nothing(self, serve) -> None:
        served = serve()
        for sent in (b"\x16\x03\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"\r\n", b"GET\r\n\r\n"):
            with served.connect() as peer:
                peer.sendall(sent)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(4096):
                    pass
        assert served.status("/") == 200
        assert served.faults == []


class TestAccess:
    def test_the_stop_button_needs_the_token(self, serve) -> None:
        served = serve()
        assert stop(served) == 403
        assert stop(served, **{TOKEN_HEADER: "wrong"}) == 403
        assert stop(served, **{TOKEN_HEADER: "wr\xf6ng"}) == 403
        assert served.status(f"/stop?token={served.token}", method="POST") == 403
        assert served.status("/else", method="POST", **{TOKEN_HEADER: served.token}) == 404
        assert served.stops == []
        assert stop(served, **{TOKEN_HEADER: served.token}) == 204
        assert served.stops == [1]

    def test_a_second_press_cuts_nothing_off(self, serve) -> None:
        """The command takes a second signal for a second Ctrl-C, which ends it at once."""
        served = serve()
        for _ in range(3):
            assert stop(served, **{TOKEN_HEADER: served.token}) == 204
        assert served.stops == [1]
        assert served.feed._state["stopping"] is True

    @pytest.mark.parametrize(
        "host",
        [
            *(
                "evil.example",
                "evil.example:8090",
                "10.0.0.1",
                "x",
                "",
                "[",
                "[::1",
                "::1",
                "[::2]",
            ),
            *("evil@127.0.0.1", "127.0.0.1@evil", "127.0.0.1.evil.example", "localhost/evil"),
        ],
    )
    def test_a_name_of_another_site_is_turned_away(self, serve, host: str) -> None:
        served = serve()
        assert served.status("/", host=host) == 403
        assert served.status("/events", host=host) == 403
        answer = served.status("/stop", method="POST", host=host, **{TOKEN_HEADER: served.token})
        assert answer == 403
        assert (served.stops, served.faults) == ([], [])

    @pytest.mark.parametrize(
        "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.9.9.9", "[::1]:8"]
    )
    def test_this_machine_has_several_names(self, serve, host: str) -> None:
        assert serve().status("/", host=host) == 200

    def test_other_sites_may_link_to_the_page_and_no_more(self, serve) -> None:
        served = serve()
        for site in ("cross-site", "same-site"):
            elsewhere = {"Sec-Fetch-Site": site}
            assert served.status("/", **elsewhere) == 200
            assert served.status("/events", **elsewhere) == 403
            assert stop(served, **elsewhere, **{TOKEN_HEADER: served.token}) == 403
        own = {"Sec-Fetch-Site": "same-origin", TOKEN_HEADER: served.token}
        assert stop(served, **own) == 204

    def test_beyond_this_machine_the_address_has_a_token(self, serve) -> None:
        served = serve("0.0.0.0")
        assert served.server.url.startswith("http://127.0.0.1:")
        assert served.server.url.endswith(f"?token={served.token}")
        assert served.server.url_elsewhere.startswith(f"http://{socket.gethostname()}:")
        assert served.status("/") == 403
        assert served.status("/events?token=wrong") == 403
        assert served.status("/events?token=%C3%B6") == 403
        assert served.status(f"/?token={served.token}", host="ci.example") == 200

    def test_on_this_machine_the_address_is_short(self, serve) -> None:
        served = serve()
        assert served.server.url.endswith("/")
        assert served.server.url_elsewhere is None

    def test_each_server_has_a_token_of_its_own(self, serve) -> None:
        assert serve().token != serve().token

    def test_a_header_that_is_not_there_is_no_token(self) -> None:
        assert not Access("", is_local=False).may_stop(lambda _name, _else: "x")


class TestReaders:
    def test_there_are_so_many_and_the_next_is_told_why_not(self, serve) -> None:
        served = serve()
        for _ in range(MOST_READERS):
            assert served.stage.enter()
        status, body, _ = served.ask("/events")
        assert (status, body) == (503, "8 pages watch this run already: close one of them.\n")
        served.stage.leave()
        served.feed.close()
        assert served.status("/events") == 200
        for _ in range(MOST_READERS - 1):
            served.stage.leave()
        assert served.stage.readers_gone.is_set()

    def test_one_that_reads_nothing_is_let_go(self, serve, monkeypatch) -> None:
        assert Handler.timeout  # which is None unless it is set
        monkeypatch.setattr(Handler, "timeout", 0.2)
        served = serve()
        served.feed.begin("x" * 16_000_000, "")
        with served.connect() as peer:
            peer.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert peer.recv(15) == b"HTTP/1.0 200 OK"
            assert served.stage.readers_gone.wait(20)
        assert served.faults == []

    def test_more_connections_than_a_few_are_closed(self, serve, monkeypatch) -> None:
        monkeypatch.setattr(live_server, "_MOST_CONNECTIONS", 3)
        served = serve()
        idle = [served.connect() for _ in range(3)]
        with served.connect() as one_more:
            assert one_more.recv(1) == b""
        for peer in idle:
            peer.close()

    def test_a_fault_is_told_once_and_the_next_is_served(self, serve, monkeypatch) -> None:
        served = serve()
        monkeypatch.setattr(served.feed, "after", lambda *_: 1 / 0)
        for _ in range(2):
            served.status("/events")
        assert served.stage.readers_gone.wait(20)
        assert served.status("/") == 200
        assert served.faults == [
            "the live page could not be served: ZeroDivisionError: division by zero"
        ]


class TestListening:
    def test_a_port_that_is_taken_is_told(self, serve) -> None:
        port = urlsplit(serve().server.url).port
        taken = f"--live cannot listen on 127.0.0.1:{port}: Address already in use; give it"
        with pytest.raises(PlanError, match=taken):
            LiveServer(("127.0.0.1", port), Feed(), lambda: None, print)

    def test_a_name_that_nobody_knows_is_told(self, monkeypatch) -> None:
        def unknown(*_: object, **__: object) -> None:
            raise socket.gaierror(-2, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with pytest.raises(PlanError, match="on nowhere:8090: Name or service not known; give"):
            LiveServer(("nowhere", 8090), Feed(), lambda: None, print)

    def test_an_address_of_another_machine_is_told(self) -> None:
        with pytest.raises(PlanError, match=r"--live cannot listen on \[2001:db8::1\]:8090: "):
            LiveServer(("2001:db8::1", 8090), Feed(), lambda: None, print)

    def test_nobody_is_asked_for_the_name_of_the_address(self, serve, monkeypatch) -> None:
        monkeypatch.setattr(socket, "getfqdn", lambda *_: pytest.fail("it may take seconds"))
        assert serve("0.0.0.0").status("/") == 403
