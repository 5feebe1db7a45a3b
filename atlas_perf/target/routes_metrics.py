"""`GET /actuator/prometheus`: the target about itself, in Prometheus' text format 0.0.4."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from aiohttp import web

from atlas_perf.target.collaboration.traffic import Traffic
from atlas_perf.target.counters import Counters

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]
Samples = Iterator[tuple[str, Labels, float]]
"""What follows the family's name, labels, value."""


class MetricsRoute:
    """The handler. Requests have Micrometer's names, as the real orchestrator's have.

    `held` says how many runs, tasks and the like there are now.
    """

    def __init__(
        self, counters: Counters, traffic: Traffic, held: Callable[[], Mapping[str, int]]
    ) -> None:
        self._counters = counters
        self._traffic = traffic
        self._held = held
        self._began_unix_s = time.time()

    async def read(self, request: web.Request) -> web.Response:  # noqa: ARG002
        text = "".join(self._families())
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})

    def _families(self) -> Iterator[str]:
        requests = "http_server_requests_seconds"
        yield _family(
            requests, "summary", "From the head of a request to that of its answer.", self._times()
        )
        yield _family(f"{requests}_max", "gauge", "The longest of these.", self._longest())
        yield _family(
            "orchestrator_held", "gauge", "What is remembered or open now.", self._held_samples()
        )
        traffic = self._traffic.plain()
        for name in ("sessions_open", "sessions_most"):
            yield _plain(f"websocket_{name}", "gauge", "WebSocket sessions.", traffic.pop(name))
        for name, value in traffic.items():
            yield _plain(f"websocket_{name}_total", "counter", "WebSockets, as counted.", value)
        yield from self._process()

    def _times(self) -> Samples:
        for endpoint, status, tally in self._counters:
            labels = _request_labels(endpoint, status)
            yield "_count", labels, tally.count
            yield "_sum", labels, tally.total_s

    def _longest(self) -> Samples:
        for endpoint, status, tally in self._counters:
            yield "", _request_labels(endpoint, status), tally.longest_s

    def _held_samples(self) -> Samples:
        for kind, count in self._held().items():
            yield "", {"kind": kind}, count

    def _process(self) -> Iterator[str]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        yield _plain(
            "process_cpu_seconds_total",
            "counter",
            "User and system.",
            used.ru_utime + used.ru_stime,
        )
        yield _plain(
            "process_start_time_seconds", "gauge", "Unix time of the start.", self._began_unix_s
        )
        resident, descriptors = _resident_bytes(), _open_descriptors()
        if resident is not None:
            yield _plain("process_resident_memory_bytes", "gauge", "Memory in RAM.", resident)
        if descriptors is not None:
            yield _plain("process_open_fds", "gauge", "Open file descriptors.", descriptors)


def _request_labels(endpoint: str, status: str) -> Labels:
    method, _, uri = endpoint.partition(" ")
    outcome = _OUTCOMES.get(status[0], "UNKNOWN")
    return {"method": method, "uri": uri, "status": status, "outcome": outcome}


_OUTCOMES = {
    "1": "INFORMATIONAL",
    "2": "SUCCESS",
    "3": "REDIRECTION",
    "4": "CLIENT_ERROR",
    "5": "SERVER_ERROR",
}
"""By the first digit of the status; an aborted request has none."""


def _plain(name: str, kind: str, text: str, value: float) -> str:
    return _family(name, kind, text, iter([("", {}, value)]))


def _family(name: str, kind: str, text: str, samples: Samples) -> str:
    lines = [f"# HELP {name} {text}\n# TYPE {name} {kind}\n"]
    for suffix, labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{name}{suffix}{f'{{{inside}}}' if inside else ''} {value!r}\n")
    return "".join(lines)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _resident_bytes() -> int | None:
    """None where the system does not say it in /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _open_descriptors() -> int | None:
    """None where the system does not say it in /proc."""
    try:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    except OSError:
        return None
