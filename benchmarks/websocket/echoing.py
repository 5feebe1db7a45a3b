"""The echo server as a process on a core of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Echoing:
    """Where it listens, on every address of the loopback; its counts once it has ended."""

    port: int
    counts: dict[str, int] = field(default_factory=dict)

    def url(self, host: str = "127.0.0.1") -> str:
        return f"ws://{host}:{self.port}/"


@contextmanager
def echo_server(cpu: int | None) -> Iterator[Echoing]:
    """Serve until the block ends."""
    pinned = [] if cpu is None else ["taskset", "-c", str(cpu)]
    with subprocess.Popen(
        [*pinned, sys.executable, "-m", "benchmarks.websocket.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            echoing = Echoing(int(process.stdout.readline()))
            yield echoing
        finally:
            process.stdin.close()
            echoing.counts.update(json.loads(process.stdout.read() or "{}"))
