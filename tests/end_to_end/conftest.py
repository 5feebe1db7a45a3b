"""What every end-to-end test stands on: a counting server, and the command as a user runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from counting_server import CountingServer, Handler
from finished_run import Finished, run_scenario_in


@pytest.fixture
def serve() -> Iterator[Callable[[Handler], CountingServer]]:
    """Start counting servers that end with the test."""
    servers: list[CountingServer] = []

    def start(handler: Handler) -> CountingServer:
        servers.append(CountingServer(handler))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def run_scenario(tmp_path: Path) -> Callable[..., Finished]:
    """Write a scenario file and run it as the command would be typed."""
    return partial(run_scenario_in, tmp_path)
