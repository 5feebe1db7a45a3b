"""The accuracy comparison: what counts as truth, and what counts as close enough."""

from __future__ import annotations

import http.client
import random

import pytest

from benchmarks.accuracy.__main__ import Comparison
from benchmarks.accuracy.server import Server
from benchmarks.accuracy.shapes import SHAPES
from benchmarks.accuracy.tools import PERCENTILES, percentiles


def test_percentiles_interpolate_between_neighbours() -> None:
    found = percentiles([float(value) for value in range(1, 102)])
    assert found == pytest.approx({50.0: 51, 90.0: 91, 95.0: 96, 99.0: 100, 99.9: 100.9})


def _comparison(said_ms: float, truth_ms: float) -> Comparison:
    return Comparison(
        "constant",
        "k6",
        1,
        dict.fromkeys(PERCENTILES, said_ms),
        dict.fromkeys(PERCENTILES, truth_ms),
    )


def test_a_figure_may_err_by_the_sketch_and_the_floor_and_no_more() -> None:
    assert _comparison(101.0, 100.0).within(50.0)
    assert _comparison(101.1, 100.0).within(50.0)
    assert not _comparison(101.2, 100.0).within(50.0)
    assert not _comparison(98.9, 100.0).within(50.0)


def test_the_server_tells_every_service_time_it_had() -> None:
    server = Server(lambda _chance: 0.002)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for _ in range(5):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"{}"
    connection.close()
    assert len(server.service_ns) >= 4  # the last may still be on its way into the list
    assert all(took_ns >= 2_000_000 for took_ns in server.service_ns)


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_repeat_with_the_seed(name: str) -> None:
    first, second = ([SHAPES[name](random.Random(7)) for _ in range(3)] for _ in range(2))
    assert first == second
    assert all(0 < seconds <= 1 for seconds in first)
