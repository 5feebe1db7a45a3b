"""Faults of the target as a process: standing still, refusing, gone; and its flags."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from atlas_perf import clock
from atlas_perf.units import NS_PER_S

LIMIT_S = 20


class Target:
    """A target that is a process of its own."""

    def __init__(self, process: subprocess.Popen) -> None:
        line = process.stdout.readline()
        assert line.startswith("listening on "), line
        self.url = line.removeprefix("listening on ").strip()
        self.process = process
        self._control = self.connect()  # kept open: new connections may be refused

    def connect(self) -> socket.socket:
        parts = urlsplit(self.url)
        return socket.create_connection((parts.hostname, parts.port), timeout=LIMIT_S)

    def ask(self, connection: socket.socket, method: str, path: str, body: object = None) -> bytes:
        text = b"" if body is None else json.dumps(body).encode()
        connection.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: t\r\nContent-Length: {len(text)}\r\n\r\n".encode()
            + text
        )
        answer = connection.recv(65536)
        if not answer:
            raise ConnectionResetError
        return answer

    def order(self, *faults: str) -> None:
        answer = self.ask(self._control, "PUT", "/_target/faults", {"faults": faults})
        assert answer.startswith(b"HTTP/1.1 200"), answer

    def struck(self) -> list[int]:
        answer = self.ask(self._control, "GET", "/_target/faults")
        return [fault["struck"] for fault in json.loads(answer.partition(b"\r\n\r\n")[2])["faults"]]

    def refuses(self) -> bool:
        try:
            self.connect().close()
        except ConnectionRefusedError:
            return True
        return False

    def close(self) -> None:
        self._control.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Target]]:
    targets = []

    def start(*faults: str) -> Target:
        options = [word for fault in faults for word in ("--fault", fault)]
        process = subprocess.Popen(
            [sys.executable, "-m", "atlas_perf.target", "--latency-scale", "0", *options],
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        target = Target(process)
        targets.append(target)
        return target

    yield start
    for target in targets:
        target.close()


def test_connections_are_refused_for_a_while_and_open_ones_go_on(start) -> None:
    target = start()
    kept = target.connect()
    assert not target.refuses()
    target.order("refuse:500ms")
    while target.struck() != [1]:
        pass
    assert target.refuses()
    assert target.ask(kept, "GET", "/actuator/health").startswith(b"HTTP/1.1 200")
    while target.refuses():
        pass
    with target.connect() as again:
        assert target.ask(again, "GET", "/actuator/health").startswith(b"HTTP/1.1 200")
    assert target.struck() == [1]
    kept.close()


def test_taking_the_fault_away_opens_the_doors(start) -> None:
    target = start()
    target.order("refuse:1h")
    while target.struck() != [1]:
        pass
    assert target.refuses()
    target.order()
    assert not target.refuses()


def test_a_target_whose_doors_are_shut_stops_when_told(start) -> None:
    target = start()
    target.order("refuse:1h")
    while target.struck() != [1]:
        pass
    target.process.terminate()
    assert target.process.wait(LIMIT_S) == 0
    assert target.process.stderr.read() == ""


def test_an_outage_resets_what_is_open(start) -> None:
    target = start()
    kept = target.connect()
    assert target.ask(kept, "GET", "/actuator/health").startswith(b"HTTP/1.1 200")
    target.order("outage:300ms,after=100ms")
    with pytest.raises(ConnectionResetError):
        kept.recv(1)
    kept.close()
    while target.refuses():
        pass
    with target.connect() as again:
        assert target.ask(again, "GET", "/actuator/health").startswith(b"HTTP/1.1 200")


def test_refusals_come_again(start) -> None:
    target = start()
    target.order("refuse:20ms,every=50ms,for=225ms")
    while target.struck() != [5]:  # at 0, 50, 100, 150 and 200 ms
        pass
    while target.refuses():
        pass
    assert target.struck() == [5]


def test_everything_stands_still(start) -> None:
    target = start()
    other = target.connect()
    began_ns = clock.now_ns()
    target.order("stall:400ms,after=100ms")
    answered = []
    while not answered or answered[-1] - began_ns < 1.5 * NS_PER_S:
        assert target.ask(other, "GET", "/actuator/health").startswith(b"HTTP/1.1 200")
        answered.append(clock.now_ns())
    longest_ns = max(b - a for a, b in pairwise(answered))
    assert longest_ns >= 0.3 * NS_PER_S
    assert target.struck() == [1]
    other.close()


def test_a_hung_request_is_over_when_its_client_is_gone(start) -> None:
    target = start("hang@runs.list", "reset@tasks.queue")
    with target.connect() as hung:
        hung.sendall(b"GET /api/runs HTTP/1.1\r\nHost: t\r\n\r\n")
        while target.struck() != [1, 0]:
            pass
        assert select.select([hung], [], [], 0.2)[0] == []
    counted = b""
    while b'"GET /api/runs": {"0": 1}' not in counted:
        counted = target.ask(target._control, "GET", "/_target/counters")


def test_a_reset_is_one_on_the_loop_that_targets_run_on(start) -> None:
    target = start("reset@runs.list", "reset-mid-body@tasks.queue")
    with target.connect() as one, pytest.raises(ConnectionResetError):
        one.sendall(b"GET /api/runs HTTP/1.1\r\nHost: t\r\n\r\n")
        assert one.recv(1) != b"", "ended in order"
    with target.connect() as one:
        one.sendall(b"GET /api/a2a/tasks/queue?agentId=a HTTP/1.1\r\nHost: t\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            while one.recv(4096):
                pass
            pytest.fail("ended in order")
    assert target.struck() == [1, 1]


def test_a_flag_that_cannot_be_read_is_one_sentence(start) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "atlas_perf.target", "--fault", "latncy:1s"],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert finished.returncode == 2
    assert "fault 'latncy:1s': there is no kind 'latncy'; there are latency" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_target_with_faults_from_flags_has_them(start) -> None:
    target = start("error:503@runs.list", "latency:1ms@tasks.*")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{target.url}/api/runs")
    refused.value.close()
    assert refused.value.code == 503
    assert target.struck() == [1, 0]
