"""Every shape of the corpus through the whole client: its answer or one counted error, no third."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import uvloop
from response_shapes import Shape, load_shapes

from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import HttpOptions
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.protocols.http.response import Response
from atlas_perf.units import NS_PER_S

READY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready"
ANY_STATUS = range(100, 1000)
SHAPES = [shape for shape in load_shapes() if shape.asked != "CONNECT" and shape.data]


class Outcomes:
    """A recorder that keeps what was counted."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, str, bool]] = []
        self.phases_ns: list[int] = []

    def http_series(self, tags: Tags, failed: bool) -> OutcomeSeries:
        return OutcomeSeries(self, dict(tags), failed)

    def series(self, metric: Metric, tags: Tags) -> int:
        return 0

    def add(self, number: int, value: float, at_ns: int) -> None: ...


class OutcomeSeries:
    def __init__(self, outcomes: Outcomes, tags: dict[str, str], failed: bool) -> None:
        self._outcomes = outcomes
        self._counted = (tags["status"], tags.get("error_code", ""), failed)

    def record(self, at_ns: int, *times_ns: int) -> None:
        self._outcomes.counted.append(self._counted)
        self._outcomes.phases_ns += times_ns


def first_answer(shape: Shape) -> tuple[int, bytes] | None:
    """Status and body of the first final response; None if it is refused."""
    for line in shape.expect:
        status, _, rest = line.partition(" ")
        kind, _, body = rest.partition(" ")
        if status == "refused":
            return None
        if kind != "interim":
            return int(status), body.encode("latin-1")
    return None


def problems(shape: Shape, answer: Response, outcomes: Outcomes) -> Iterator[str]:
    expected = first_answer(shape)
    if expected is None:
        if (answer.status, answer.error_code) != (0, 1000):
            yield f"{answer} instead of an error"
        counted = ("0", "1000", True)
    else:
        if (answer.status, answer.wire_body) != expected:
            yield f"{answer} with {answer.wire_body!r}"
        counted = (str(expected[0]), "", False)
    if outcomes.counted != [counted]:
        yield f"counted {outcomes.counted}"
    if any(phase_ns < -1 for phase_ns in outcomes.phases_ns):
        yield f"phases {outcomes.phases_ns}"


async def ask(shape: Shape, *, kept: bool, piecemeal: bool) -> list[str]:
    """Have the shape answer one request, on a fresh connection or on a kept one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if kept:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(READY)
        await reader.readuntil(b"\r\n\r\n")
        for piece in [shape.data[:-1], shape.data[-1:]] if piecemeal else [shape.data]:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outcomes = Outcomes()
    setup = ClientSetup(
        options=HttpOptions(timeout_ns=10 * NS_PER_S, max_redirects=0),
        recorder=outcomes,
        base_url=f"http://127.0.0.1:{port}",
    )
    client = HttpClient(setup, tuple)
    try:
        if kept:
            assert (await client.post("/", b"")).body == b"ready"
            outcomes.counted.clear()
            outcomes.phases_ns.clear()
        answer = await client.request(shape.asked, "/", expected_statuses=ANY_STATUS)
    finally:
        await client.close()
        server.close()
    return [f"{shape.name}: {problem}" for problem in problems(shape, answer, outcomes)]


@pytest.mark.parametrize("kept", [False, True], ids=["fresh", "kept"])
@pytest.mark.parametrize("piecemeal", [False, True], ids=["whole", "pieces"])
def test_every_shape_is_an_answer_or_one_error(kept: bool, piecemeal: bool) -> None:
    assert len(SHAPES) > 300
    found: list[str] = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for shape in SHAPES:
            found += runner.run(ask(shape, kept=kept, piecemeal=piecemeal))
    assert found == []
