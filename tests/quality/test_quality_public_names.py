"""What `import atlas_perf` promises, and what it costs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import atlas_perf

PROMISED = {
    "Backoff",
    "BearerAuth",
    "Counter",
    "DigestAuth",
    "EventStream",
    "Feed",
    "FeedExhausted",
    "Gauge",
    "HttpClient",
    "Options",
    "Polling",
    "Rate",
    "Reply",
    "Response",
    "ScenarioOptions",
    "ServerSentEvent",
    "StageOptions",
    "Stomp",
    "StompError",
    "Streaming",
    "TaskResult",
    "Trend",
    "VirtualUser",
    "WebSocket",
    "WebSocketClosed",
    "WebSocketError",
    "WsClient",
    "connect_stomp",
    "env",
    "feed",
}

LOADED_BY_IMPORT = """
import json, sys
before = set(sys.modules)
import atlas_perf
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def test_the_public_names_are_these() -> None:
    assert set(atlas_perf.__all__) == PROMISED
    assert set(dir(atlas_perf)) == PROMISED | {"__version__"}


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_each_public_name_resolves_and_is_explained(name: str) -> None:
    thing = getattr(atlas_perf, name)
    if name != "env":  # a mapping explains itself by its type
        assert (thing.__doc__ or "").strip()


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Histogram"):
        _ = atlas_perf.Histogram


def test_importing_loads_nothing_but_the_standard_library() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", LOADED_BY_IMPORT], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(finished.stdout))
    assert loaded - set(sys.stdlib_module_names) == {"atlas_perf"}
