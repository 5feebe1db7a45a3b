"""The timings of a response on the fast way are a `Timings` like any other."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace

import pytest
from scripted_server import MakeClient, Stage, answering, response

from atlas_perf.protocols.http.timings import Timings


async def test_they_are_equal_hashable_and_cannot_be_changed(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(answering(response(200, b"ok")))
    client = make_client(server.url)
    await client.get("/connects")
    timings = (await client.get("/kept")).timings
    same = Timings(**{field.name: getattr(timings, field.name) for field in fields(Timings)})
    assert timings == same == replace(timings)
    assert hash(timings) == hash(same)
    assert repr(timings) == repr(same)
    with pytest.raises(FrozenInstanceError):
        timings.duration_ns = 1  # type: ignore[misc]


async def test_each_phase_is_where_it_belongs(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(response(200, b"ok")))
    client = make_client(server.url)
    await client.get("/connects")
    timings = (await client.get("/kept")).timings
    assert (timings.connecting_ns, timings.tls_handshaking_ns) == (-1, -1)
    phases = timings.sending_ns, timings.waiting_ns, timings.receiving_ns
    assert sum(phases) == timings.duration_ns
    assert min(phases) >= 0
    assert timings.blocked_ns > 0
