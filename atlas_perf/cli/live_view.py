"""The live page of a command's runs: `--live`."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from atlas_perf.cli.option_types import LIVE_PORT_IF_FREE
from atlas_perf.cli.streams import say
from atlas_perf.errors import AtlasPerfError, InternalError, PlanError
from atlas_perf.judge.redact import redacted_text, secret_values
from atlas_perf.model.plan import TestPlan
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

    def begin(self, name: str, plan: TestPlan, base_url: str | None) -> Callable[[Progress], None]:
        """A run begins; what it returns is to be called with where that stands."""
        target = "" if base_url is None else without_credentials(base_url)
        self._feed.begin(name, target, plan)
        return self._feed.update

    def end(self, summary: Summary, results: Path) -> None:
        """The run has its verdict."""
        self._feed.end(summary, str(results))


@contextmanager
def live_view(
    address: tuple[str, int] | None, names: Sequence[str], given: Mapping[str, str]
) -> Iterator[LiveView | None]:
    """Serve the page while this lasts, and say where; None without an address.

    Its stop button is what Ctrl-C once is. An error that ends all this is told on the page too.

    Args:
        names: of the runs to come.
        given: variables of the command, whose secrets an error must not show.

    Raises:
        PlanError: it cannot listen there.
    """
    if address is None:
        yield None
        return
    feed = Feed(names)
    server = _listening(address, feed)
    elsewhere = server.url_elsewhere
    say(f"live: {server.url}{'' if elsewhere is None else f' and, elsewhere, {elsewhere}'}")
    try:
        yield LiveView(feed)
    except BaseException as error:
        feed.break_off(redacted_text(_why(error), secret_values([os.environ, given])))
        raise
    finally:
        server.close()


def _why(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, AtlasPerfError) and not isinstance(error, InternalError):
        return str(error)
    return f"a bug in atlas-perf: {type(error).__name__}: {error}"


def _listening(address: tuple[str, int], feed: Feed) -> LiveServer:
    host, port = address
    if port != LIVE_PORT_IF_FREE:
        return LiveServer(address, feed, _stop, _warn)
    try:
        return LiveServer((host, USUAL_PORT), feed, _stop, _warn)
    except PlanError:
        return LiveServer((host, 0), feed, _stop, _warn)


def _stop() -> None:
    """The signal reaches the main thread, which knows what to do with it."""
    os.kill(os.getpid(), signal.SIGINT)


def _warn(sentence: str) -> None:
    say(f"warning: {sentence}")
