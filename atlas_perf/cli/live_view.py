"""The live page of a command's runs: `--live`."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from atlas_perf.cli.option_types import LIVE_PORT_IF_FREE
from atlas_perf.cli.streams import say
from atlas_perf.errors import PlanError
from atlas_perf.model.progress import Progress
from atlas_perf.model.summary import Summary
from atlas_perf.report.live.feed import Feed
from atlas_perf.report.live.server import LiveServer
from atlas_perf.url_credentials import without_credentials

USUAL_PORT = 8090


class LiveView:
    """Is told of each run that it shows."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def begin(self, name: str, base_url: str | None) -> Callable[[Progress], None]:
        """A run begins; what it returns is to be called with where that stands."""
        self._feed.begin(name, "" if base_url is None else without_credentials(base_url))
        return self._feed.update

    def end(self, summary: Summary, results: Path) -> None:
        """The run has its verdict."""
        self._feed.end(summary, str(results))


@contextmanager
def live_view(address: tuple[str, int] | None) -> Iterator[LiveView | None]:
    """Serve the page while this lasts, and say where; None without an address.

    Its stop button is what Ctrl-C once is.

    Raises:
        PlanError: it cannot listen there.
    """
    if address is None:
        yield None
        return
    feed = Feed()
    server = _listening(address, feed)
    say(f"live: {server.url}")
    try:
        yield LiveView(feed)
    finally:
        server.close()


def _listening(address: tuple[str, int], feed: Feed) -> LiveServer:
    host, port = address
    if port != LIVE_PORT_IF_FREE:
        return LiveServer(address, feed, _stop)
    try:
        return LiveServer((host, USUAL_PORT), feed, _stop)
    except PlanError:
        return LiveServer((host, 0), feed, _stop)


def _stop() -> None:
    """The signal reaches the main thread, which knows what to do with it."""
    os.kill(os.getpid(), signal.SIGINT)
