"""StatsD and DogStatsD, as a UDP socket gets them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from made_batches import (
    DEPTH,
    DURATION,
    DURATION_OF_FAILED,
    FAILED,
    REQS,
    SENT,
    batch,
    counted,
    feed,
    levelled,
    spread_ms,
    tallied,
)

from atlas_perf.outputs.registry import parse_output

RUN = (
    batch(
        0,
        counted(REQS, 3),
        spread_ms(DURATION, *[10.0] * 20),
        spread_ms(DURATION_OF_FAILED, 900.0),
        tallied(FAILED, 1, 4),
        levelled(DEPTH, -2.5, 0.5),
        counted(SENT, 1_000),
        last=True,
    ),
)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(30)
        yield listening


def packets(server: socket.socket) -> list[bytes]:
    server.setblocking(False)
    found = []
    while True:
        try:
            found.append(server.recv(65_536))
        except BlockingIOError:
            return found


def lines(server: socket.socket) -> list[str]:
    every = [line for packet in packets(server) for line in packet.decode().split("\n")]
    return [line for line in every if not line.startswith("k6.generator_")]


def test_plain_statsd_has_one_value_for_a_metric(server):
    output = parse_output(f"statsd=127.0.0.1:{server.getsockname()[1]}")
    assert feed(output, RUN) is None
    assert lines(server) == [
        "k6.http_reqs:3|c",
        "k6.data_sent:1000|c",
        "k6.queue_depth:0|g",  # a sign would mean a change
        "k6.queue_depth:-2.5|g",
        "k6.http_req_failed.passes:1|c",
        "k6.http_req_failed.samples:4|c",
        "k6.http_req_duration.count:20|c",  # of those that succeeded, as in thresholds
        *(f"k6.http_req_duration.{stat}:10|g" for stat in ("avg", "min", "med", "max")),
        *(f"k6.http_req_duration.{stat}:10|g" for stat in ("p90", "p95", "p99")),
    ]
    assert output.told().complete


def test_dogstatsd_has_tags(server):
    output = parse_output(f"dogstatsd=127.0.0.1:{server.getsockname()[1]}")
    assert feed(output, RUN) is None
    found = lines(server)
    tags = "|#expected_response:true,method:GET,name:list,scenario:api,test:api"
    assert f"k6.http_reqs:3|c{tags}" in found
    assert f"k6.http_req_duration.p95:10|g{tags}" in found
    assert f"k6.http_req_duration.max:900|g{tags.replace('true', 'false')}" in found


def test_packets_fit_into_a_frame(server):
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    output = parse_output(f"dogstatsd=127.0.0.1:{server.getsockname()[1]}")
    assert feed(output, RUN) is None
    sizes = [len(packet) for packet in packets(server)]
    assert len(sizes) > 1
    assert max(sizes) <= 1_400


def test_a_port_that_nobody_listens_on_is_told(server):
    address = server.getsockname()
    server.close()
    output = parse_output(f"dogstatsd={address[0]}:{address[1]}")
    assert feed(output, RUN) is None  # several packets: the second learns of the first
    assert "1 were lost: Connection refused" in output.told().note
