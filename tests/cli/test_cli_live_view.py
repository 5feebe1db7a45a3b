"""What a command tells its live page, and what the page's stop button does to the command."""

from __future__ import annotations

import json
import signal
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from atlas_perf.cli import live_view as view
from atlas_perf.cli.live_view import live_view
from atlas_perf.errors import SetupError
from atlas_perf.report.live.feed import Feed, Told

ANYWHERE = ("127.0.0.1", 0)


@contextmanager
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Feed]]:
    """The feed of a command's page."""
    feeds: list[Feed] = []

    class Kept(Feed):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            feeds.append(self)

    monkeypatch.setattr(view, "Feed", Kept)
    yield feeds


def last_state(feed: Feed) -> dict[str, object]:
    found = feed.after(Told(version=-1), 5.0)
    assert found is not None
    return json.loads(found[0])["state"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SetupError("setup raised KeyError"), "setup raised KeyError"),
        (SetupError("it said s3cret-token"), "it said ***"),
        (KeyboardInterrupt(), "interrupted"),
        (ZeroDivisionError("by zero"), "a bug in atlas-perf: ZeroDivisionError: by zero"),
    ],
)
def test_what_ends_the_command_is_told_on_its_page(monkeypatch, error, said: str) -> None:
    given = {"API_TOKEN": "s3cret-token"}
    shown = live_view(ANYWHERE, ["shop"], given)
    with heard(monkeypatch) as feeds, pytest.raises(type(error)), shown:
        raise error
    assert last_state(feeds[0])["broken"] == said
    assert last_state(feeds[0])["names"] == ["shop"]


def test_a_command_that_ends_well_says_nothing(monkeypatch, capsys) -> None:
    with heard(monkeypatch) as feeds, live_view(ANYWHERE, ["shop"], {}):
        pass
    assert "broken" not in last_state(feeds[0])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("live: http://127.0.0.1:")


def test_all_addresses_are_told_as_those_that_a_browser_can_open(capsys) -> None:
    with live_view(("0.0.0.0", 0), [], {}):
        pass
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("live: http://127.0.0.1:")
    assert f" and, elsewhere, http://{socket.gethostname()}:" in line
    assert line.count("/?token=") == 2


def test_without_a_port_it_is_any_if_the_usual_one_is_taken(monkeypatch, capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(view, "USUAL_PORT", port)
        with live_view(("127.0.0.1", view.LIVE_PORT_IF_FREE), [], {}):
            pass
    assert f":{port}/" not in capsys.readouterr().err


def test_stop_is_what_one_ctrl_c_is(monkeypatch) -> None:
    came = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: came.set())
    try:
        with heard(monkeypatch), live_view(ANYWHERE, [], {}) as shown:
            assert shown is not None
            view._stop()
            assert came.wait(10)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_page_that_cannot_be_served_is_told_and_the_run_goes_on(monkeypatch, capsys) -> None:
    with heard(monkeypatch) as feeds, live_view(ANYWHERE, [], {}):
        monkeypatch.setattr(feeds[0], "after", lambda *_: 1 / 0)
        url = capsys.readouterr().err.split()[1]
        with urllib.request.urlopen(f"{url}events", timeout=10) as stream:
            stream.read()
    assert capsys.readouterr().err.startswith("warning: the live page could not be served: Zero")
